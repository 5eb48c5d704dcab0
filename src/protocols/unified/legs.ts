/** The four legs of the unified API. Sections 1, 5 and rows 2, 19, 24 of section 10. */
import { Refusal } from '../../core/refusal.ts';
import { type Fields, JsonError, Obj, obj, parseObject, Raw, writeJson } from '../json.ts';
import {
  type AckLeg,
  header,
  type Headers,
  type Keys,
  type Leg,
  opened,
  type ReplyWire,
  type RequestWire,
} from '../protocol.ts';
import { isCallbackSigned, receivedCallback } from './notice.ts';
import { apiKeyOf, hasHmacHeaders, hmacHeaders, isSecretOf, noticeKeys, unauthorized, verifyHmac } from './signing.ts';

const json: Headers = [['content-type', 'application/json;charset=UTF-8']];

/** `/{context}/pay/{gather|loan|query}`; null for every other path. The context `gateway` belongs to another protocol. */
export function routeOf(target: string): { readonly context: string; readonly name: string } | null {
  const match = /^\/([A-Za-z0-9_-]{1,64})\/pay\/(gather|loan|query)(?:\?|$)/.exec(target);
  if (!match || match[1] === 'gateway') return null;
  return { context: match[1] ?? '', name: match[2] ?? '' };
}

function malformed(text: string): Refusal {
  return new Refusal('invalid-request', { why: 'malformed', text });
}

function parsed(body: Uint8Array): Fields {
  try {
    const members = parseObject(body);
    if (members === null) throw malformed('the body is not a JSON object');
    return members;
  } catch (error) {
    throw error instanceof JsonError ? malformed('the body is not JSON') : error;
  }
}

/** One type, UTF-8 only (T071). */
function checkContentType(headers: Headers): void {
  if (!/^application\/json(?:\s*;\s*charset="?utf-?8"?)?\s*;?$/i.test(header({ headers }, 'content-type') ?? ''))
    throw malformed('content-type must be application/json');
}

/** Who speaks, before what is said: the key (or, for an opened context, no key), the context, then the HMAC. */
function authenticate(wire: RequestWire, keys: Keys, moment: number): void {
  const key = apiKeyOf(wire.headers);
  if (key === null ? !keys.sender.startsWith('@') : key.keyId !== keys.sender || !isSecretOf(keys, key.secret))
    throw unauthorized();
  const context = routeOf(wire.target)?.context ?? '';
  if (key === null && keys.sender !== `@${context}`) throw unauthorized();
  const fixed = keys.setting('context');
  if (fixed !== null && fixed !== context) throw unauthorized();
  const hmacKeys = keys.secrets('hmacKey');
  if (keys.setting('hmac') === 'required' || (hmacKeys.length > 0 && hasHmacHeaders(wire.headers)))
    verifyHmac({ ...wire, path: wire.target }, hmacKeys, moment);
}

function pathOf(url: string): string {
  const { pathname, search } = new URL(url);
  return pathname + search;
}

export const request: Leg<RequestWire> = {
  signature: {
    en: 'x-api-key, compared in constant time; optional HMAC-SHA256 over time stamp, method, path and raw body',
    zh: '校验 x-api-key（恒定时间比较）；可选对时间戳、方法、路径与原始报文体做 HMAC-SHA256',
    id: 'x-api-key, dibandingkan dalam waktu konstan; opsional HMAC-SHA256 atas cap waktu, metode, path, dan isi mentah',
  },
  open(wire, { keys, moment }) {
    authenticate(wire, keys, moment);
    checkContentType(wire.headers);
    return opened(parsed(wire.body), { context: routeOf(wire.target)?.context ?? '' });
  },
  seal(members, { keys, url, moment }) {
    const body = new TextEncoder().encode(writeJson(members));
    const [apiKey] = keys.secrets('apiKey');
    const [hmacKey] = keys.secrets('hmacKey');
    const parts = { method: 'POST', path: pathOf(url), body };
    const headers: Headers = [
      ...json,
      ...(apiKey === undefined ? [] : [['x-api-key', `${keys.sender}.${apiKey}`] as const]),
      ...(hmacKey === undefined ? [] : hmacHeaders(parts, hmacKey, moment)),
    ];
    return { kind: 'request', method: 'POST', target: url, headers, body, remote: '' };
  },
};

export const reply: Leg<ReplyWire> = {
  signature: {
    en: 'unsigned: the document signs no reply',
    zh: '不签名：文档不对应答签名',
    id: 'tidak ditandatangani: dokumen tidak menandatangani jawaban',
  },
  open(wire) {
    if (wire.status !== 200)
      throw new Refusal('outcome-unknown', { why: 'http-status', text: `HTTP status ${wire.status}` });
    try {
      return opened(parsed(wire.body));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      throw new Refusal('outcome-unknown', { why: 'malformed', text: 'the reply is not a JSON object' });
    }
  },
  seal: (members) => ({
    kind: 'reply',
    status: 200,
    headers: json,
    body: new TextEncoder().encode(writeJson(members)),
  }),
};

/**
 * A frozen notice is parsed again before it is sent: the merchant's own object then goes out as its exact source, whatever
 * its blanks, escapes and numbers look like (T073).
 */
function withPassBackAsItCame(members: Fields): Fields {
  const passBack = members.get('passBack');
  if (!(passBack instanceof Obj) || passBack.source === null) return members;
  return obj([...members, ['passBack', new Raw(passBack.source)]]);
}

export const notice: Leg<RequestWire> = {
  signature: {
    en: 'HMAC-SHA256 in x-signature (hmacKey, else the API key); encrypt of the callback inside, where a productKey is set',
    zh: '请求头 x-signature 为 HMAC-SHA256（hmacKey，未设则用 API 密钥）；设有 productKey 时，内层回调带 encrypt',
    id: 'HMAC-SHA256 di x-signature (hmacKey, jika tidak ada kunci API); encrypt pada callback di dalamnya bila productKey disetel',
  },
  open(wire, { keys, moment }) {
    const members = parsed(wire.body);
    const hmacKeys = noticeKeys(keys);
    if (hasHmacHeaders(wire.headers) && hmacKeys.length > 0) {
      verifyHmac({ ...wire, path: pathOf(new URL(wire.target, 'http://receiver').href) }, hmacKeys, moment);
      return opened(members, { verified: 'hmac' });
    }
    // Senders without our headers sign nothing but BluePay's callback inside; without a key for that, nothing is believed.
    if (!isCallbackSigned(receivedCallback(members), keys.secrets('productKey'))) throw unauthorized();
    return opened(members, { verified: 'encrypt' });
  },
  seal(members, { keys, url, moment }) {
    const body = new TextEncoder().encode(writeJson(withPassBackAsItCame(members)));
    const [key] = noticeKeys(keys);
    const parts = { method: 'POST', path: pathOf(url), body };
    const headers = key === undefined ? json : [...json, ...hmacHeaders(parts, key, moment)];
    return { kind: 'request', method: 'POST', target: url, headers, body, remote: '' };
  },
};

function plain(status: number, word: string): ReplyWire {
  const headers: Headers = [['content-type', 'text/plain;charset=UTF-8']];
  return { kind: 'reply', status, headers, body: new TextEncoder().encode(word) };
}

/** Exactly 200 counts, nothing else of the 2xx; the body is not looked at (row 19). */
export const ack: AckLeg = {
  signature: {
    en: 'unsigned: HTTP status 200',
    zh: '不签名：HTTP 状态码 200',
    id: 'tidak ditandatangani: status HTTP 200',
  },
  open: (wire) => wire.status === 200,
  seal: (word) =>
    ({ taken: plain(200, 'success'), forged: plain(401, 'unauthorized'), again: plain(503, 'again') })[word],
};
