/** The sample programs of the integration page, run for real in every language that is here, against a whole gateway with its twins. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { SampleLanguage, SamplePurpose } from '../../src/core/integration.ts';
import { languages } from '../../src/edge/samples/languages.ts';
import { makeIntegrations } from '../../src/wiring/integrations.ts';
import { endInOrder, freshNo, shown } from './harness.ts';
import { request, textAt, until } from './http.ts';
import type { Got } from './receiver.ts';
import { openWorkshop, type Ran, whyNot, type Workshop } from './sample-runs.ts';
import { agreed, codeOf, methods, startYsepay, type YsepayScene } from './ysepay-scene.ts';

let scene: YsepayScene;
let workshop: Workshop;

before(async () => {
  scene = await startYsepay();
  workshop = await openWorkshop();
});
after(async () => {
  await workshop.clear();
  await endInOrder(scene);
});

type Environment = Readonly<Record<string, string>>;

/** What a test must know of a protocol beside its samples. */
interface Case {
  readonly protocol: string;
  readonly variant: string | null;
  readonly amount: { readonly minor: string; readonly currency: string };
  readonly payout?: string;
  readonly refund?: string;
  number(letter: string): string;
  /** Keys, as the head of the program names them. */
  keys(): Promise<Environment>;
  /** What an order needs beside its number. */
  ordering?(): Promise<Environment>;
  /** Makes the payer pay. */
  pay(no: string, answer: string): Promise<void>;
  /** Where a notice's signature is, for the program that checks it. */
  noticeOf(got: Got): Environment;
  /** What the answer to a query says of a paid order. */
  readonly paidWord: RegExp;
}

function documentOf() {
  const merchant = scene.gateway.sandbox?.facts.merchants[0];
  assert.ok(merchant);
  return merchant.protocols;
}

const byTwin = (twin: string) => (no: string) => scene.twin(twin).pay({ reference: no });
const header = (got: Got, name: string) => String(got.headers[name]);

function ysepayCase(variant: 'RSA' | 'SM2'): Case {
  const isRsa = variant === 'RSA';
  return {
    protocol: 'ysepay',
    variant,
    amount: { minor: '1280', currency: 'CNY' },
    refund: '100',
    number: (letter) => scene.shop.fresh(letter),
    async keys() {
      const keys = documentOf().ysepay;
      return isRsa
        ? {
            PRIVATE_KEY_FILE: await workshop.keep('ys-own', keys.privateKeyPem),
            PLATFORM_PUBLIC_KEY_FILE: await workshop.keep('ys-platform', keys.platformPublicKeyPem),
          }
        : {
            SM2_PRIVATE_KEY_FILE: await workshop.keep('ys-sm2-own', keys.sm2PrivateKeyPem),
            PLATFORM_SM2_PUBLIC_KEY_FILE: await workshop.keep('ys-sm2-platform', keys.platformSm2PublicKeyPem),
          };
    },
    async ordering() {
      return { PROTOCOL_NO: await agreed(scene) };
    },
    async pay(no) {
      const paysn = textAt(await shown(scene, no), 'platformNo');
      const code = await codeOf(scene, no);
      await scene.shop.ask(methods.confirm, { paysn, mobile_verify_code: code });
    },
    noticeOf: () => ({}),
    paidWord: /TRADE_SUCCESS/,
  };
}

const cases: readonly Case[] = [
  {
    protocol: 'unified',
    variant: null,
    amount: { minor: '20000', currency: 'IDR' },
    payout: '15000',
    number: freshNo,
    keys: () => Promise.resolve({ API_KEY: documentOf().unified.headers['x-api-key'].split('.')[1] ?? '' }),
    pay: byTwin('bluepay'),
    noticeOf: (got) => ({
      NOTICE_PATH: got.path,
      HEADER_X_TIMESTAMP: header(got, 'x-timestamp'),
      HEADER_X_SIGNATURE: header(got, 'x-signature'),
    }),
    paidWord: /"record_status":"200"/,
  },
  {
    protocol: 'payin',
    variant: null,
    amount: { minor: '20000', currency: 'IDR' },
    payout: '15000',
    number: freshNo,
    keys: () => Promise.resolve({ API_KEY: documentOf().payin.apiKey }),
    pay: byTwin('payin'),
    noticeOf: (got) => ({ HEADER_SIGN: header(got, 'sign') }),
    paidWord: /"orderStatus":"SUCCESS"/,
  },
  {
    protocol: 'bestpay',
    variant: null,
    amount: { minor: '1280', currency: 'CNY' },
    refund: '100',
    number: freshNo,
    keys: async () => ({
      PRIVATE_KEY_FILE: await workshop.keep('bp-own', documentOf().bestpay.privateKeyPem),
      PLATFORM_PUBLIC_KEY_FILE: await workshop.keep('bp-platform', documentOf().bestpay.platformPublicKeyPem),
    }),
    pay: byTwin('bestpay'),
    noticeOf: () => ({}),
    paidWord: /"tradeStatus":"SUCCESS"/,
  },
  {
    protocol: 'fufu',
    variant: null,
    amount: { minor: '250', currency: 'CNY' },
    refund: '100',
    number: freshNo,
    keys: () => Promise.resolve({ API_KEY: documentOf().fufu.key }),
    async pay(no, answer) {
      // One code for all wallets: whoever scans it chooses by the app they scan it with.
      const page = /"qr_code":"([^"]+)"/.exec(answer)?.[1] ?? assert.fail(answer);
      await request('GET', page, [['user-agent', 'Mozilla/5.0 AlipayClient/10.2']]);
      await scene.twin('fufu').pay({ reference: no });
    },
    noticeOf: (got) => ({ QUERY_SIGN: new URL(got.path, scene.url).searchParams.get('sign') ?? '' }),
    paidWord: /"state":1/,
  },
  ysepayCase('RSA'),
  ysepayCase('SM2'),
];

function credentialOf(protocol: string): bigint {
  const all = [...scene.gateway.gate.directory().credentials.values()];
  const found = all.find((row) => row.protocol === protocol && String(row.merchantId) === scene.a.id);
  assert.ok(found, protocol);
  return found.id;
}

/** The programs as the page shows them, to this gateway. */
function programs(one: Case, language: SampleLanguage): Map<SamplePurpose, string | null> {
  const { gate, keyring, vault, url } = scene.gateway;
  const integrations = makeIntegrations({ gate, keyring, vault, publicUrl: () => url, isSandbox: true });
  const found = integrations.show(credentialOf(one.protocol), language.name, one.variant);
  assert.ok(found);
  assert.equal(found.variant, one.variant);
  return new Map(found.samples.map(({ purpose, code }) => [purpose, code]));
}

function assertRan({ code, out, err }: Ran, what: string): void {
  assert.equal(code, 0, `${what}: ${err}${out}`);
}

for (const language of languages) {
  const missing = whyNot(language.name);
  describe(language.title, { skip: missing ?? false }, () => {
    before(async () => {
      const saved = new Map<string, string>();
      for (const one of cases)
        for (const [purpose, code] of programs(one, language))
          if (code !== null) saved.set(`${one.protocol}${one.variant ?? ''}-${purpose}`, code);
      await workshop.save(language.name, language.file, saved);
    });

    for (const one of cases) {
      const isUnable = one.variant === 'SM2' && language.lacks.includes('sm2');
      const title = `${one.protocol} ${one.variant ?? ''}`.trim();
      test(`${title}: orders, asks, gives back or pays out, and tells a true notice from a spoiled one`, {
        skip: isUnable ? `${language.title} has no SM2 of its own, and the page says so` : false,
      }, async () => {
        const keys = await one.keys();
        const run = (purpose: SamplePurpose, environment: Environment, input?: string) =>
          workshop.run(
            language.name,
            language.file,
            `${one.protocol}${one.variant ?? ''}-${purpose}`,
            { ...keys, ...environment },
            input,
          );
        const no = one.number('S');
        const notifyUrl = `${scene.receiver.url}/${no}`;
        const more = (await one.ordering?.()) ?? {};
        const ordered = await run('pay', { ORDER_NO: no, NOTIFY_URL: notifyUrl, ...more });
        assertRan(ordered, 'pay');
        const order = await shown(scene, no);
        assert.deepEqual(
          [textAt(order, 'amount', 'minor'), textAt(order, 'amount', 'currency'), textAt(order, 'protocol')],
          [one.amount.minor, one.amount.currency, one.protocol],
          ordered.out,
        );

        await one.pay(no, ordered.out);
        const notices = () => scene.receiver.all.filter(({ path }) => path.startsWith(`/${no}`));
        await until(`the notice of ${no}`, () => notices().length > 0);
        const [got] = notices();
        assert.ok(got);
        const told = await run('notice', one.noticeOf(got), got.body);
        assertRan(told, 'notice');
        assert.match(told.out, /^accepted/);
        const spoiled = got.body.replace(no, `${no.slice(0, -1)}x`);
        assert.notEqual(spoiled, got.body);
        const refused = await run('notice', one.noticeOf(got), spoiled);
        assert.match(refused.out, /^refused/, refused.err);
        assert.equal(refused.code, 1);

        const asked = await run('query', { ORDER_NO: no });
        assertRan(asked, 'query');
        assert.match(asked.out, one.paidWord);

        if (one.refund !== undefined) {
          const refundNo = one.number('R');
          const given = await run('refund', { ORDER_NO: no, REFUND_NO: refundNo, NOTIFY_URL: notifyUrl });
          assertRan(given, 'refund');
          const refund = await shown(scene, refundNo);
          assert.equal(textAt(refund, 'amount', 'minor'), one.refund, given.out);
        }
        if (one.payout !== undefined) {
          const payoutNo = one.number('P');
          const sent = await run('pay-out', { ORDER_NO: payoutNo, NOTIFY_URL: notifyUrl });
          assertRan(sent, 'pay-out');
          assert.equal(textAt(await shown(scene, payoutNo), 'amount', 'minor'), one.payout, sent.out);
        }
      });
    }
  });
}
