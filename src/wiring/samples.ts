/** A ready signed `curl` per protocol: sealed by the protocol itself with the demo merchant's keys, so that it works when pasted. */
import type { Ask, CommandName, Pay } from '../core/commands.ts';
import { money } from '../core/money.ts';
import type { World } from '../core/world.ts';
import { endpointFor } from '../edge/call.ts';
import { readPartyFile } from '../edge/party-file.ts';
import { keysAtHand } from '../edge/party-keys.ts';
import { sceneOf } from '../edge/serve.ts';
import { merchantProtocols, protocolNamed } from '../protocols/all.ts';
import type { EndpointOf, Keys, Protocol, RequestWire } from '../protocols/protocol.ts';
import { plainKeys } from './plain-keys.ts';
import type { SandboxMerchant } from './sandbox.ts';

export interface Sample {
  readonly protocol: string;
  readonly about: string;
  readonly command: string;
}

/** Keys that a sandbox merchant signs with, as its own side of the protocol. */
export function merchantKeys(protocol: string, merchant: SandboxMerchant): Keys | null {
  const { unified, payin, fufu, ysepay } = merchant.protocols;
  const [keyId = '', apiKey = ''] = unified.headers['x-api-key'].split('.');
  const plain = (sender: string, secrets: Readonly<Record<string, string>>, settings = {}) =>
    plainKeys(protocolNamed(protocol), sender, secrets, settings);
  if (protocol === 'unified') return plain(keyId, { apiKey }, { context: unified.context });
  if (protocol === 'payin') return plain(payin.merchantId, { apiKey: payin.apiKey });
  if (protocol === 'fufu') return plain(fufu.busiId, { key: fufu.key });
  if (protocol === 'ysepay')
    return plain(ysepay.partnerId, {
      privateKey: ysepay.privateKeyPem,
      publicKey: ysepay.platformPublicKeyPem,
      sm2PrivateKey: ysepay.sm2PrivateKeyPem,
      sm2PublicKey: ysepay.platformSm2PublicKeyPem,
    });
  return null;
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

export function sampleCommands(
  world: Pick<World, 'now' | 'nonce'>,
  baseUrl: string,
  merchant: SandboxMerchant,
): Sample[] {
  return merchantProtocols.flatMap((protocol) => {
    const demo = demos[protocol.name];
    const keys = merchantKeys(protocol.name, merchant);
    if (!demo || !keys) return [];
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
