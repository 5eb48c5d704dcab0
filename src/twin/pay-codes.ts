/** Pay codes that look right: virtual account numbers, store codes, QR payloads, SMS codes. Randomness comes in as `nonce`. */
import type { Method } from '../core/commands.ts';
import type { Money } from '../core/money.ts';

export type Nonce = (bytes: number) => Uint8Array;

export function digits(count: number, nonce: Nonce): string {
  const random = BigInt(`0x${Buffer.from(nonce(count)).toString('hex')}`);
  return (random % 10n ** BigInt(count)).toString().padStart(count, '0');
}

/** First digits of a bank's virtual accounts. */
const bankPrefixes: Readonly<Record<string, string>> = {
  PERMATA: '8359',
  BNI: '8808',
  MANDIRI: '8860',
  BCA: '3935',
  BRI: '8870',
  CIMB: '5919',
  BERSAMA: '4510',
};
/** First digits of a store chain's payment codes. */
const storePrefixes: Readonly<Record<string, string>> = { ALFAMART: '777', INDOMARET: '888' };

type MakeCode = (option: string, amount: Money, nonce: Nonce) => string;

const codes: Readonly<Partial<Record<Method | 'any', MakeCode>>> = {
  'virtual-account': (option, _amount, nonce) => (bankPrefixes[option] ?? '9000') + digits(12, nonce),
  'store-code': (option, _amount, nonce) => (storePrefixes[option] ?? '700') + digits(10, nonce),
  'in-app': (option, _amount, nonce) => (option === 'WECHAT' ? wechatCall(nonce) : `20${digits(26, nonce)}`),
  qr: (_option, { currency, minor }, nonce) => (currency === 'IDR' ? qris(minor, digits(12, nonce)) : plainQr(nonce)),
};

/** What the payer types or scans; null for methods that need nothing of the kind. */
export function payCodeFor(method: Method | 'any', option: string | null, amount: Money, nonce: Nonce): string | null {
  return codes[method]?.(option ?? '', amount, nonce) ?? null;
}

/** What WeChat's bridge is called with, in the shape aggregators pass it on: seconds, and a signature nobody here checks. */
function wechatCall(nonce: Nonce): string {
  const hex = (bytes: number) => Buffer.from(nonce(bytes)).toString('hex');
  return JSON.stringify({
    appId: `wx${hex(8)}`,
    timeStamp: `17${digits(8, nonce)}`,
    status: '0',
    signType: 'MD5',
    package: `prepay_id=wx${digits(14, nonce)}${hex(10)}`,
    callback_url: null,
    nonceStr: hex(8),
    paySign: hex(16).toUpperCase(),
  });
}

/** Chinese and Thai codes are links; this one leads nowhere, `_twin/pay` and the payer page know it. */
function plainQr(nonce: Nonce): string {
  return `https://qr.twin.example/${Buffer.from(nonce(12)).toString('hex')}`;
}

/** Tag, two digits of length, value: EMV merchant-presented QR. */
function tlv(tag: string, value: string): string {
  return `${tag}${String(value.length).padStart(2, '0')}${value}`;
}

/** A dynamic QRIS payload (EMVCo QRCPS, merchant presented) with a valid checksum. `bill` makes it unique. */
export function qris(minor: bigint, bill: string): string {
  const account = tlv('00', 'COM.TWIN.WWW') + tlv('01', '936000000000000018') + tlv('02', bill) + tlv('03', 'UMI');
  const national = tlv('00', 'ID.CO.QRIS.WWW') + tlv('02', 'ID1020000000018') + tlv('03', 'UMI');
  const text =
    tlv('00', '01') +
    tlv('01', '12') +
    tlv('26', account) +
    tlv('51', national) +
    tlv('52', '5999') +
    tlv('53', '360') +
    tlv('54', minor.toString()) +
    tlv('58', 'ID') +
    tlv('59', 'TWIN STORE') +
    tlv('60', 'JAKARTA') +
    tlv('61', '10110') +
    tlv('62', tlv('01', bill)) +
    '6304';
  return text + crc16(text);
}

/** CRC-16/CCITT-FALSE of ASCII text, four upper-case hex digits, as tag 63 wants it. */
export function crc16(text: string): string {
  let crc = 0xffff;
  for (const byte of Buffer.from(text, 'latin1')) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? ((crc << 1) ^ 0x1021) & 0xffff : (crc << 1) & 0xffff;
  }
  return crc.toString(16).toUpperCase().padStart(4, '0');
}
