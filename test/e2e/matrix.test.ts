/**
 * Any merchant through any channel: every way that docs/generated/matrix.md shows, walked over HTTP with signatures on both
 * sides. The ways come from the probe itself, so that a new one without a green walk fails here.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { channelProtocols, merchantProtocols } from '../../src/protocols/all.ts';
import { rawSql } from '../../src/store/database.ts';
import { type Crossing, crossings } from '../../src/wiring/crossings.ts';
import { callbackBox, type CallbackBox } from './bestpay-party.ts';
import { bookFindings, type Scene, startScene } from './harness.ts';
import { textAt, until } from './http.ts';
import { must, type Shops } from './matrix-shop.ts';
import { choose, openShops } from './matrix-shops.ts';

const all = crossings();
const supported = all.filter(({ why }) => why === null);
const refused = all.filter(({ why }) => why !== null);

let scene: Scene;
let box: CallbackBox;
const shops = new Map<string, Shops>();

before(async () => {
  // Not the usual pace: a payment code lives 80 seconds, and two hundred ways go at once.
  scene = await startScene({ flags: { 'time-scale': '5' } });
  box = await callbackBox();
  // The demo merchants' ways home, which everybody could fall back on.
  for (const route of await scene.operator.list('routes'))
    await scene.operator.call('DELETE', `/routes/${textAt(route, 'id')}`);
  for (const { name } of channelProtocols) shops.set(name, await openShops({ scene, box }, name));
});
after(async () => {
  const findings = await bookFindings(scene);
  await scene.stop();
  await box.close();
  assert.deepEqual(findings, []);
});

function nameOf({ merchant, endpoint, method, option, currency, channel }: Crossing): string {
  return [merchant, endpoint, method, option, currency, 'through', channel].filter((word) => word !== '').join(' ');
}

function shopOf({ merchant, channel }: Crossing) {
  return must(shops.get(channel)?.[merchant], `sell in ${merchant} through ${channel}`);
}

/** Walks the ways, some at once; what went wrong, one line each. */
async function walkAll(
  ways: readonly Crossing[],
  walk: (way: Crossing, no: string) => Promise<void>,
): Promise<string[]> {
  const failures: string[] = [];
  const waiting = [...ways];
  const walker = async (): Promise<void> => {
    for (let way = waiting.shift(); way; way = waiting.shift())
      await walk(way, numberOf(way)).catch((error: unknown) =>
        failures.push(`${nameOf(way as Crossing)}: ${String(error)}`),
      );
  };
  await Promise.all(Array.from({ length: 12 }, walker));
  return failures.sort();
}

const numbers = new Map<Crossing, string>();
function numberOf(way: Crossing): string {
  const known = numbers.get(way) ?? shopOf(way).fresh();
  numbers.set(way, known);
  return known;
}

test('the probe sees every merchant, every channel and enough ways', () => {
  assert.deepEqual(
    [...new Set(all.map(({ merchant }) => merchant))],
    merchantProtocols.map(({ name }) => name),
  );
  assert.deepEqual(
    [...new Set(all.map(({ channel }) => channel))],
    channelProtocols.map(({ name }) => name),
  );
  assert.ok(supported.length >= 190, `${supported.length} ways`);
  assert.ok(refused.length >= 400, `${refused.length} refused`);
  const crosses = (merchant: string, endpoint: string, channel: string) =>
    supported.some((way) => way.merchant === merchant && way.endpoint === endpoint && way.channel === channel);
  for (const channel of ['bluepay', 'payin'])
    for (const [merchant, endpoint] of [
      ['unified', 'gather'],
      ['unified', 'loan'],
      ['payin', 'payIn'],
      ['payin', 'payOut'],
      ['payin', 'payDesk'],
    ] as const)
      assert.ok(crosses(merchant, endpoint, channel), `${merchant} ${endpoint} through ${channel}`);
  for (const channel of ['bestpay', 'fufu'])
    for (const [merchant, endpoint] of [
      ['bestpay', 'orderMixBrcode'],
      ['bestpay', 'orderMixQrcode'],
      ['fufu', 'order'],
      ['fufu', 'preOrder'],
    ] as const)
      assert.ok(crosses(merchant, endpoint, channel), `${merchant} ${endpoint} through ${channel}`);
  assert.ok(crosses('ysepay', 'ysepay.trusteeship.fastPay', 'ysepay'));
  assert.ok(crosses('fufu', 'preOrder', 'ysepay'));
});

describe('what does not cross is refused', () => {
  /** Of the same request, some choice of the payer goes through the channel: the order exists, that choice does not. */
  const isOpen = (way: Crossing) =>
    way.isPayersChoice &&
    supported.some(
      (other) =>
        other.merchant === way.merchant &&
        other.endpoint === way.endpoint &&
        other.isPayersChoice &&
        other.currency === way.currency &&
        other.channel === way.channel,
    );

  test('in the merchant’s own protocol, or on the payer’s page', async () => {
    const failures = await walkAll(refused, async (way, no) => {
      const { verdict, raw, page } = await shopOf(way).create(way, no);
      if (!isOpen(way)) return assert.equal(verdict, 'refused', raw);
      assert.equal(verdict, 'accepted', raw);
      assert.deepEqual(await choose(scene, way, page ?? '', no), { isOffered: false, isTaken: false });
    });
    assert.deepEqual(failures, []);
  });

  test('and nothing was written, no channel heard of it', async () => {
    const nos = refused.filter((way) => !isOpen(way)).map(numberOf);
    const open = refused.filter(isOpen).map(numberOf);
    assert.ok(nos.length > 300 && open.length > 0);
    const rows = await scene.database.owner.run<{ order_no: string }>({
      text: `select order_no from kanal.payments where order_no = any($1) union all select order_no from kanal.payouts where order_no = any($1)
        union all select order_no from kanal.agreements where order_no = any($2)
        union all select p.order_no from kanal.payments p where p.order_no = any($3) and (p.state <> 'new' or p.reference is not null)`,
      values: [nos, nos.map((no) => `${no}a`), open],
    });
    assert.deepEqual(rows, []);
    const attempts = await scene.database.owner.run(rawSql('select 1 from kanal.attempts'));
    assert.equal(attempts.length, 0);
    for (const { name } of channelProtocols) assert.deepEqual(await scene.twin(name).requests(), [], name);
  });
});

describe('what crosses is carried out: create, pay, notice, query, refund', () => {
  for (const { name: channel } of channelProtocols)
    for (const { name: merchant } of merchantProtocols) {
      const ways = supported.filter((way) => way.merchant === merchant && way.channel === channel);
      if (ways.length > 0)
        test(`${merchant} through ${channel}: ${ways.length} ways`, async () => {
          assert.deepEqual(await walkAll(ways, goAllTheWay), []);
        });
    }

  test('each of them is in the books, once and to the last unit', async () => {
    const rows = await scene.database.owner.run<{ order_no: string; posts: string }>({
      text: `select o.order_no, string_agg(split_part(m.reason, '/', 1) || ' ' || m.amount, ', ' order by m.reason) as posts
        from (select home, id, order_no from kanal.payments union all select home, id, order_no from kanal.payouts) o
        join kanal.moves m on m.home = o.home and m.object_id = o.id where o.order_no = any($1) group by o.order_no`,
      values: [supported.map(numberOf)],
    });
    const posts = new Map(rows.map((row) => [row.order_no, row.posts]));
    const wrong = supported.filter((way) => {
      const first = `${'payee' in way.ask ? 'pay' : 'receive'} ${way.ask.amount.minor}`;
      return (posts.get(numberOf(way)) ?? '').split(', ').filter((post) => post === first).length !== 1;
    });
    assert.deepEqual(
      wrong.map((way) => `${nameOf(way)}: ${posts.get(numberOf(way)) ?? 'nothing'}`),
      [],
    );
  });
});

describe('a no is a no in the merchant’s words', () => {
  test('of the channel: refused or failed at once, nothing paid', async () => {
    const failures = await walkAll(declinable(), async (way, no) => {
      const operation = 'payee' in way.ask ? 'pay-out' : 'pay';
      await scene.twin(way.channel).plan({ operation, amount: Number(way.ask.amount.minor) }, [{ kind: 'decline' }]);
      const { verdict, raw } = await shopOf(way).create(way, no);
      assert.notEqual(verdict, 'unclear', raw);
      const [order] = await ordersOf(no);
      assert.deepEqual(order, { state: 'failed', moved: 0n });
      assert.equal(shopOf(way).paidNotices(way, no) ?? 0, 0);
    });
    assert.deepEqual(failures, []);
  });

  test('of the channel’s limits: nothing is written', async () => {
    const [beyond] = supported.filter(({ endpoint, channel }) => endpoint === 'payOut' && channel === 'bluepay');
    const way = {
      ...must(beyond, 'pay out'),
      ask: { ...must(beyond, 'pay out').ask, amount: { minor: 14_075_001n, currency: 'IDR' as const } },
    };
    const no = shopOf(way).fresh();
    assert.equal((await shopOf(way).create(way, no)).verdict, 'refused');
    assert.deepEqual(await ordersOf(no), []);
  });

  /** One way of each request through each channel, every one with an amount of its own for the twin's plan. */
  function declinable(): Crossing[] {
    const seen = new Map(
      supported
        .filter(({ isPayersChoice, method }) => !isPayersChoice && method !== 'quick-pay')
        .map((way) => [`${way.merchant} ${way.endpoint} ${way.method} ${way.channel}`, way] as const),
    );
    return [...seen.values()].map((way, index) => {
      const amount = { ...way.ask.amount, minor: way.ask.amount.minor + BigInt(index) + 1n };
      const ask = 'payee' in way.ask ? { ...way.ask, amount } : { ...way.ask, amount };
      return { ...way, ask };
    });
  }

  function ordersOf(no: string) {
    return scene.database.owner.run<{ state: string; moved: bigint }>({
      text: `select state, paid as moved from kanal.payments where order_no = $1
        union all select state, 0::bigint from kanal.payouts where order_no = $1`,
      values: [no],
    });
  }
});

/** Methods that need no payer any more once the merchant's own requests are done. */
const paidByItself: ReadonlySet<string> = new Set(['barcode', 'quick-pay', 'desk: quick-pay']);

async function goAllTheWay(way: Crossing, no: string): Promise<void> {
  const shop = shopOf(way);
  const { verdict, raw, page } = await shop.create(way, no);
  assert.equal(verdict, 'accepted', raw);
  if (way.isPayersChoice) {
    const { isOffered, isTaken } = await choose(scene, way, page ?? '', no);
    assert.ok(isOffered && isTaken, `the page offers it: ${isOffered}, takes it: ${isTaken}`);
  }
  if (!paidByItself.has(way.method)) await scene.twin(way.channel).pay({ reference: no });
  await until(`paid: ${no}`, async () => (await shop.state(way, no)) === 'paid').catch(async () =>
    assert.equal(await shop.state(way, no), 'paid'),
  );
  if (shop.paidNotices(way, no) !== null) {
    await until(`the notice of ${no}`, () => (shop.paidNotices(way, no) ?? 0) > 0);
    assert.equal(shop.paidNotices(way, no), 1);
  }
  if (way.refunds) {
    assert.ok(shop.refund, 'the shop cannot refund');
    await shop.refund(way, no);
  }
}
