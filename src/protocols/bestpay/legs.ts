/** The four legs: how requests, replies, callbacks and acknowledgements are verified and signed (page, sections 1, 2, 3 and 7). */
import { Refusal } from '../../core/refusal.ts';
import { fields, Num, Obj, parseObject, writeJson } from '../json.ts';
import { invalid } from '../message.ts';
import {
  type AckLeg,
  type AckWord,
  header,
  type Headers,
  type Keys,
  type Leg,
  type Opened,
  opened,
  type ReplyWire,
  type RequestWire,
  type Scene,
} from '../protocol.ts';
import { done, errors } from './codes.ts';
import { digestsOf, settingOf } from './settings.ts';
import {
  ambiguousMember,
  type Digest,
  type Grammar,
  lenientText,
  signatureBytes,
  signedText,
  signName,
  signText,
  verifies,
} from './signing.ts';
import { noticeGrammar, replyGrammar, requestGrammar } from './wire.ts';

const jsonType = /^application\/json(?:\s*;\s*charset\s*=\s*"?utf-8"?)?\s*$/i;
const jsonHeaders: Headers = [['content-type', 'application/json; charset=utf-8']];

/** The members of a body, or null when it is no JSON object that everybody reads alike. */
export function membersOf(body: Uint8Array): Obj | null {
  try {
    return parseObject(body);
  } catch {
    return null;
  }
}

/** One body type, whatever the path; a missing charset is UTF-8 (page, 3.5). */
export function isJson(wire: RequestWire): boolean {
  return jsonType.test(header(wire, 'content-type') ?? '');
}

interface Rule {
  readonly digests: readonly Digest[];
  readonly grammar: Grammar;
  readonly lenient: boolean;
}

/** Verifies members as they came, and that they could not be read as another message. */
function verified(members: Obj, scene: Scene, { digests, grammar, lenient }: Rule): Opened {
  const signature = signatureBytes(members.get(signName));
  const keys = scene.keys.keyObjects('publicKey');
  const tries = digests.flatMap((digest) => [
    { digest, manner: 'strict', text: signedText(members) },
    ...(lenient ? [{ digest, manner: 'lenient', text: lenientText(members) }] : []),
  ]);
  const fits = signature && tries.find(({ digest, text }) => verifies(text, signature, digest, keys));
  if (!fits) throw new Refusal('unauthenticated', { why: 'signature' });
  const signed = fits.manner === 'strict' ? members : withoutEmpty(members);
  const doubtful = ambiguousMember(signed, grammar);
  if (doubtful !== null) throw invalid(doubtful, `${doubtful} could be read as another member`);
  return opened(members, { digest: fits.digest, manner: fits.manner });
}

function withoutEmpty(members: Obj): Obj {
  return new Obj([...members].filter(([, value]) => value !== null && value !== ''));
}

/** Adds the signature as the last member. Synchronous: 0.4 ms of RSA on this thread. */
function signed(members: Obj, digest: Digest | undefined, keys: Keys): Obj {
  const [key] = keys.keyObjects('privateKey');
  if (!key) throw new Error(`${keys.sender}: no private key`);
  return new Obj([...members, [signName, signText(signedText(members), digest ?? 'sha1', key)]]);
}

function bytesOf(members: Obj): Uint8Array {
  return new TextEncoder().encode(writeJson(members));
}

function posted(members: Obj, url: string): RequestWire {
  return { kind: 'request', method: 'POST', target: url, headers: jsonHeaders, body: bytesOf(members), remote: '' };
}

/** The body of somebody who speaks as the party whose keys these are; anybody else's is not even looked at. */
function ownMembers(wire: RequestWire, scene: Scene): Obj {
  const members = membersOf(wire.body);
  if (members === null) throw new Refusal('invalid-request', { why: 'json', text: 'the body is not a JSON object' });
  if (members.get('institutionCode') !== scene.keys.sender)
    throw new Refusal('unauthenticated', { why: 'signature', field: 'institutionCode' });
  return members;
}

export const request: Leg<RequestWire> = {
  signature: {
    en: 'sign = Base64 RSA over the sorted members, SHA-256 unless set otherwise; the merchant signs',
    zh: 'sign = 对排序后的字段做 RSA 签名（Base64），默认 SHA-256，由商户签名',
    id: 'sign = RSA Base64 atas anggota terurut, SHA-256 kecuali disetel lain; merchant yang menandatangani',
  },
  open: (wire, scene) =>
    verified(ownMembers(wire, scene), scene, {
      digests: digestsOf(scene.keys, 'requestDigest'),
      grammar: requestGrammar(scene.endpoint?.name ?? ''),
      lenient: settingOf(scene.keys, 'signCompat') === 'lenient',
    }),
  seal: (members, scene) => posted(signed(members, digestsOf(scene.keys, 'requestDigest')[0], scene.keys), scene.url),
};

export const notice: Leg<RequestWire> = {
  signature: {
    en: 'sign = Base64 RSA over the sorted members, SHA-1 unless set otherwise; the platform signs',
    zh: 'sign = 对排序后的字段做 RSA 签名（Base64），默认 SHA-1，由平台签名',
    id: 'sign = RSA Base64 atas anggota terurut, SHA-1 kecuali disetel lain; platform yang menandatangani',
  },
  open(wire, scene) {
    if (wire.method !== 'POST') throw new Refusal('invalid-request', { why: 'method' });
    return verified(ownMembers(wire, scene), scene, {
      digests: digestsOf(scene.keys, 'responseDigest'),
      grammar: noticeGrammar,
      lenient: false,
    });
  },
  seal: (members, scene) => posted(signed(members, digestsOf(scene.keys, 'responseDigest')[0], scene.keys), scene.url),
};

export const reply: Leg<ReplyWire> = {
  signature: {
    en: 'sign = Base64 RSA over the sorted members, result as sorted JSON; SHA-1 unless set otherwise',
    zh: 'sign = 对排序后的字段做 RSA 签名（Base64），result 取排序后的 JSON，默认 SHA-1',
    id: 'sign = RSA Base64 atas anggota terurut, result sebagai JSON terurut; SHA-1 kecuali disetel lain',
  },
  open(wire, scene) {
    const members = membersOf(wire.body);
    if (members === null) throw new Refusal('outcome-unknown', { text: 'the reply is not a JSON object' });
    const rule = { digests: digestsOf(scene.keys, 'responseDigest'), grammar: replyGrammar, lenient: false };
    const { fields: said, marks } = verified(members, scene, rule);
    return opened(withParsedResult(said), { ...marks, status: String(wire.status) });
  },
  /** HTTP 200 always. To somebody we have no keys for, the signature is empty. */
  seal(members, { keys }) {
    const isKnown = keys.keyObjects('privateKey').length > 0;
    const sent = isKnown
      ? signed(members, digestsOf(keys, 'responseDigest')[0], keys)
      : new Obj([...members, [signName, '']]);
    return { kind: 'reply', status: 200, headers: jsonHeaders, body: bytesOf(sent) };
  },
};

/** Row 6: `result` may be a JSON text; it was signed as that text, and is read as what it says. */
function withParsedResult(members: Obj): Obj {
  const result = members.get('result');
  return typeof result === 'string' ? new Obj([...members, ['result', parsedResult(result)]]) : members;
}

function parsedResult(text: string): Obj | null {
  if (text === '') return null;
  const value = membersOf(new TextEncoder().encode(text));
  if (value === null) throw invalid('result', 'result is not a JSON object');
  return value;
}

const acks: Readonly<Record<AckWord, Obj>> = {
  taken: envelopeOf(true, done, '200'),
  forged: envelopeOf(false, errors.badSignature, '401'),
  again: envelopeOf(false, errors.busy, '500'),
};

function envelopeOf(success: boolean, said: { readonly code: string; readonly text: string }, statusCode: string): Obj {
  return fields({ success, errorCode: said.code, errorMsg: said.text, result: fields({ statusCode }) });
}

export const ack: AckLeg = {
  signature: {
    en: 'unsigned (the document has no sign in the acknowledgement)',
    zh: '不签名（文档中通知应答没有 sign）',
    id: 'tidak ditandatangani (dalam dokumen konfirmasi tidak memuat sign)',
  },
  open(wire, keys) {
    const members = wire.status === 200 ? membersOf(wire.body) : null;
    if (members === null) return false;
    if (settingOf(keys, 'ackCompat') === 'lenient' && members.get('resultCode') === 'SUCCESS') return true;
    return members.get('success') === true && statusCodeOf(members) === '200';
  },
  seal: (word) => ({ kind: 'reply', status: 200, headers: jsonHeaders, body: bytesOf(acks[word]) }),
};

/** `"200"` and `200`, in an object or in a JSON text of one (page, section 7). */
function statusCodeOf(members: Obj): string | null {
  const result = members.get('result');
  const inner = typeof result === 'string' ? membersOf(Buffer.from(result)) : result;
  const code = inner instanceof Obj ? inner.get('statusCode') : null;
  if (code instanceof Num) return code.raw;
  return typeof code === 'string' ? code : null;
}
