/** The four legs. Requests and notices carry `sign` in the URL's query; replies are unsigned (row 24), the ack is a word. */
import { Refusal } from '../../core/refusal.ts';
import { type Fields, Obj, decodeUtf8, parseObject, writeJson } from '../json.ts';
import {
  type AckLeg,
  type AckWord,
  type Leg,
  type ReplyWire,
  type RequestWire,
  type Scene,
  opened,
  secret,
} from '../protocol.ts';
import { settingOf } from './settings.ts';
import { parseSign, signIn, signOf, verifies, withSign } from './signing.ts';

const jsonType = ['content-type', 'application/json; charset=UTF-8'] as const;

/** A JSON object whose member names hold no blanks: taking them out of the hashed text must not make two names one (T011). */
export function parsedBody(body: Uint8Array): Obj | null {
  try {
    const members = parseObject(body);
    return members !== null && hasPlainNames(members) ? members : null;
  } catch {
    // JsonError: whatever it was, it is no JSON object.
    return null;
  }
}

function hasPlainNames(value: unknown): boolean {
  if (Array.isArray(value)) return value.every(hasPlainNames);
  if (!(value instanceof Obj)) return true;
  return [...value].every(([name, member]) => /^[^\s\p{Cc}]{1,64}$/u.test(name) && hasPlainNames(member));
}

const noJson = () => new Refusal('invalid-request', { why: 'json', text: 'the body is no JSON object' });

function openSigned(wire: RequestWire, scene: Scene): ReturnType<typeof opened> {
  const members = parsedBody(wire.body);
  if (members === null) throw noJson();
  const sign = parseSign(signIn(wire.target) ?? '');
  if (sign === null || !verifies(sign, wire.body, scene.keys.secrets('key')))
    throw new Refusal('unauthenticated', { why: 'signature' });
  const windowMs = Number(settingOf(scene.keys, 'signWindowS')) * 1000;
  if (windowMs > 0 && Math.abs(scene.moment - Number(sign.timestamp)) > windowMs)
    throw new Refusal('unauthenticated', { why: 'time-stamp', text: 'the time stamp is too far from our clock' });
  return opened(members);
}

/** Serialises once, signs those bytes, sends those bytes. */
function sealSigned(members: Fields, scene: Scene): RequestWire {
  const body = new TextEncoder().encode(writeJson(members));
  const sign = signOf(scene.moment, secret(scene.keys, 'key'), body);
  // Operators name the documented base, which has our endpoints' first two steps in it already.
  const url = scene.url.replace(/\/gateway\/pay\/gateway\/pay\//, '/gateway/pay/');
  return { kind: 'request', method: 'POST', target: withSign(url, sign), headers: [jsonType], body, remote: '' };
}

const signature = {
  en: 'sign in the query = MD5(time stamp + key + body without blanks), a colon, the time stamp',
  zh: '查询参数 sign = MD5(时间戳 + 密钥 + 去除空白的报文体)，加冒号和时间戳',
  id: 'sign pada query = MD5(cap waktu + kunci + isi tanpa spasi), titik dua, cap waktu',
};

export const request: Leg<RequestWire> = { signature, open: openSigned, seal: sealSigned };
export const notice: Leg<RequestWire> = { signature, open: openSigned, seal: sealSigned };

export const reply: Leg<ReplyWire> = {
  signature: {
    en: 'unsigned (the document signs no replies)',
    zh: '不签名（文档不对应答签名）',
    id: 'tidak ditandatangani (dokumen tidak menandatangani jawaban)',
  },
  open(wire) {
    const members = parsedBody(wire.body);
    if (members === null) throw new Refusal('outcome-unknown', { text: 'the reply is not a JSON object' });
    return opened(members, { status: String(wire.status) });
  },
  seal: (members) => ({
    kind: 'reply',
    status: 200,
    headers: [jsonType],
    body: new TextEncoder().encode(writeJson(members)),
  }),
};

const ackWords: Readonly<Record<AckWord, string>> = { taken: 'SUCCESS', forged: 'INVALID_SIGN', again: 'FAIL' };

/** HTTP 200 and the word, whatever its letters, blanks and quotes (section 2.3, T048). */
export const ack: AckLeg = {
  signature: {
    en: 'unsigned (the word SUCCESS)',
    zh: '不签名（应答 SUCCESS）',
    id: 'tidak ditandatangani (kata SUCCESS)',
  },
  open: ({ status, body }) => status === 200 && saysSuccess(body),
  seal: (word) => ({
    kind: 'reply',
    status: 200,
    headers: [['content-type', 'text/plain; charset=UTF-8']],
    body: new TextEncoder().encode(ackWords[word]),
  }),
};

function saysSuccess(body: Uint8Array): boolean {
  if (body.length > 64) return false;
  try {
    return /^(["']?)success\1$/i.test(decodeUtf8(body).trim());
  } catch {
    // JsonError: not UTF-8, so not the word.
    return false;
  }
}
