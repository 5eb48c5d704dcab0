/** A ready signed `curl` per protocol: sealed by the protocol itself with the demo merchant's keys, so that it works when pasted. */
import type { Ask, CommandName, Pay, SignAgreement } from '../core/commands.ts';
import { money } from '../core/money.ts';
import type { World } from '../core/world.ts';
import { endpointFor } from '../edge/call.ts';
import { readPartyFile } from '../edge/party-file.ts';
import { keysAtHand } from '../edge/party-keys.ts';
import { sceneOf } from '../edge/serve.ts';
import { merchantProtocols, protocolNamed } from '../protocols/all.ts';
import type { EndpointOf, Keys, Protocol, RequestWire } from '../protocols/protocol.ts';
import type { SandboxMerchant } from './sandbox.ts';

export interface Sample {
  readonly protocol: string;
  readonly about: string;
  readonly command: string;
}

/** Keys that a sandbox merchant signs with, as its own side of the protocol. */
export function merchantKeys(protocol: string, merchant: SandboxMerchant): Keys | null {
  const file = Object.entries(merchant.protocols).find(([name]) => name === protocol)?.[1];
  if (!file) return null;
  const found = protocolNamed(protocol);
  return keysAtHand(found, readPartyFile(found, { ...file }));
}

/** One request of a merchant against a base URL, signed. Null when the protocol has no endpoint for the ask. */
export function sealAsk<C extends CommandName>(
  world: Pick<World, 'now' | 'nonce'>,
  protocol: Protocol,
  keys: Keys,
  baseUrl: string,
  command: C,
  ask: Ask<C>,
): { readonly wire: RequestWire; readonly endpoint: EndpointOf<C> } | null {
  const endpoint = endpointFor(protocol, command, ask);
  const row = protocol.endpoints.find((one) => one.name === endpoint?.name);
  if (!endpoint || !row) return null;
  const scene = sceneOf(world, row, keys, null, `${baseUrl}${endpoint.path}`);
  return { wire: protocol.request.seal(endpoint.ask.write(ask, scene), scene), endpoint };
}

function demoPay(orderNo: string, changes: Partial<Pay>): Pay {
  return {
    orderNo,
    amount: money(20_000n, 'IDR'),
    method: 'qr',
    option: 'QRIS',
    subject: 'Demo order',
    payer: { name: 'Reza Wijaya', phone: '6285812345678', email: null, country: 'ID' },
    notify: { kind: 'http', url: 'http://127.0.0.1:9999/notify' },
    returnUrl: null,
    expiresInS: 3600,
    authCode: null,
    agreementNo: null,
    extras: {},
    ...changes,
  };
}

const demos: Readonly<Record<string, { readonly about: string; readonly ask: (orderNo: string) => Pay }>> = {
  payin: { about: 'collect Rp 20.000 by QRIS', ask: (orderNo) => demoPay(orderNo, {}) },
  bestpay: {
    about: "take ¥ 12.80 from the payment code on somebody's phone",
    ask: (orderNo) =>
      demoPay(orderNo, {
        amount: money(1_280n, 'CNY'),
        method: 'barcode',
        option: 'BESTPAY',
        subject: '咖啡 x2',
        authCode: '510123456789012345',
        expiresInS: 120,
      }),
  },
  fufu: {
    about: "take ¥ 2.50 from the payment code on somebody's phone",
    ask: (orderNo) =>
      demoPay(orderNo, {
        amount: money(250n, 'CNY'),
        method: 'barcode',
        option: 'ALIPAY',
        subject: '测试商品1',
        authCode: '288886863488188613',
        notify: null,
      }),
  },
  unified: {
    about: 'collect Rp 20.000 by a Permata virtual account',
    ask: (orderNo) => demoPay(orderNo, { method: 'virtual-account', option: 'PERMATA' }),
  },
};

/** Where paying needs an agreement first, the sample signs one. */
function demoSigning(orderNo: string): SignAgreement {
  return {
    orderNo,
    userId: 'user-0001',
    payer: { name: '张三', phone: '8613800138000', email: null, country: 'CN' },
    card: { number: '6228480402564890018', idNumber: '110101199003070011', expiry: null, cvv: null },
    payeeNo: 'kanal-demo',
    scope: 'any-payee',
    extras: {},
  };
}

function signingSample(world: Pick<World, 'now' | 'nonce'>, baseUrl: string, protocol: Protocol, keys: Keys): Sample[] {
  const orderNo = protocol.numbers.reference('agreement', 0, (bytes) => world.nonce(bytes), world.now());
  const sealed = sealAsk(world, protocol, keys, baseUrl, 'sign-agreement', demoSigning(orderNo));
  const about = 'sign an agreement to charge a card, for the ten minutes that its time stamp is good for';
  return sealed ? [{ protocol: protocol.name, about, command: curlOf(sealed.wire) }] : [];
}

export function sampleCommands(
  world: Pick<World, 'now' | 'nonce'>,
  baseUrl: string,
  merchant: SandboxMerchant,
): Sample[] {
  return merchantProtocols.flatMap((protocol) => {
    const demo = demos[protocol.name];
    const keys = merchantKeys(protocol.name, merchant);
    if (!keys) return [];
    if (!demo) return signingSample(world, baseUrl, protocol, keys);
    const orderNo = `DEMO${Buffer.from(world.nonce(6)).toString('hex')}`;
    const sealed = sealAsk(
      world,
      protocol,
      keys,
      sampleBase(protocol.name, baseUrl, merchant),
      'pay',
      demo.ask(orderNo),
    );
    return sealed ? [{ protocol: protocol.name, about: demo.about, command: curlOf(sealed.wire) }] : [];
  });
}

/** Unified lives below a context path; the others at the root. */
export function sampleBase(protocol: string, baseUrl: string, merchant: SandboxMerchant): string {
  return protocol === 'unified' ? `${baseUrl}/${merchant.protocols.unified.context}` : baseUrl;
}

/** The request as a shell command; single quotes in values are escaped for the shell. */
export function curlOf(wire: RequestWire): string {
  const quote = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;
  const headers = wire.headers.map(([name, value]) => `-H ${quote(`${name}: ${value}`)}`);
  const body = wire.body.length > 0 ? [`--data-binary ${quote(Buffer.from(wire.body).toString('utf8'))}`] : [];
  return ['curl -sS', quote(wire.target), ...headers, ...body].join(' ');
}
