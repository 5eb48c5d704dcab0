/**
 * Every way a merchant of one protocol can be paid (or pay out) through a channel of another, probed: the merchant's request is
 * written, signed, verified and read as the gateway does it, and the channel is asked whether it can say what came out.
 * docs/generated/matrix.md shows them, test/e2e/matrix.test.ts goes each of them.
 */
import { generateKeyPairSync } from 'node:crypto';
import { banks, banksOf } from '../core/banks.ts';
import type { Ask, CommandName, Method, Pay, PayOut, SignAgreement } from '../core/commands.ts';
import { offersIn, oneCodeMethods } from '../core/desk-offers.ts';
import { type Currency, money } from '../core/money.ts';
import { endpointFor } from '../edge/call.ts';
import { privatePem, publicPem } from '../edge/make-keys.ts';
import { keysAtHand } from '../edge/party-keys.ts';
import { isSm2, partyNames } from '../edge/party-file.ts';
import { sceneOf } from '../edge/serve.ts';
import { anyAgreement, anyPhone } from '../flows/payable.ts';
import { withWallet } from '../flows/pay.ts';
import { channelProtocols, merchantProtocols } from '../protocols/all.ts';
import type { AnyEndpoint, EndpointOf, Keys, Protocol } from '../protocols/protocol.ts';
import { whyUnable } from './ability.ts';
import { demos } from './demo/all.ts';

export interface Way {
  /** Protocol and endpoint of the merchant's request. */
  readonly merchant: string;
  readonly endpoint: string;
  /** What the merchant asks for, and which of it: "virtual-account" "BNI", "bank-transfer" "OVO", "one-code" "ALIPAY". */
  readonly method: string;
  readonly option: string;
  readonly currency: Currency;
  /** What the channel is asked to do, as the gateway understood the merchant's request. */
  readonly ask: Pay | PayOut;
  /** Left to the payer by the merchant: the order exists before anything is chosen. */
  readonly isPayersChoice: boolean;
}

export interface Crossing extends Way {
  readonly channel: string;
  /** null = it is carried out; else why it is refused. */
  readonly why: string | null;
  /** Can the merchant ask for a refund, and the channel carry it out? */
  readonly refunds: boolean;
}

/** Settings of the merchants that ask, where the document's own defaults leave a wallet out. */
const merchantSettings: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  fufu: { extraChannels: 'true' },
};

const still = { now: () => Date.UTC(2030, 0, 2, 3, 4, 5), nonce: (bytes: number) => new Uint8Array(bytes).fill(7) };
const orderNo = '20300102crossing1';

/** All of them, in the order of the protocol lists. */
export function crossings(): readonly Crossing[] {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const pair = { private: privatePem(privateKey), public: publicPem(publicKey) };
  return merchantProtocols.flatMap((merchant) => {
    const speaker = speakerOf(merchant, pair);
    const signs = signing(speaker);
    return waysOf(speaker).flatMap((way) =>
      channelProtocols.map((channel) => ({
        ...way,
        channel: channel.name,
        why: signs === null ? whyNot(channel, way) : (whyUnsigned(channel, signs) ?? whyNot(channel, way)),
        refunds: hasRefund(merchant) && hasRefund(channel),
      })),
    );
  });
}

function hasRefund({ endpoints }: Protocol): boolean {
  return endpoints.some(({ command }) => command === 'refund');
}

// ── the merchant's side ─────────────────────────────────────────────────────────────────────────────────────────────

/** A merchant's protocol with keys that are those of both sides. */
interface Speaker {
  readonly protocol: Protocol;
  readonly keys: Keys;
}

function speakerOf(protocol: Protocol, pair: { readonly private: string; readonly public: string }): Speaker {
  const own = protocol.keys.filter(({ name }) => !isSm2(name));
  const keys = Object.fromEntries(
    own.map(({ name, kind }) => [
      name,
      kind === 'text' ? `k${'0'.repeat(39)}` : pair[kind === 'private-key' ? 'private' : 'public'],
    ]),
  );
  return {
    protocol,
    keys: keysAtHand(protocol, {
      sender: partyNames(protocol.name).make(still.nonce),
      keys,
      settings: merchantSettings[protocol.name] ?? {},
    }),
  };
}

/** Before the paths of the document, where it wants something there. */
const contexts: Readonly<Record<string, string>> = { unified: '/bluepay-service' };

/** The ask as the gateway reads it out of the merchant's signed request. */
function heard<C extends CommandName>(
  { protocol, keys }: Speaker,
  command: C,
  ask: Ask<C>,
): { row: AnyEndpoint; ask: Ask<C> } {
  const said = endpointFor(protocol, command, ask);
  const row = protocol.endpoints.find(({ name }) => name === said?.name);
  if (!said || !row) throw new Error(`${protocol.name} merchants have no ${command} for this`);
  const saying = sceneOf(still, row, keys, null, `https://gateway.test${contexts[protocol.name] ?? ''}${row.path}`);
  const wire = protocol.request.seal(said.ask.write(ask, saying), saying);
  const { pathname, search } = new URL(wire.target);
  const inbound = { ...wire, target: pathname + search, remote: '192.0.2.1' };
  const claim = protocol.identify(inbound);
  if (claim?.endpoint.name !== row.name) throw new Error(`${protocol.name} does not know its own ${row.name}`);
  const scene = sceneOf(still, row, keys, null);
  const opened = protocol.request.open(inbound, scene);
  const endpoint = row as EndpointOf<CommandName>;
  return { row, ask: endpoint.ask.read(opened, scene) as Ask<C> };
}

/** A usual amount per currency, within every limit; none of a twin's magic ones. */
const usual: Readonly<Record<Currency, bigint>> = {
  IDR: 20_000n,
  CNY: 1_280n,
  THB: 20_000n,
  HKD: 5_000n,
  USD: 1_280n,
  JPY: 1_500n,
};

/** How a wallet's payment codes look. */
const paymentCodes: Readonly<Record<string, string>> = {
  ALIPAY: '288886863488188613',
  WECHAT: '134567890123456789',
  BESTPAY: '510123456789012345',
  UNIONPAY: '6212345678901234567',
};

function payOf(method: Pay['method'], option: string | null, currency: Currency): Pay {
  const isInApp = method === 'in-app';
  return {
    orderNo,
    amount: money(usual[currency], currency),
    method,
    option,
    subject: 'Kanal',
    payer: {
      name: 'Reza Wijaya',
      phone: '6282197662283',
      email: null,
      country: null,
      walletUser: 'o1234567890123456789012345678',
    },
    notify: { kind: 'http', url: 'https://shop.test/notify' },
    returnUrl: null,
    expiresInS: 3_600,
    authCode: method === 'barcode' ? (paymentCodes[option ?? ''] ?? null) : null,
    agreementNo: method === 'quick-pay' ? 'K1234567890123456789' : null,
    ...(method === 'quick-pay'
      ? { agreementUse: { userId: 'user-1', payeeNo: 'shop-1', expiry: null, cvv: null, instalments: null } }
      : {}),
    walletUser: isInApp
      ? { userId: '2088102146225135', appId: option === 'WECHAT' ? 'wx0123456789abcdef' : null }
      : null,
    extras: {},
  };
}

function waysOf(speaker: Speaker): Way[] {
  const asked = speaker.protocol.capabilities.filter(({ sides }) => sides !== 'carry-out');
  return asked.flatMap(({ method, options, currencies }) =>
    currencies.flatMap((currency) => {
      if (method === 'bank-transfer') return payouts(speaker, currency);
      if (method === 'any') return payersChoices(speaker, currency);
      return (options ?? [null]).map((option) => payWay(speaker, method, option, currency));
    }),
  );
}

function payWay(speaker: Speaker, method: Method, option: string | null, currency: Currency): Way {
  const { row, ask } = heard(speaker, 'pay', payOf(method, option, currency));
  return {
    merchant: speaker.protocol.name,
    endpoint: row.name,
    method,
    option: option ?? '',
    currency,
    ask: withWallet(ask),
    isPayersChoice: false,
  };
}

/** What the payer is offered on our page: each offer of our desk, and on a one-code page each wallet before them. */
function payersChoices(speaker: Speaker, currency: Currency): Way[] {
  const { protocol } = speaker;
  const { row, ask } = heard(speaker, 'pay', payOf('any', null, currency));
  const known = { merchant: protocol.name, endpoint: row.name, currency, isPayersChoice: true };
  const byWallet = protocol.conduct?.oneCodePage === true ? Object.keys(paymentCodes) : [];
  return [
    ...byWallet.map((option) => ({ ...known, method: 'one-code', option, ask: { ...ask, option } })),
    ...offersIn(currency).map(({ method, option }) => {
      const payer = { ...ask.payer, phone: ask.payer.phone ?? anyPhone };
      const card = method === 'quick-pay' ? anyAgreement : {};
      const chosen = { ...ask, ...card, method, option, payer };
      return { ...known, method: `desk: ${method}`, option: option ?? '', ask: chosen };
    }),
  ];
}

/** Banks by the caller's own names for them; virtual accounts where its language has such a word. */
function payouts(speaker: Speaker, currency: Currency): Way[] {
  const columns = { payin: 'payin.bankId', unified: 'bluepay.payeeBankName' } as const;
  const { name } = speaker.protocol;
  const column = Object.hasOwn(columns, name) ? columns[name as keyof typeof columns] : null;
  const known =
    column === null ? banks.filter(({ purposes }) => purposes.includes('pay-out')) : banksOf(column, 'pay-out');
  const account = (bank: string, accountKind: 'bank-account' | 'virtual-account'): Way => {
    const { row, ask } = heard(speaker, 'pay-out', payOutOf(bank, accountKind, currency));
    const method = accountKind === 'bank-account' ? 'bank-transfer' : 'bank-transfer to a virtual account';
    return { merchant: name, endpoint: row.name, method, option: bank, currency, ask, isPayersChoice: false };
  };
  const plain = known.map(({ code }) => account(code, 'bank-account'));
  const virtual = known.map(({ code }) => {
    try {
      const way = account(code, 'virtual-account');
      return 'payee' in way.ask && way.ask.payee.accountKind === 'virtual-account' ? way : null;
    } catch {
      // The merchant's own language refuses it: nobody can ask for that.
      return null;
    }
  });
  return [...plain, ...virtual.filter((way) => way !== null)];
}

function payOutOf(bank: string, accountKind: PayOut['payee']['accountKind'], currency: Currency): PayOut {
  return {
    orderNo,
    amount: money(usual[currency], currency),
    payee: {
      name: 'Afif Asrif',
      phone: '6282197662283',
      email: null,
      country: 'ID',
      bank,
      account: '1077098557',
      accountName: 'Afif Asrif',
      kind: 'person',
      accountKind,
    },
    subject: 'salary',
    notify: { kind: 'http', url: 'https://shop.test/notify' },
    extras: {},
  };
}

/** What a merchant of quick pay asks before anything else; null for all others. */
function signing(speaker: Speaker): SignAgreement | null {
  if (!speaker.protocol.endpoints.some(({ command }) => command === 'sign-agreement')) return null;
  const ask: SignAgreement = {
    orderNo,
    userId: 'user-1',
    payer: { name: '张三', phone: '8613800138000', email: null, country: 'CN' },
    card: { number: '6228480402564890018', idNumber: '110101199003070011', expiry: null, cvv: null },
    payeeNo: 'shop-1',
    scope: 'one-payee',
    extras: {},
  };
  return heard(speaker, 'sign-agreement', ask).ask;
}

// ── the channel's side ──────────────────────────────────────────────────────────────────────────────────────────────

/** The sandbox's channel: its settings decide what it can do. Its keys do not matter, nothing is signed here. */
function keysOf(channel: Protocol): Keys {
  const known = channelKeys.get(channel.name);
  if (known) return known;
  const made = Object.values(demos).map((demo) => demo.channel(still));
  const settings = made.find(({ protocol }) => protocol === channel.name)?.settings ?? {};
  const keys = keysAtHand(channel, { sender: '2257', keys: {}, settings });
  channelKeys.set(channel.name, keys);
  return keys;
}
const channelKeys = new Map<string, Keys>();

function whyUnsigned(channel: Protocol, ask: SignAgreement): string | null {
  return whyUnable(still, channel, keysOf(channel), 'sign-agreement', ask);
}

function whyNot(channel: Protocol, { method, ask }: Way): string | null {
  const keys = keysOf(channel);
  if ('payee' in ask) return whyUnable(still, channel, keys, 'pay-out', ask);
  if (method !== 'one-code') return whyUnable(still, channel, keys, 'pay', ask);
  const [first, ...others] = oneCodeMethods(false).map((way) =>
    whyUnable(still, channel, keys, 'pay', { ...ask, method: way }),
  );
  return others.includes(null) ? null : (first ?? null);
}
