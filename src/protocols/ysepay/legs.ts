/** The four legs: signed form in, `{"sign","<node>"}` out, signed form as notice, the word `success` back. */
import { Refusal } from '../../core/refusal.ts';
import type { Instant } from '../../core/world.ts';
import { type Fields, type Json, Obj, parseJson, writeJson } from '../json.ts';
import { formatLocalTime, parseLocalTime } from '../leaves.ts';
import { invalid, missing } from '../message.ts';
import {
  type AckLeg,
  type AckWord,
  type Leg,
  type Opened,
  opened,
  type ReplyWire,
  type RequestWire,
  type Scene,
} from '../protocol.ts';
import { scalarText } from '../reading.ts';
import { type Charset, charsetNamed, decodeText, encodeText } from './charset.ts';
import { cutNode } from './node-text.ts';
import { ownSignType, settingOf } from './settings.ts';
import {
  charsetOf,
  checkSignature,
  costly,
  formOf,
  formWire,
  signedForm,
  signTypeOf,
  textsOf,
  Unopened,
} from './signed-form.ts';
import { isSignType, rememberedSignature, signatureOf, verifies } from './signing.ts';

export const chinaMinutes = 480;
const version = '3.0';
/** Members of biz_content that are secret: kept apart from the rest, so that no fingerprint is made over them. */
export const secretMembers = [
  'buyer_name',
  'buyer_card_number',
  'buyer_mobile',
  'pyerIDNo',
  'cardCvn2',
  'cardExprDt',
] as const;
/** Node of replies that cannot be about a method (sic). */
export const unknownNode = 'unknow_response';

export function nodeOf(method: string): string {
  return `${method.replaceAll('.', '_')}_response`;
}

// ── request ───────────────────────────────────────────────────────────────────────────────────────────────────────────

const requestMembers =
  'method partner_id timestamp charset sign_type version notify_url return_url tran_type biz_content'.split(' ');

function openRequest(wire: RequestWire, scene: Scene): Opened {
  const form = formOf(wire.body);
  if (form === null) throw invalid('form', 'the body is not a form');
  try {
    const signType = signTypeOf(form);
    checkSignature(form, signType, scene);
    const charset = charsetOf(form, 'GBK');
    const members = textsOf(form, charset, requestMembers);
    checkCommon(members, scene);
    return opened(unfolded(members), { charset, signType });
  } catch (error) {
    throw error instanceof Refusal ? new Unopened(form, error) : error;
  }
}

function textMember(members: Obj, name: string): string {
  const value = members.get(name);
  if (typeof value !== 'string' || value.trim() === '') throw missing(name);
  return value;
}

function checkCommon(members: Obj, { keys, moment }: Scene): void {
  if (textMember(members, 'partner_id') !== keys.sender) throw new Refusal('unauthenticated', { why: 'signature' });
  if (!/^\d\.\d$/.test(textMember(members, 'version'))) throw invalid('version', 'version must be 3.0');
  const at = parseLocalTime(textMember(members, 'timestamp'), chinaMinutes);
  if (at === null) throw invalid('timestamp', 'timestamp must be yyyy-MM-dd HH:mm:ss');
  if (Math.abs(at - moment) > Number(settingOf(keys, 'windowS')) * 1000)
    throw invalid('timestamp', 'timestamp is too far from our clock');
}

/** biz_content parsed, its secret members beside it under their own names. */
function unfolded(members: Obj): Obj {
  const biz = parsedObject(textMember(members, 'biz_content'));
  if (biz === null) throw invalid('biz_content', 'biz_content must be a JSON object');
  const apart = new Obj([...members].filter(([name]) => !isSecret(name)));
  for (const name of secretMembers) {
    const value = biz.get(name);
    if (value !== undefined) apart.set(name, value);
  }
  apart.set('biz_content', new Obj([...biz].filter(([name]) => !isSecret(name))));
  return apart;
}

function isSecret(name: string): boolean {
  return (secretMembers as readonly string[]).includes(name);
}

function parsedObject(text: string): Obj | null {
  try {
    const value = parseJson(text);
    return value instanceof Obj ? value : null;
  } catch {
    return null;
  }
}

/** The members of biz_content, the secret ones included. */
export function bizOf(message: Opened): Obj {
  const biz = message.fields.get('biz_content');
  const secrets = [...message.fields].filter(([name]) => isSecret(name));
  return new Obj([...(biz instanceof Obj ? biz : []), ...secrets]);
}

/** `members`: notify_url and return_url where asked for, and biz_content as an object. */
function sealRequest(members: Fields, scene: Scene): RequestWire {
  const charset = charsetNamed(settingOf(scene.keys, 'charset')) ?? 'UTF-8';
  const signType = ownSignType(scene.keys);
  const biz = members.get('biz_content');
  const texts = new Obj([
    ['method', scene.endpoint?.name ?? ''],
    ['partner_id', scene.keys.sender],
    ['timestamp', formatLocalTime(scene.moment, chinaMinutes)],
    ['charset', charset],
    ['sign_type', signType],
    ['version', version],
    ...[...members].filter(([name]) => name !== 'biz_content'),
    ['biz_content', writeJson(biz instanceof Obj ? biz : new Obj())],
  ]);
  return formWire(signedForm(texts, charset, signType, scene), charset, scene);
}

export const request: Leg<RequestWire> = {
  signature: {
    en: 'sign = Base64 of RSA-SHA1 or SM3withSM2 over the received members, sorted, blank ones dropped, raw bytes',
    zh: 'sign = 对收到的字段（排序、去空值、原始字节）做 RSA-SHA1 或 SM3withSM2 签名，Base64',
    id: 'sign = Base64 dari RSA-SHA1 atau SM3withSM2 atas anggota yang diterima, terurut, tanpa yang kosong, byte mentah',
  },
  costly,
  open: openRequest,
  seal: sealRequest,
};

// ── reply ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Carry how to answer a request that did not open. Never sent. */
const hints = { charset: '@charset', signType: '@signType' } as const;

/** A reply's members: one node. */
export function noded(node: string, members: Obj, marks: Readonly<Record<string, string>> = {}): Fields {
  const { charset, signType } = marks;
  return new Obj([
    [node, members],
    ...(charset === undefined ? [] : [[hints.charset, charset] as const]),
    ...(signType === undefined ? [] : [[hints.signType, signType] as const]),
  ]);
}

/** Signs the node's text as it is sent. */
function sealReply(members: Fields, scene: Scene): ReplyWire {
  const [node, value] = [...members].find(([name]) => !name.startsWith('@')) ?? [unknownNode, new Obj()];
  const charset = charsetNamed(markOf(members, hints.charset, scene.request?.marks['charset'])) ?? 'GBK';
  const wished = markOf(members, hints.signType, scene.request?.marks['signType']);
  const text = writtenIn(value, charset);
  const sealed = members.has(hints.charset) ? rememberedSignature : signatureOf;
  const sign = sealed(text, isSignType(wished) ? wished : ownSignType(scene.keys), scene);
  const head = Buffer.from(`{"sign":${JSON.stringify(sign)},${JSON.stringify(node)}:`, 'latin1');
  return {
    kind: 'reply',
    status: 200,
    headers: [['content-type', `application/json;charset=${charset}`]],
    body: Buffer.concat([head, text, Buffer.from('}', 'latin1')]),
  };
}

function markOf(members: Fields, name: string, fallback: string | undefined): string {
  const value = members.get(name);
  return typeof value === 'string' ? value : (fallback ?? '');
}

/** Characters that the charset has not are escaped: JSON can always be written. */
function writtenIn(value: Json, charset: Charset): Uint8Array {
  const text = writeJson(value);
  const whole = encodeText(text, charset);
  if (whole !== null) return whole;
  const escaped = Array.from(text, (char) => (encodeText(char, charset) === null ? escapeOf(char) : char)).join('');
  return encodeText(escaped, charset) ?? new Uint8Array(0);
}

function escapeOf(char: string): string {
  return Array.from({ length: char.length }, (_, at) => `\\u${char.charCodeAt(at).toString(16).padStart(4, '0')}`).join(
    '',
  );
}

/** A reply that is not signed by the platform over its raw node says nothing: whoever called does not know the outcome. */
function openReply(wire: ReplyWire, scene: Scene): Opened {
  const charset = charsetNamed(settingOf(scene.keys, 'charset')) ?? 'UTF-8';
  const text = decodeText(wire.body, charset);
  const top = text === null ? null : parsedObject(text);
  if (top === null) throw new Refusal('outcome-unknown', { text: 'the reply is not a JSON object' });
  const expected = scene.endpoint === null ? unknownNode : nodeOf(scene.endpoint.name);
  const node = [expected, unknownNode].find((name) => top.get(name) instanceof Obj);
  const members = node === undefined ? undefined : top.get(node);
  if (node === undefined || !(members instanceof Obj)) throw new Refusal('outcome-unknown', { text: `no ${expected}` });
  const raw = cutNode(wire.body, node, charset);
  if (raw === null || decodeText(raw, charset) !== members.source)
    throw new Refusal('outcome-unknown', { text: 'the node cannot be cut out' });
  if (!verifies(raw, scalarText(top.get('sign')), ownSignType(scene.keys), scene))
    throw new Refusal('unauthenticated', { why: 'signature', text: 'the signature does not fit the node' });
  return opened(members, { node, status: String(wire.status) });
}

export const reply: Leg<ReplyWire> = {
  signature: {
    en: 'sign = Base64 of RSA-SHA1 or SM3withSM2 over the exact text of the …_response member',
    zh: 'sign = 对 …_response 字段原文做 RSA-SHA1 或 SM3withSM2 签名，Base64',
    id: 'sign = Base64 dari RSA-SHA1 atau SM3withSM2 atas teks persis anggota …_response',
  },
  open: openReply,
  seal: sealReply,
};

// ── notice and ack ────────────────────────────────────────────────────────────────────────────────────────────────────

/** A value may hold a further member only of this list to be refused. */
const noticeMembers =
  'notify_type notify_time sign_type out_trade_no total_amount trade_no trade_status account_date'.split(' ');

function openNotice(wire: RequestWire, scene: Scene): Opened {
  const form = formOf(wire.body);
  if (form === null) throw invalid('form', 'the body is not a form');
  const signType = signTypeOf(form);
  checkSignature(form, signType, scene);
  const charset = charsetOf(form, 'UTF-8');
  return opened(textsOf(form, charset, noticeMembers), { charset, signType });
}

/** notify_time and sign belong to the sending, everything else was frozen with the change (rulings). */
function sealNotice(members: Fields, scene: Scene): RequestWire {
  const signType = scalarText(members.get('sign_type'));
  const texts = new Obj(members);
  texts.set('notify_time', formatLocalTime(scene.moment as Instant, chinaMinutes));
  const used = isSignType(signType) ? signType : ownSignType(scene.keys);
  texts.set('sign_type', used);
  return formWire(signedForm(texts, 'UTF-8', used, scene), 'UTF-8', scene);
}

export const notice: Leg<RequestWire> = {
  signature: {
    en: 'as a request; unknown members take part, blank ones do not',
    zh: '与请求相同；未知字段参与签名，空值不参与',
    id: 'seperti permintaan; anggota yang tidak dikenal ikut, yang kosong tidak',
  },
  costly,
  open: openNotice,
  seal: sealNotice,
};

const ackWords: Readonly<Record<AckWord, readonly [status: number, text: string]>> = {
  taken: [200, 'success'],
  forged: [200, 'fail'],
  again: [503, 'fail'],
};

export const ack: AckLeg = {
  signature: {
    en: 'unsigned (the word success)',
    zh: '不签名（应答 success）',
    id: 'tidak ditandatangani (kata success)',
  },
  open: (wire) => wire.status === 200 && /^success$/i.test(Buffer.from(wire.body).toString('latin1').trim()),
  seal(word) {
    const [status, text] = ackWords[word];
    return { kind: 'reply', status, headers: [['content-type', 'text/plain']], body: new TextEncoder().encode(text) };
  },
};
