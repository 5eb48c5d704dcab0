/** The database of a sweep, with what the scripts need beside the sandbox's parties. */
import { sql } from '../../src/store/database.ts';
import { touchDirectory } from '../../src/store/directory.ts';
import { findDemoPairs } from '../../src/wiring/demo/demo.ts';
import { began, type Books, openBooks } from '../simulation/books.ts';

/** Payouts above it wait for two persons. */
const payoutLimit = '10000000';
/** Unified's own ladder has one rung; the second merchant has agreed on more. */
const noticeGapsS = '10,60,300';

export async function openHouse(): Promise<Books> {
  await findDemoPairs();
  const books = await openBooks();
  await agreeOnMore(books);
  return books;
}

/** The first merchant has a limit; the second one's payouts may go through two channels, payin first, and it has a ladder of its own. */
async function agreeOnMore({ owner, facts }: Books): Promise<void> {
  const channel = (protocol: string) => BigInt(facts.channels.find((one) => one.protocol === protocol)?.id ?? '0');
  const merchant = (place: number) => BigInt(facts.merchants[place]?.id ?? '0');
  const routes = [
    { id: 901n, channelId: channel('payin'), weight: 20 },
    { id: 902n, channelId: channel('bluepay'), weight: 10 },
  ];
  await owner.transaction(async (query) => {
    for (const { id, channelId, weight } of routes)
      await query.run(sql`
        insert into routes (id, merchant_id, protocol, method, channel_id, weight, created_at)
        values (${id}, ${merchant(1)}, 'payin', 'bank-transfer', ${channelId}, ${weight}, ${began})`);
    for (const [place, settings] of [
      { 'payoutLimit.IDR': payoutLimit },
      { 'unified.noticeGapsS': noticeGapsS },
    ].entries())
      await query.run(sql`update merchants set settings = settings || ${settings} where id = ${merchant(place)}`);
    await touchDirectory(query);
  });
}
