/** The flight recorder holds what was said on the wire: by merchants to us and by us to channels, without what is confidential. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { endInOrder, entries, freshNo, operatorOf, type Scene, shown, startScene } from './harness.ts';
import { member, textAt, until } from './http.ts';

let s: Scene;
before(async () => {
  s = await startScene();
});
after(() => endInOrder(s));

const account = '7340912855602';

/** What is kept comes behind the reply. */
function exchanges(number: string, least: number): Promise<readonly unknown[]> {
  return until('transcripts', async () => {
    const found = entries(await shown(s, number), 'exchange');
    return found.length >= least ? found : null;
  });
}

function sides(all: readonly unknown[]): string {
  return all.map((one) => `${textAt(one, 'side')} ${textAt(one, 'endpoint')} ${textAt(one, 'outcome')}`).join(', ');
}

test('a payment: what the merchant asked, what we asked the channel, both answers', async () => {
  const no = freshNo();
  const told = await s.a.payin.pay(no, 20_000, `${s.receiver.url}/n/t`);
  await s.a.payin.queryPay(told, no);
  const all = await exchanges(no, 3);
  // A question of the merchant's may be passed on.
  assert.match(
    sides(all),
    /^merchant payIn answered, channel payIn answered, (?:channel|merchant) payInQuery answered/,
  );
  for (const one of all) {
    assert.match(textAt(one, 'request'), /^(?:POST|GET) \S+\n/);
    assert.match(textAt(one, 'reply'), /^HTTP 200\n/);
    assert.equal(member(one, 'status'), 200);
  }
  assert.ok(textAt(all[0], 'request').includes(no));
  assert.ok(told.payCode !== '' && textAt(all[0], 'reply').includes(told.payCode));
  const reference = textAt(entries(await shown(s, no), 'attempt')[0], 'reference');
  assert.ok(textAt(all[1], 'request').includes(reference));
});

test('accounts, signatures and keys are blanked, at rest too', async () => {
  const no = freshNo();
  await s.a.payin.payOut(no, 20_000, `${s.receiver.url}/n/t`, { accountNo: account, accountName: 'Siti Canary' });
  const all = await exchanges(no, 2);
  const text = JSON.stringify(all);
  assert.ok(!text.includes(account) && !text.includes('Canary'), text);
  assert.match(textAt(all[0], 'request'), /"accountNo":\s*"\*\*\*"/);
  assert.ok(!text.includes(s.a.payin.keys.apiKey));
  const rows = await s.gateway.gate.db.run<{ text: string }>({
    text: "select coalesce(request, '') || coalesce(reply, '') as text from transcripts",
    values: [],
  });
  assert.ok(rows.length >= 2);
  assert.ok(rows.every((row) => !row.text.includes(account) && !row.text.includes('Canary')));
});

test('an answer that never came is told as that', async () => {
  const no = freshNo();
  await s.twin(s.a.payin.twin).plan({ operation: 'pay' }, [{ kind: 'drop-before' }]);
  await s.a.payin.pay(no, 20_000, `${s.receiver.url}/n/t`);
  const [, call] = await exchanges(no, 2);
  assert.equal(textAt(call, 'side'), 'channel');
  assert.match(textAt(call, 'outcome'), /^unknown/);
  assert.equal(member(call, 'status'), null);
  assert.equal(member(call, 'reply'), null);
});

test('what we say to channels is not shown to a merchant, and nothing of another merchant', async () => {
  const no = freshNo();
  await s.a.payin.pay(no, 20_000, `${s.receiver.url}/n/t`);
  await exchanges(no, 2);
  const made = await s.operator.call('POST', '/tokens', { name: 'a', role: 'support', merchant: s.a.id });
  assert.equal(made.status, 200, made.text);
  const token = textAt(JSON.parse(made.text), 'token');
  const theirs = operatorOf(
    () => s.url,
    () => token,
  );
  const order: unknown = JSON.parse((await theirs.call('GET', `/orders/${no}`)).text);
  assert.match(sides(entries(order, 'exchange')), /^merchant \w+ answered$/);
  // The same number at another merchant is another order.
  await s.b.payin.pay(no, 30_000, `${s.receiver.url}/n/t`);
  const again: unknown = JSON.parse((await theirs.call('GET', `/orders/${no}`)).text);
  assert.equal(entries(again, 'exchange').length, 1);
});
