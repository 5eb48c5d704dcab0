/**
 * A party's keys as people hand them around: the protocol's part of the sandbox document. It is written from the merchant's
 * side (its private key, the platform's public key), so the same file makes a channel, a client and a twin's merchant.
 */
import { Refusal } from '../core/refusal.ts';
import type { KeySpec, Protocol } from '../protocols/protocol.ts';

/** How a protocol calls its parties, and what such a name may look like. */
interface PartyNames {
  /** Member of the file that holds the sender. */
  readonly sender: string;
  readonly pattern: RegExp;
  make(nonce: (bytes: number) => Uint8Array): string;
  /** Members its owner needs beside sender and keys, where no setting says otherwise. */
  readonly more?: (sender: string) => Readonly<Record<string, string>>;
  /** File member → key name, where they differ. */
  readonly keys?: Readonly<Record<string, string>>;
}

function digits(count: number, nonce: (bytes: number) => Uint8Array): string {
  const number = BigInt(`0x${Buffer.from(nonce(16)).toString('hex')}`) % 10n ** BigInt(count - 1);
  // Never a leading zero: some of them are read as numbers on the way.
  return `${1 + ((nonce(1)[0] ?? 0) % 9)}${number.toString().padStart(count - 1, '0')}`;
}

const parties: Readonly<Record<string, PartyNames>> = {
  unified: {
    sender: 'keyId',
    pattern: /^(?:[a-z0-9]{8,32}|@[A-Za-z0-9_-]{1,64})$/,
    make: (nonce) => `k${Buffer.from(nonce(8)).toString('hex')}`,
    // Any context is served; the document names the usual one.
    more: () => ({ context: 'bluepay-service' }),
  },
  bluepay: { sender: 'productId', pattern: /^[0-9]{1,16}$/, make: (nonce) => digits(6, nonce) },
  payin: { sender: 'merchantId', pattern: /^[0-9]{1,19}$/, make: (nonce) => digits(7, nonce) },
  bestpay: {
    sender: 'institutionCode',
    pattern: /^[0-9A-Za-z_.-]{1,64}$/,
    make: (nonce) => digits(16, nonce),
    // Whoever was not given shops of its own trades under its own number.
    more: (institutionCode) => ({ merchantNo: institutionCode }),
  },
  ysepay: { sender: 'partnerId', pattern: /^[0-9A-Za-z_.@-]{1,20}$/, make: (nonce) => `ys${digits(12, nonce)}` },
  fufu: { sender: 'busiId', pattern: /^[0-9A-Za-z_-]{1,32}$/, make: (nonce) => digits(15, nonce) },
};
const anyParty: PartyNames = {
  sender: 'sender',
  pattern: /^[\x21-\x7e]{1,64}$/,
  make: (nonce) => digits(16, nonce),
};

export function partyNames(protocol: string): PartyNames {
  return parties[protocol] ?? anyParty;
}

/** Which of two key pairs a name speaks of: ysepay has an RSA and an SM2 one side by side. */
export function isSm2(name: string): boolean {
  return /sm2/i.test(name);
}

function specOf(protocol: Protocol, kind: KeySpec['kind'], ofSm2: boolean): KeySpec | undefined {
  return protocol.keys.find((spec) => spec.kind === kind && isSm2(spec.name) === ofSm2);
}

/** PEM members of the document, in the merchant's words, and which of its keys they are. */
const pemMembers = [
  { member: 'privateKeyPem', kind: 'private-key', ofSm2: false },
  { member: 'sm2PrivateKeyPem', kind: 'private-key', ofSm2: true },
  { member: 'platformPublicKeyPem', kind: 'public-key', ofSm2: false },
  { member: 'platformSm2PublicKeyPem', kind: 'public-key', ofSm2: true },
] as const;

/** What a file says about a party that speaks to somebody else's platform. */
export interface PartyFile {
  readonly sender: string | null;
  readonly keys: Readonly<Record<string, string>>;
  readonly settings: Readonly<Record<string, string>>;
}

/** Reads the protocol's JSON. Unknown members are refused: a misspelt key name must not go unnoticed. */
export function readPartyFile(protocol: Protocol, file: Readonly<Record<string, unknown>>): PartyFile {
  const names = partyNames(protocol.name);
  let sender: string | null = null;
  const keys: Record<string, string> = {};
  const settings: Record<string, string> = {};
  for (const [member, value] of Object.entries(file)) {
    if (member === 'headers') {
      const split = apiKeyHeader(value);
      sender = split.keyId;
      keys['apiKey'] = split.secret;
      continue;
    }
    if (typeof value !== 'string') throw new Refusal('invalid-request', { field: member, text: 'must be a text' });
    const pem = pemMembers.find((row) => row.member === member);
    const key = pem
      ? specOf(protocol, pem.kind, pem.ofSm2)?.name
      : protocol.keys.find(({ name }) => name === member)?.name;
    if (member === names.sender || member === 'sender') sender = value;
    else if (key !== undefined) keys[key] = value;
    else if (protocol.settings.some(({ name }) => name === member)) settings[member] = value;
    else if (!Object.hasOwn(names.more?.('') ?? {}, member))
      throw new Refusal('invalid-request', { field: member, text: `${protocol.name} has no such member` });
  }
  return { sender, keys, settings };
}

function apiKeyHeader(value: unknown): { keyId: string; secret: string } {
  const headers: Readonly<Record<string, unknown>> = typeof value === 'object' && value !== null ? { ...value } : {};
  const text = headers['x-api-key'];
  const match = /^([^.]+)\.(.+)$/.exec(typeof text === 'string' ? text : '');
  if (!match) throw new Refusal('invalid-request', { field: 'headers', text: 'x-api-key must be <key id>.<secret>' });
  return { keyId: match[1] ?? '', secret: match[2] ?? '' };
}

/** The document of a credential for its owner. `shown` is by the names below: text keys, and the PEM members above. */
export function writePartyFile(
  protocol: Protocol,
  sender: string,
  shown: Readonly<Record<string, string>>,
  settings: Readonly<Record<string, string>>,
): Record<string, unknown> {
  const { sender: member, more } = partyNames(protocol.name);
  const said = { ...more?.(sender), ...settings };
  if (protocol.name !== 'unified') return { [member]: sender, ...said, ...shown };
  const { apiKey, ...rest } = shown;
  const headers = apiKey === undefined ? {} : { 'x-api-key': `${sender}.${apiKey}` };
  return { ...said, headers, ...rest };
}

/** The name under which its owner sees the other half of a key pair of ours, or its own private key. */
export function pemMember(kind: 'private-key' | 'public-key', ofSm2: boolean): string {
  return pemMembers.find((row) => row.kind === kind && row.ofSm2 === ofSm2)?.member ?? 'pem';
}
