/**
 * Every matter that takes two persons, by its form: asking does nothing, the asker cannot agree, somebody else can, and then it has
 * happened as it was typed: amounts in the currency's own units (T039). A deed without a row here fails.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { money } from '../../src/core/money.ts';
import { reportEvidence } from '../../src/flows/attempt.ts';
import { setChannelState, setCredentialState } from '../../src/flows/administer.ts';
import type { DeedName } from '../../src/flows/approve.ts';
import { learnOutcome } from '../../src/flows/learn-outcome.ts';
import { pay } from '../../src/flows/pay.ts';
import { reconcileDay } from '../../src/flows/reconcile-day.ts';
import { trialBalance } from '../../src/store/ledger.ts';
import { actionsWords } from '../../src/web/console/words/actions.ts';
import { answering, payAsk, paymentAnswer, rowsOf, silence } from '../gate.ts';
import { type Browser, type ConsoleScene, consoleScene } from './console-scene.ts';

let c: ConsoleScene;
before(async () => {
  c = await consoleScene();
  await c.staffed();
});
after(async () => {
  const books = await trialBalance(c.scene.t.database.owner);
  await c.close();
  assert.deepEqual(books.findings, []);
});

async function one(text: string): Promise<Record<string, unknown>> {
  const [row] = await rowsOf(c.scene.t.database, text);
  return row ?? {};
}

const directory = () => c.scene.t.gate.directory();
const merchant = () => c.scene.a.merchant;
const setting = (name: string) => directory().merchants.get(BigInt(merchant()))?.settings[name];
const channelId = () => String([...directory().channels.values()].find(({ protocol }) => protocol === 'payin')?.id);

async function available(currency: string): Promise<unknown> {
  const { available: sum } = await one(
    `select available from kanal.balances where account = 'merchant/${merchant()}/available' and currency = '${currency}'`,
  );
  return sum;
}

let told = { order: '', run: '', review: '' };

/** A statement that a person has handed in: it tells of a payment that we wait for, and of one that nobody knows. */
async function statement(): Promise<void> {
  const { t } = c.scene;
  t.script(answering('pay', paymentAnswer()));
  const ask = payAsk();
  await pay(t.gate, t.caller(0, 'payin'), ask, Buffer.from(ask.orderNo));
  t.script(silence({ kind: 'unknown', why: 'in this test' }));
  const row = await one(`select id, reference from kanal.payments where order_no = '${ask.orderNo}'`);
  const line = { upstreamNo: null, state: 'paid', at: null, fee: null, kind: 'payment' } as const;
  const lines = [
    { ...line, no: 2, reference: String(row['reference']), money: ask.amount },
    { ...line, no: 3, reference: 'NOBODYS', money: money(500n, 'JPY') },
  ];
  const channel = t.gate.directory().channels.get(BigInt(channelId()));
  assert.ok(channel);
  const given = { source: 'file', digest: new Uint8Array(32), lines } as const;
  const { run } = await reconcileDay(t, 'test', channel, '2026-01-15', given, { learns: false, isAnyway: false });
  const review = await one(`select id from kanal.reviews where reason = 'statement-unknown-here'`);
  told = { order: String(row['id']), run: String(run), review: String(review['id']) };
}

let yuan = '';
let waiting = '';
let dewi = '';

/** A payment in yuan that is paid, whose channel refunds; and one in rupiah whose true sum is not known. */
async function orders(): Promise<void> {
  const { t } = c.scene;
  const amount = money(1_250n, 'CNY');
  const sell = payAsk({ amount, method: 'qr', option: 'ALIPAY', extras: { merchantNo: 'S1' } });
  const instruction = { payCode: null, payUrl: 'https://pay.test/1', deskUrl: null, confirmNo: null };
  t.script(answering('pay', paymentAnswer({ platformNo: null, amount, instruction })));
  await pay(t.gate, t.caller(0, 'bestpay'), sell, Buffer.from(sell.orderNo));
  t.script(answering('pay', paymentAnswer()));
  const open = payAsk();
  await pay(t.gate, t.caller(0, 'payin'), open, Buffer.from(open.orderNo));
  for (const [no, paid] of [
    [sell.orderNo, amount],
    [open.orderNo, money(21_000n, 'IDR')],
  ] as const) {
    const row = await one(`select id, channel_id, reference from kanal.payments where order_no = '${no}'`);
    const about = {
      kind: 'payment',
      channelId: row['channel_id'] as bigint,
      reference: String(row['reference']),
    } as const;
    const report = paymentAnswer({ state: 'paid', paid, amount: paid, platformNo: null });
    await learnOutcome(t.gate, {
      key: null,
      evidence: reportEvidence(about, 'callback', report, t.world.now()),
      callback: null,
      lookAgainAt: null,
    });
    if (no === sell.orderNo) yuan = String(row['id']);
    else waiting = String(row['id']);
  }
  t.script(silence({ kind: 'unknown', why: 'in this test' }));
}

interface Matter {
  readonly path: () => string;
  readonly form: () => Readonly<Record<string, string>>;
  /** What the deed changes; undefined before it. */
  readonly seen: () => Promise<unknown>;
  /** What the question before agreeing names: who or what, and the sum that moves, not the order's. */
  readonly asks?: RegExp;
  /** What `seen` says once it has happened. */
  readonly becomes: unknown;
  readonly prepare?: () => Promise<unknown>;
}

/** Those with tests of their own stories (console-decisions.test.ts, console-quarantine.test.ts …). */
type Elsewhere = 'payout.send' | 'payout.refuse' | 'order.outcome' | 'quarantine.lift';

const matters: Readonly<Record<Exclude<DeedName, Elsewhere>, Matter>> = {
  'route.add': {
    path: () => '/console/routes',
    form: () => ({
      merchant: merchant(),
      protocol: 'payin',
      method: 'qr',
      channel: channelId(),
      weight: '7',
      currency: 'CNY',
      least: '0.50',
      most: '99',
      dailyCap: '1000.00',
      opens: '01:00',
      closes: '23:00',
      clock: '+08:00',
    }),
    seen: () =>
      Promise.resolve(directory().routes.find(({ weight }) => weight === 7)).then(
        (route) => route && [route.min, route.max, route.dailyCap, route.hours],
      ),
    becomes: [50n, 9_900n, 100_000n, '01:00-23:00+08:00'],
  },
  'route.remove': {
    path: () => `/console/routes/${String(directory().routes.find(({ weight }) => weight === 7)?.id)}/remove`,
    form: () => ({}),
    seen: () => Promise.resolve(directory().routes.some(({ weight }) => weight === 7) ? undefined : 'gone'),
    becomes: 'gone',
  },
  'fee.set': {
    path: () => '/console/fees',
    form: () => ({
      merchant: '*',
      method: 'qr',
      currency: 'CNY',
      fixed: '0.10',
      percent: '0.55',
      least: '0.2',
      most: '',
    }),
    seen: () =>
      Promise.resolve(directory().fees.find(({ method, currency }) => method === 'qr' && currency === 'CNY')).then(
        (fee) => fee && [fee.fixed, fee.percentPpm, fee.min, fee.max],
      ),
    becomes: [10n, 5_500n, 20n, null],
  },
  'rate.set': {
    path: () => '/console/rates',
    form: () => ({ currency: 'THB', rate: '4.95', day: '2026-03-03', direction: 'foreign-per-unit' }),
    seen: () => Promise.resolve(directory().rates.find(({ day }) => day === '2026-03-03')?.rate),
    becomes: '4.95',
  },
  'credential.add': {
    path: () => `/console/merchants/${merchant()}/credentials`,
    form: () => ({ protocol: 'fufu', sender: '581010190009999', publicKey: '' }),
    seen: () =>
      Promise.resolve(
        [...directory().credentials.values()].find(({ sender }) => sender === '581010190009999')?.protocol,
      ),
    becomes: 'fufu',
  },
  'merchant.webhook': {
    path: () => `/console/merchants/${merchant()}/webhook-secret`,
    form: () => ({ hours: '2' }),
    seen: () => Promise.resolve(directory().merchants.get(BigInt(merchant()))?.webhookBefore ? 'both' : undefined),
    becomes: 'both',
  },
  'credential.rotate': {
    path: () => `/console/credentials/${c.scene.a.credential}/rotate`,
    form: () => ({ hours: '2', publicKey: '' }),
    seen: async () => {
      const row = await one(
        `select jsonb_array_length(secrets -> 'apiKey') as n from kanal.credentials where id = ${c.scene.a.credential}`,
      );
      return row['n'] === 1 ? undefined : row['n'];
    },
    becomes: 2,
  },
  'credential.enable': {
    prepare: () => setCredentialState(c.desk, 'test', BigInt(c.scene.b.credential), 'disabled'),
    path: () => `/console/credentials/${c.scene.b.credential}/state`,
    form: () => ({ state: 'active' }),
    seen: () =>
      Promise.resolve(
        directory().credentials.get(BigInt(c.scene.b.credential))?.state === 'active' ? 'active' : undefined,
      ),
    becomes: 'active',
  },
  'channel.enable': {
    prepare: () => setChannelState(c.desk, 'test', BigInt(channelId()), 'disabled'),
    path: () => `/console/channels/${channelId()}/state`,
    form: () => ({ state: 'active' }),
    seen: () =>
      Promise.resolve(directory().channels.get(BigInt(channelId()))?.state === 'active' ? 'active' : undefined),
    asks: /data-ask="Enable a channel, [^",]+, asked for by /,
    becomes: 'active',
  },
  'merchant.fund': {
    path: () => `/console/merchants/${merchant()}/fund`,
    form: () => ({ amount: '12.34', currency: 'USD' }),
    seen: () => available('USD'),
    becomes: 1_234n,
  },
  'merchant.limit': {
    path: () => `/console/merchants/${merchant()}/limit`,
    form: () => ({ limit: '50000', currency: 'IDR' }),
    seen: () => Promise.resolve(setting('payoutLimit.IDR')),
    asks: /data-ask="Payout limit, [^",]+, Rp\s?50[.,]000, asked for by /,
    becomes: '50000',
  },
  'merchant.overdraft': {
    path: () => `/console/merchants/${merchant()}/overdraft`,
    form: () => ({ overdraft: '100.5', currency: 'HKD' }),
    seen: async () => {
      const row = await one(
        `select floor from kanal.balances where account = 'merchant/${merchant()}/available' and currency = 'HKD'`,
      );
      return row['floor'] === 0n ? undefined : row['floor'];
    },
    becomes: -10_050n,
  },
  'merchant.payouts': {
    prepare: async () => {
      assert.equal(
        (await (await c.person('admin')).post(`/console/merchants/${merchant()}/payouts`, { payouts: 'no' })).status,
        303,
      );
    },
    path: () => `/console/merchants/${merchant()}/payouts`,
    form: () => ({ payouts: 'yes' }),
    seen: () =>
      Promise.resolve(directory().merchants.get(BigInt(merchant()))?.payouts === true ? 'allowed' : undefined),
    becomes: 'allowed',
  },
  'user.add': {
    path: () => '/console/users',
    form: () => ({ name: 'citra', role: 'approver', merchant: '' }),
    seen: async () => (await userRow('citra'))['role'],
    asks: /data-ask="User added, citra, asked for by /,
    becomes: 'approver',
  },
  'user.role': {
    prepare: async () => {
      await c.newcomer('dewi', 'support');
      dewi = String((await userRow('dewi'))['id']);
    },
    path: () => `/console/users/${dewi}/role`,
    form: () => ({ role: 'finance' }),
    seen: async () => {
      const { role } = await userRow('dewi');
      return role === 'support' ? undefined : role;
    },
    becomes: 'finance',
  },
  'user.renew': {
    prepare: () =>
      rowsOf(c.scene.t.database, `update kanal.console_users set setup_hash = null where id = ${dewi} returning id`),
    path: () => `/console/users/${dewi}/renew`,
    form: () => ({}),
    seen: async () => ((await userRow('dewi'))['isNew'] === true ? 'new' : undefined),
    becomes: 'new',
  },
  'user.enable': {
    prepare: async () => {
      assert.equal(
        (await (await c.person('admin')).post(`/console/users/${dewi}/state`, { state: 'disabled' })).status,
        303,
      );
    },
    path: () => `/console/users/${dewi}/state`,
    form: () => ({ state: 'active' }),
    seen: async () => ((await userRow('dewi'))['state'] === 'active' ? 'active' : undefined),
    becomes: 'active',
  },
  'payment.refund': {
    prepare: orders,
    path: () => `/console/orders/${yuan}/refund`,
    form: () => ({ amount: '5.05' }),
    seen: async () => (await one(`select amount from kanal.refunds where payment_id = ${yuan}`))['amount'],
    asks: /data-ask="Refund, [^",]+, ¥\s?5\.05, asked for by /,
    becomes: 505n,
  },
  'suspense.settle': {
    path: () => `/console/orders/${waiting}/settle`,
    form: () => ({ to: 'channel' }),
    seen: async () =>
      (await one(`select amount from kanal.moves where object_id = ${waiting} and reason like 'settled/%'`))['amount'],
    becomes: 21_000n,
  },
  'statement.learn': {
    prepare: statement,
    path: () => `/console/reconciliation/${told.run}/learn`,
    form: () => ({}),
    seen: async () => {
      const { state } = await one(`select state from kanal.payments where id = ${told.order}`);
      return state === 'pending' ? undefined : state;
    },
    becomes: 'paid',
  },
  'statement.settle': {
    path: () => `/console/reviews/${told.review}/settle`,
    form: () => ({ merchant: merchant() }),
    seen: () => available('JPY'),
    becomes: 500n,
  },
};

async function userRow(name: string): Promise<Record<string, unknown>> {
  return one(
    `select id, role, state, setup_hash is not null as "isNew" from kanal.console_users where name = '${name}'`,
  );
}

async function newest(action: string): Promise<Record<string, unknown>> {
  return one(
    `select id, state, result, detail from kanal.approvals where action = '${action}' order by id desc limit 1`,
  );
}

function decide(by: Browser, id: unknown, what: 'approved' | 'refused') {
  return by.post(`/console/approvals/${String(id)}/${what}`);
}

describe('two persons', () => {
  for (const [action, matter] of Object.entries(matters))
    test(action, async () => {
      await matter.prepare?.();
      const asker = await c.person('admin');
      const path = matter.path();
      assert.equal((await asker.post(path, { ...matter.form(), why: '' })).status, 400, 'not without a reason');
      assert.equal((await newest(action))['id'], undefined);
      const asked = await asker.post(path, { ...matter.form(), why: 'as agreed' });
      assert.equal(asked.status, 303, asked.text);
      const { id } = await newest(action);
      assert.equal(await matter.seen(), undefined, 'asking does nothing');
      assert.equal((await decide(asker, id, 'approved')).status, 403);
      assert.equal((await decide(await c.person('finance'), id, 'approved')).status, 403, 'not every role decides');
      assert.equal(await matter.seen(), undefined);
      const approver = await c.person('approver');
      const shown = (await approver.get('/console/approvals')).text;
      assert.match(shown, matter.asks ?? /data-ask="/);
      assert.ok(shown.includes(actionsWords[`action.${action}` as keyof typeof actionsWords].en));
      const agreed = await decide(approver, id, 'approved');
      assert.ok(agreed.status === 303 || agreed.status === 200, agreed.text);
      assert.deepEqual(await matter.seen(), matter.becomes);
      assert.equal((await decide(approver, id, 'approved')).status, 409, 'once');
    });
});

test('more than is left of a payment is refused to whoever asks, not to whoever agrees', async () => {
  await orders();
  const { text, status } = await (await c.person('finance')).post(`/console/orders/${yuan}/refund`, {
    amount: '12.51',
    why: 'mistyped',
  });
  assert.equal(status, 409);
  assert.match(text, /more than is left of the payment/);
});

test('what can still be paid shows its payment page', async () => {
  await orders();
  const support = await c.person('support');
  assert.match((await support.get(`/console/orders/${waiting}`)).text, /href="[^"]*\/cashier\//);
  assert.doesNotMatch((await support.get(`/console/orders/${yuan}`)).text, /\/cashier\//);
});

describe('amounts in forms', () => {
  const wrong = [
    ['IDR', '46.000', /no decimals.*46000, not 46\.000/],
    ['IDR', '46,000', /whole number such as 46000/],
    ['CNY', '1.005', /two decimals/],
    ['CNY', '1.000', /two decimals/],
    ['CNY', '12,50', /plain number/],
    ['CNY', '1e3', /plain number/],
    ['CNY', '-5', /plain number/],
    ['CNY', '0.00', /more than zero/],
    ['CNY', '99999999999999999999', /plain number/],
  ] as const;
  for (const [currency, amount, told] of wrong)
    test(`${amount} ${currency} is refused, and it is said why`, async () => {
      const { status, text } = await (await c.person('finance')).post(`/console/merchants/${merchant()}/fund`, {
        amount,
        currency,
        why: 'typed',
      });
      assert.equal(status, 400);
      assert.match(text, told);
    });

  test('limits without a currency mean nothing', async () => {
    const { status, text } = await (await c.person('admin')).post('/console/routes', {
      ...matters['route.add'].form(),
      currency: '',
      why: 'typed',
    });
    assert.equal(status, 400);
    assert.match(text, /Choose the currency/);
  });
});

describe('a new channel', () => {
  const form = {
    protocol: 'fufu',
    name: 'fufu-live',
    baseUrl: 'https://api.example.com/',
    sender: '581010199990001',
    'key.key': 'k3y-of-the-upstream-0123456789abcdef',
    'set.operatorId': 'till-1',
    why: 'contract signed',
  };

  test('is disabled until a second person lets it, and its key stands nowhere', async () => {
    const asker = await c.person('admin');
    const { status, headers } = await asker.post('/console/channels', form);
    assert.equal(status, 303);
    const channel = [...directory().channels.values()].find(({ name }) => name === 'fufu-live');
    assert.deepEqual([channel?.state, channel?.settings['operatorId']], ['disabled', 'till-1']);
    const asked = await newest('channel.enable');
    assert.deepEqual(
      (await rowsOf(c.scene.t.database, `select 1 from kanal.approvals where detail::text like '%k3y%'`)).length,
      0,
    );
    assert.equal((await asker.get(headers['location'] ?? '')).text.includes('k3y-of'), false);
    assert.equal((await decide(await c.person('approver'), asked['id'], 'approved')).status, 303);
    assert.equal(directory().channels.get(channel?.id ?? 0n)?.state, 'active');
  });

  test('a missing key, an unknown protocol and a strange address are refused', async () => {
    const admin = await c.person('admin');
    for (const changes of [
      { 'key.key': '' },
      { protocol: 'nonsense' },
      { baseUrl: 'ftp://x' },
      { 'set.currencies': '¥' },
    ])
      assert.equal((await admin.post('/console/channels', { ...form, name: 'other', ...changes })).status, 400);
  });
});

test('a payment is closed from its page: unpaid at once, and never against its channel', async () => {
  const { t } = c.scene;
  t.script(answering('pay', paymentAnswer()));
  const ask = payAsk();
  await pay(t.gate, t.caller(0, 'payin'), ask, Buffer.from(ask.orderNo));
  const { id } = await one(`select id from kanal.payments where order_no = '${ask.orderNo}'`);
  const support = await c.person('support');
  t.script(answering('query-payment', paymentAnswer({ state: 'paid', paid: money(20_000n, 'IDR') })));
  const { status } = await support.post(`/console/orders/${String(id)}/close`);
  const { state } = await one(`select state from kanal.payments where id = ${String(id)}`);
  assert.ok(status === 303 || status === 409, String(status));
  assert.ok(state === 'paid' || state === 'pending', String(state));
});
