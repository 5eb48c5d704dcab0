/** What the sandbox needs to know to show one protocol: a demo merchant, the channel behind it, and a sample request. */
import type { Ask, Pay } from '../../core/commands.ts';
import { money } from '../../core/money.ts';
import type { World } from '../../core/world.ts';
import { findRsaPair, type KeyPair, makePair, privatePem, publicPem } from '../../edge/make-keys.ts';
import { isSm2 } from '../../edge/party-file.ts';

type Chance = Pick<World, 'nonce'>;
type Texts = Readonly<Record<string, string>>;

export interface DemoMerchant<D> {
  /** What the merchant holds: its part of the sandbox document (interface.md). */
  readonly document: D;
  /** What we hold towards it. */
  readonly sender: string;
  readonly secrets: Texts;
  readonly settings?: Texts;
}

export interface DemoChannel {
  readonly protocol: string;
  readonly sender: string;
  readonly secrets: Texts;
  readonly settings: Texts;
  /** Secrets of the other side, the twin's, where the two sides do not share them. */
  readonly twin?: Texts;
}

export type SampleAsk =
  | { readonly command: 'pay'; readonly ask: Ask<'pay'> }
  | { readonly command: 'sign-agreement'; readonly ask: Ask<'sign-agreement'> };

export interface Demo<D> {
  readonly protocol: string;
  /** `number` tells the two demo merchants apart. */
  merchant(number: string, chance: Chance): DemoMerchant<D>;
  /** Where the merchant's methods go, and what that channel's settings are: as much as it can do. */
  channel(chance: Chance): DemoChannel;
  readonly sample: { readonly about: string; ask(orderNo: string): SampleAsk };
}

/** Gives a demo its exact document type. */
export function demo<D>(row: Demo<D>): Demo<D> {
  return row;
}

const alphabet = 'abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789';

/** A secret that begins with these letters. */
export function demoKey({ nonce }: Chance, letters: string, length = 40): string {
  return `${letters}${[...nonce(length)].map((byte) => alphabet[byte % alphabet.length]).join('')}`;
}

interface PemPair {
  readonly privatePem: string;
  readonly publicPem: string;
}
const pairs = new Map<string, PemPair>();

/**
 * RSA pairs take long to find: one per name and process, so that every data folder has its own and tests do not wait. A name
 * with `sm2` in it is a pair on that curve.
 */
export function demoPair(name: string): PemPair {
  return pairs.get(name) ?? keepPair(name, makePair(isSm2(name)));
}

function keepPair(name: string, { privateKey, publicKey }: KeyPair): PemPair {
  const made = { privatePem: privatePem(privateKey), publicPem: publicPem(publicKey) };
  pairs.set(name, made);
  return made;
}

/** Who has an RSA pair in the sandbox: our own side, the demo merchants, and both ends of the channels. Protocols share them. */
export const merchantNumbers = ['1002001', '1002002'] as const;

/** Finds the RSA pairs of a first start on other threads, while the database is being made. */
export async function findDemoPairs(): Promise<void> {
  const names = ['platform', ...merchantNumbers, 'channel', 'twin'].map((name) => `rsa/${name}`);
  await Promise.all(names.map(async (name) => keepPair(name, await findRsaPair())));
}

/** A payment as the samples have it; each protocol changes what it shows. */
export function samplePay(orderNo: string, changes: Partial<Pay>): SampleAsk {
  const ask: Pay = {
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
  return { command: 'pay', ask };
}
