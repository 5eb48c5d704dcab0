/** A statement is fetched from the address the channel names, read by its protocol, and everything else is none, with the reason. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CallOutcome } from '../../src/core/commands.ts';
import type { OutboundRequest, SendLimits, Sent, World } from '../../src/core/world.ts';
import { fetchStatement } from '../../src/edge/fetch-statement.ts';
import { protocolNamed } from '../../src/protocols/all.ts';

const header = 'kind,order_no,platform_no,amount,currency,fee,state,finished_at';
const row = 'payment,"K1","P1",12.50,CNY,0.10,paid,2030-01-02T03:04:05.000Z';
const answered = (url: string): CallOutcome<'get-statement'> => ({ kind: 'answered', answer: { url } });
const answer = (text: string, changes: Partial<Extract<Sent, { kind: 'ANSWER' }>> = {}): Sent => ({
  kind: 'ANSWER',
  status: 200,
  headers: {},
  body: Buffer.from(text),
  truncated: false,
  ...changes,
});

async function fetched(
  asked: CallOutcome<'get-statement'>,
  sent: Sent,
  protocol = 'ysepay',
  base = 'https://bank.example/gateway',
) {
  const seen: [OutboundRequest, SendLimits][] = [];
  const world = {
    send: (request: OutboundRequest, limits: SendLimits) => {
      seen.push([request, limits]);
      return Promise.resolve(sent);
    },
  } as Partial<World> as World;
  return { seen, found: await fetchStatement(world, protocolNamed(protocol), base, () => Promise.resolve(asked)) };
}

test('lines, and the digest of the very bytes', async () => {
  const { found } = await fetched(answered('https://bank.example/day.csv'), answer(`${header}\r\n${row}\r\n`));
  assert.ok(found.kind === 'statement');
  assert.deepEqual(
    found.lines.map(({ reference, money, state }) => [reference, money.minor, state]),
    [['K1', 1_250n, 'paid']],
  );
  assert.equal(found.digest.length, 32);
});

test('elsewhere than at the channel’s own host only what is public is asked', async () => {
  for (const [url, targets] of [
    ['https://bank.example/day.csv', 'any'],
    ['https://files.example/day.csv', 'public'],
    ['https://bank.example:8443/day.csv', 'public'],
  ] as const)
    assert.equal((await fetched(answered(url), answer(header))).seen[0]?.[1].targets, targets);
});

test('what bears no signature is not asked for in the clear, unless the channel itself is', async () => {
  for (const url of [
    'http://bank.example/day.csv',
    'http://files.example/day.csv',
    'ftp://bank.example/day.csv',
    'day.csv',
  ]) {
    const { seen, found } = await fetched(answered(url), answer(header));
    assert.deepEqual([seen, found], [[], { kind: 'none', why: 'the file is not behind https' }]);
  }
  const inside = await fetched(
    answered('http://10.0.0.7:8080/d.csv'),
    answer(header),
    'ysepay',
    'http://10.0.0.7:8080/',
  );
  assert.equal(inside.found.kind, 'statement');
  assert.equal((await fetched(answered('http://127.0.0.1:9/bill'), answer(header))).found.kind, 'statement');
});

test('anything else is none', async () => {
  const at = answered('https://bank.example/day.csv');
  for (const [asked, sent] of [
    [{ kind: 'declined', code: 'X', text: 'not yet' }, answer(header)],
    [{ kind: 'unknown', why: 'time-out' }, answer(header)],
    [at, { kind: 'UNKNOWN', why: 'cut' }],
    [at, answer(header, { status: 404 })],
    [at, answer(header, { truncated: true })],
    [at, answer('<html>')],
    [at, answer(`${header}\n${row.replace('12.50', '12,50')}`)],
  ] as const)
    assert.equal((await fetched(asked, sent)).found.kind, 'none');
  assert.equal((await fetched(at, answer(header), 'payin')).found.kind, 'none');
});
