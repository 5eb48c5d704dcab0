/** Paying with a bank card on the page: two codes, few tries, and a card that is nowhere afterwards (T061). */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { CallOutcome, CommandName, PaymentReport } from '../../src/core/commands.ts';
import { noInstruction } from '../../src/core/commands.ts';
import { money } from '../../src/core/money.ts';
import { forgetCounts } from '../../src/wiring/forget.ts';
import { touchDirectory } from '../../src/store/directory.ts';
import { answering, type CallScript, paymentAnswer, rowsOf, type TestGate } from '../gate.ts';
import { type CashierScene, cashierScene, codeOf, type Desk, textOf } from './cashier-scene.ts';

let s: CashierScene;
let t: TestGate;
before(async () => {
  s = await cashierScene();
  t = s.t;
  const { id } = t.facts.channels.find(({ protocol }) => protocol === 'ysepay') ?? assert.fail('no channel');
  await t.database.owner.run({
    text: `insert into kanal.routes (id, merchant_id, protocol, method, channel_id, created_at) values (77, $1, 'fufu', 'quick-pay', $2, 0)`,
    values: [t.caller(0, 'fufu').merchant.id, BigInt(id)],
  });
  await touchDirectory(t.database.owner);
  await t.gate.refresh();
});
after(() => s.close());

const sum = money(1_280n, 'CNY');
const card = {
  number: '6222 0202 0000 0000 006',
  holder: '张三',
  identity: '11010119900307803x',
  mobile: '+86 138 0013 8000',
};
const digits = '6222020200000000006';

interface Bank {
  readonly code?: string;
  /** What a command comes to instead of success. */
  readonly says?: Partial<Record<CommandName, CallOutcome<'pay'>>>;
}

function bank({ code = '123456', says = {} }: Bank = {}): CallScript {
  const wrong = { kind: 'declined', code: 'ACQ.INVALID_PARAMETER', text: 'wrong code' } as const;
  const silent = { kind: 'unknown', why: 'not in the script' } as const;
  const answered = (changes: Partial<PaymentReport>) => ({
    kind: 'answered',
    answer: paymentAnswer({ amount: sum, ...changes }),
  });
  const signed = (state: string, agreementNo: string | null) => ({
    kind: 'answered',
    answer: { kind: 'agreement', orderNo: null, agreementNo, state, extras: {} },
  });
  const paid = { amount: sum, paid: sum, state: 'paid' } as const;
  const answers: Readonly<Partial<Record<CommandName, (given: string | null) => unknown>>> = {
    'sign-agreement': () => signed('wait-confirm', null),
    'confirm-agreement': (given) => (given === code ? signed('active', 'K1') : wrong),
    pay: () => answered({ instruction: { ...noInstruction, confirmNo: 'PS1' } }),
    'resend-code': () => answered({}),
    'confirm-payment': (given) => (given === code ? answered(paid) : wrong),
  };
  return (command, ask) =>
    Promise.resolve((says[command] ?? answers[command]?.('code' in ask ? ask.code : null) ?? silent) as never);
}

const order = () =>
  s.desk({ amount: sum, extras: {}, payer: { name: null, phone: null, email: null, country: 'CN' } }, 'fufu');
const noteAt = ({ headers }: Awaited<ReturnType<CashierScene['post']>>) =>
  new URLSearchParams((headers['location'] ?? '').split('?')[1]).get('note');
const give = async ({ path }: Desk, action: string, form: Record<string, string>) =>
  noteAt(await s.post(`${path}/${action}`, form));
const pageOf = async ({ path }: Desk, query = '') => textOf(await s.visit(path + query));

async function signed(desk: Desk, form: Record<string, string> = card): Promise<void> {
  assert.equal(await give(desk, 'card', form), null);
}

async function begun(): Promise<Desk> {
  const desk = await order();
  t.script(bank());
  await signed(desk);
  assert.equal(await give(desk, 'card-code', { code: '123456' }), null);
  const { state, method } = await desk.present();
  assert.deepEqual([state, method], ['pending', 'quick-pay']);
  return desk;
}

describe('a card', () => {
  test('is offered only where the merchant left that open: one that names a wallet wants that wallet', async () => {
    const desk = await s.desk({ amount: sum, option: 'ALIPAY', extras: {} }, 'fufu');
    assert.doesNotMatch(await pageOf(desk), /way=card/);
    t.script(bank());
    assert.equal(await give(desk, 'card', card), 'refused');
  });

  test('is offered where a route takes one; the first code signs it, the second pays', async () => {
    const desk = await order();
    const list = await pageOf(desk);
    assert.match(list, /way=card"><span class="badge"/);
    // Wallets are served as well: the code is that of the one-code page.
    assert.match(list, /<svg class="qr"/);
    assert.match(await pageOf(desk, '?way=card'), /autocomplete="cc-number"/);
    t.script(bank());
    await signed(desk);
    assert.equal((await desk.present()).state, 'new');
    const first = await pageOf(desk);
    assert.match(first, /Step 1 of 2/);
    assert.match(first, /ending in 0006/);
    assert.match(first, /autocomplete="one-time-code"/);
    assert.equal(await give(desk, 'card-code', { code: '12 34 56' }), null);
    const second = await pageOf(desk);
    assert.match(second, /Enter the code to pay/);
    assert.match(second, /data-wait="60000"/);
    assert.match(second, /Pay ¥12\.80/);
    assert.equal(await give(desk, 'code', { code: '123456' }), null);
    assert.equal((await desk.present()).state, 'paid');
    assert.match(await pageOf(desk), /<h2>Paid<\/h2>/);
    const [signing, , paying] = t.calls.slice(-4).map(({ ask }) => ask as Record<string, unknown>);
    assert.deepEqual(signing?.['card'], { number: digits, idNumber: '11010119900307803X', expiry: null, cvv: null });
    assert.equal((paying as { agreementNo?: string }).agreementNo, 'K1');
  });

  test('is nowhere afterwards: not in a row, not in a page', async () => {
    const desk = await begun();
    const tables = await rowsOf(
      t.database,
      `select table_name as name from information_schema.tables where table_schema = 'kanal'`,
    );
    assert.ok(tables.length > 20);
    for (const { name } of tables) {
      const rows = JSON.stringify(await rowsOf(t.database, `select t::text as row from kanal.${String(name)} t`));
      for (const secret of [digits, '11010119900307803', '13800138000', Buffer.from(digits).toString('hex')])
        assert.ok(!rows.includes(secret), `${String(name)} holds ${secret}`);
    }
    for (const query of ['', '?way=card', '?way=list'])
      assert.doesNotMatch(await pageOf(desk, query), /620202|13800138000|张三/);
  });

  test('that cannot be right is not asked about', async () => {
    const desk = await order();
    t.script(bank());
    const before = t.calls.length;
    for (const changes of [
      { number: '6222020200000000005' },
      { number: '' },
      { holder: ' ' },
      { identity: '123' },
      { mobile: '12800' },
      { expiry: '13/30', cvv: '123' },
      { expiry: '12/30' },
      { cvv: '123' },
    ])
      assert.equal(await give(desk, 'card', { ...card, ...changes }), 'card', JSON.stringify(changes));
    assert.equal(t.calls.length, before);
    assert.match(await pageOf(desk, '?way=card&note=card'), /check what you typed/);
  });

  test('its credit members are asked for again and go to the channel each time, never to a row', async () => {
    const desk = await order();
    t.script(bank());
    await signed(desk, { ...card, expiry: '12/30', cvv: '987' });
    assert.match(await pageOf(desk), /autocomplete="cc-csc" required/);
    assert.equal(await give(desk, 'card-code', { code: '123456', expiry: '1230', cvv: '987' }), null);
    const [confirm, paying] = t.calls.slice(-2).map(({ ask }) => ask as Record<string, unknown>);
    assert.deepEqual(confirm?.['card'], { expiry: '1230', cvv: '987' });
    assert.equal((paying as { agreementUse?: { cvv: string } }).agreementUse?.cvv, '987');
    const rows = JSON.stringify(await rowsOf(t.database, 'select extras::text as row from kanal.agreements'));
    assert.ok(!rows.includes('987') && rows.includes('desk.credit'));
  });

  test('the channel refuses can be typed again at once; one that was signed, after a minute, five in all', async () => {
    const desk = await order();
    t.script(bank({ says: { 'sign-agreement': { kind: 'declined', code: 'X', text: 'no such card' } } }));
    assert.equal(await give(desk, 'card', card), 'refused');
    t.script(bank());
    for (let nth = 2; nth <= 5; nth += 1) {
      await signed(desk);
      assert.equal(await give(desk, 'card', card), 'soon');
      t.pass(60_000);
    }
    const before = t.calls.length;
    assert.equal(await give(desk, 'card', card), 'soon');
    assert.equal(t.calls.length, before);
  });

  test('is not taken for a payment that is not offered one, or no longer open', async () => {
    const other = await s.desk();
    t.script(bank());
    assert.doesNotMatch(textOf(await s.visit(`${other.path}?way=card`)), /cc-number/);
    assert.equal(await give(other, 'card', card), 'refused');
    assert.equal(await give(other, 'choose', { method: 'quick-pay', option: '' }), 'refused');
    const desk = await begun();
    assert.equal(await give(desk, 'card', card), 'taken');
    assert.equal(await give(desk, 'card-code', { code: '123456' }), 'taken');
  });
});

describe('a code', () => {
  test('that is wrong is answered alike, and after five tries the right one is too', async () => {
    const desk = await begun();
    const before = t.calls.length;
    for (let tries = 0; tries < 5; tries += 1) assert.equal(await give(desk, 'code', { code: '000000' }), 'code');
    assert.equal(await give(desk, 'code', { code: '123456' }), 'code');
    assert.equal(await give(desk, 'code', { code: '12345' }), 'code');
    assert.equal(t.calls.length - before, 5);
    assert.match(await pageOf(desk), /too many wrong codes/);
    assert.equal(await give(desk, 'resend', {}), 'soon');
  });

  test('is sent again after a minute, five times a day', async () => {
    const desk = await begun();
    assert.equal(await give(desk, 'resend', {}), 'soon');
    for (let times = 0; times < 5; times += 1) {
      t.pass(60_000);
      assert.equal(await give(desk, 'resend', {}), 'sent');
      assert.match(await pageOf(desk, '?note=sent'), /new code is on its way/);
    }
    t.pass(60_000);
    assert.equal(await give(desk, 'resend', {}), 'soon');
  });

  test('that signs the card has few tries too, and a late one means: give the card again', async () => {
    const desk = await order();
    t.script(bank());
    await signed(desk);
    for (let tries = 0; tries < 5; tries += 1) assert.equal(await give(desk, 'card-code', { code: '000000' }), 'code');
    assert.equal(await give(desk, 'card-code', { code: '123456' }), 'code');
    assert.equal((await desk.present()).state, 'new');
    t.pass(600_000);
    assert.match(await pageOf(desk, '?way=card'), /autocomplete="cc-number"/);
  });

  test('whose outcome nobody knows is not asked for again', async () => {
    const desk = await begun();
    t.script(bank({ says: { 'confirm-payment': { kind: 'unknown', why: 'no answer' } } }));
    assert.equal(await give(desk, 'code', { code: '123456' }), null);
    const confirms = t.calls.filter(({ command }) => command === 'confirm-payment').length;
    t.script(bank());
    await give(desk, 'code', { code: '123456' });
    assert.equal(t.calls.filter(({ command }) => command === 'confirm-payment').length, confirms);
    assert.notEqual((await desk.present()).state, 'paid');
  });
});

test('a payment the channel refuses opens the list again; the signed card needs no second signing, but counts as a sending', async () => {
  const desk = await order();
  t.script(bank({ says: { pay: { kind: 'declined', code: 'ACQ.TOTAL_FEE_EXCEED', text: 'too much' } } }));
  await signed(desk);
  assert.equal(await give(desk, 'card-code', { code: '123456' }), null);
  assert.equal((await desk.present()).state, 'new');
  const page = await pageOf(desk, '?way=card');
  assert.match(page, /nothing was charged/);
  assert.match(page, /The next code pays/);
  assert.match(await pageOf(desk, '?way=list'), /<svg class="qr"/);
  t.script(bank());
  assert.equal(await give(desk, 'card-code', {}), 'soon');
  t.pass(60_000);
  assert.equal(await give(desk, 'card-code', {}), null);
  assert.equal((await desk.present()).state, 'pending');
  assert.equal(await give(desk, 'code', { code: '123456' }), null);
  assert.equal((await desk.present()).state, 'paid');
});

describe('codes by text message', () => {
  const limit = async (perHour: string, perDay: string) => {
    const { id } = t.caller(0, 'fufu').merchant;
    await t.database.owner.run({
      text: `update kanal.merchants set settings = settings || $1 where id = $2`,
      values: [{ cardTextsPerHour: perHour, cardTextsPerDay: perDay }, id],
    });
    await touchDirectory(t.database.owner);
    await t.gate.refresh();
  };
  after(() => limit('10000', '10000'));
  const other = { number: '6222 0202 0000 0000 014', mobile: '13900139000' };

  test('are counted over all payments: per telephone and per card, in an hour and a day, and nothing is sent beyond', async () => {
    t.pass(86_400_000);
    await limit('3', '5');
    await begun();
    const third = await order();
    await signed(third);
    const sent = t.calls.length;
    assert.equal(await give(third, 'card-code', { code: '123456' }), 'texts', 'the code that would begin the payment');
    assert.equal(t.calls.length - sent, 1, 'the card was signed, no payment was begun');
    assert.match(await pageOf(third, '?way=card&note=texts'), /Too many codes/);
    for (const changes of [{}, { number: other.number }, { mobile: other.mobile }])
      assert.equal(await give(await order(), 'card', { ...card, ...changes }), 'texts', JSON.stringify(changes));
    assert.equal(t.calls.length - sent, 1);
    assert.equal(await give(await order(), 'card', { ...card, ...other }), null, 'another telephone and card');
    t.pass(3_600_000);
    await begun();
    assert.equal(await give(await order(), 'card', card), 'texts', 'five a day');
    t.pass(86_400_000);
    const late = await begun();
    t.pass(60_000);
    assert.equal(await give(late, 'resend', {}), 'sent');
    t.pass(60_000);
    assert.equal(await give(late, 'resend', {}), 'texts');
    assert.match(await pageOf(late, '?note=texts'), /Too many codes/);
  });

  test('asked for at once are counted one after the other', async () => {
    t.pass(86_400_000);
    await limit('3', '5');
    const desks = await Promise.all(Array.from({ length: 8 }, order));
    const came = await Promise.all(desks.map((desk) => give(desk, 'card', card)));
    assert.deepEqual([came.filter((one) => one === null).length, came.filter((one) => one === 'texts').length], [3, 5]);
  });

  test('are forgotten after a day, and the marks tell no number', async () => {
    const marks = () => rowsOf(t.database, 'select mark, sent from kanal.text_sends');
    const homes = [...new Set([...t.gate.directory().merchants.values()].map(({ home }) => home))];
    await forgetCounts(t.world, t.gate.db, homes);
    const rows = await marks();
    assert.equal(rows.length, 2, 'the telephone and the card of a moment ago');
    assert.ok(rows.every(({ mark }) => (mark as Buffer).length === 32));
    t.pass(86_400_001);
    await forgetCounts(t.world, t.gate.db, homes);
    assert.equal((await marks()).length, 0);
  });
});

describe('another way', () => {
  const closing = (outcome: unknown) => bank({ says: { 'close-payment': outcome as CallOutcome<'pay'> } });
  const closed = { kind: 'answered', answer: paymentAnswer({ amount: sum, state: 'closed' }) };

  test('is open once the channel has closed what was chosen', async () => {
    const desk = await begun();
    assert.match(await pageOf(desk), /\/leave\?lang=en/);
    t.script(closing(closed));
    assert.equal(await give(desk, 'leave', {}), null);
    const open = await desk.present();
    assert.deepEqual([open.state, open.method, open.channelId], ['new', 'any', null]);
    const page = await pageOf(desk, '?way=list');
    assert.match(page, /<svg class="qr"/);
    assert.doesNotMatch(page, /did not go through/);
    assert.deepEqual(await rowsOf(t.database, `select 1 from kanal.notices where object_id = ${open.id}`), []);
    assert.equal(await give(desk, 'leave', {}), null, 'again: it is left already');
  });

  test('is open too when the callback about the closing overtakes the reply: no end of the order, nothing to review', async () => {
    const desk = await begun();
    const payment = await desk.present();
    const inOrder = closing(closed);
    t.script(async (command, ask) => {
      if (command === 'close-payment')
        await s.callback(payment, payment.reference, { state: 'closed', reason: { code: 'TRADE_CLOSED', text: '' } });
      return inOrder(command, ask);
    });
    assert.equal(await give(desk, 'leave', {}), null);
    const open = await desk.present();
    assert.deepEqual([open.state, open.method, open.reference], ['new', 'any', null]);
    assert.doesNotMatch(await pageOf(desk, '?way=list'), /did not go through/);
    for (const table of ['notices', 'reviews'])
      assert.deepEqual(await rowsOf(t.database, `select 1 from kanal.${table} where object_id = ${open.id}`), []);
  });

  test('a "closed" that no payer asked for ends the order', async () => {
    const desk = await begun();
    const payment = await desk.present();
    await s.callback(payment, payment.reference, { state: 'closed' });
    assert.equal((await desk.present()).state, 'closed');
  });

  test('stays shut when the channel says no or nothing, and when it is paid meanwhile', async () => {
    for (const outcome of [
      { kind: 'unknown', why: 'no answer' },
      { kind: 'declined', code: 'X', text: 'no' },
    ]) {
      const desk = await begun();
      t.script(closing(outcome));
      const { id } = await desk.present();
      const told = () => rowsOf(t.database, `select 1 from kanal.events where object_id = ${id}`);
      const before = await told();
      assert.equal(await give(desk, 'leave', {}), 'busy');
      assert.equal((await desk.present()).state, 'pending');
      assert.deepEqual(await told(), before, 'an impatient payer fills no timeline');
    }
    const desk = await begun();
    const paid = { kind: 'answered', answer: paymentAnswer({ amount: sum, paid: sum, state: 'paid' }) } as const;
    t.script(bank({ says: { 'close-payment': { kind: 'declined', code: 'PAID', text: '' }, 'query-payment': paid } }));
    assert.equal(await give(desk, 'leave', {}), null);
    assert.equal((await desk.present()).state, 'paid');
    assert.equal(await give(desk, 'leave', {}), null);
    assert.equal((await desk.present()).state, 'paid');
  });

  test('asks the channel once, however often the payer presses while it has not answered', async () => {
    const desk = await begun();
    const says = closing({ kind: 'declined', code: 'X', text: 'no' });
    let answer = () => {};
    const answered = new Promise<void>((resolve) => {
      answer = resolve;
    });
    let reached = () => {};
    const isAsked = new Promise<void>((resolve) => {
      reached = resolve;
    });
    t.script(async (command, ask) => {
      reached();
      await answered;
      return says(command, ask);
    });
    const before = t.calls.length;
    const asked = () => t.calls.slice(before).filter(({ command }) => command === 'close-payment').length;
    const first = give(desk, 'leave', {});
    await isAsked;
    for (let press = 0; press < 10; press += 1) assert.equal(await give(desk, 'leave', {}), 'busy');
    assert.equal(asked(), 1);
    answer();
    assert.equal(await first, 'busy');
    await give(desk, 'leave', {});
    assert.equal(asked(), 2, 'the next press asks again');
  });

  test('is not offered where the channel closes nothing', async () => {
    const desk = await s.desk();
    t.script(answering('pay', codeOf('8808')));
    await s.post(`${desk.path}/choose`, { method: 'virtual-account', option: 'BNI' });
    assert.doesNotMatch(await pageOf(desk), /\/leave/);
    const before = t.calls.length;
    await give(desk, 'leave', {});
    assert.equal(t.calls.length, before);
    assert.equal((await desk.present()).state, 'pending');
  });
});
