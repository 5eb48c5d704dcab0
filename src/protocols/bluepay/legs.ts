/** BluePay's four legs: GET queries in, JSON out, GET callbacks back, a word of acknowledgement. Page, sections 6 and 6.4. */
import { Refusal } from '../../core/refusal.ts';
import type { Wording } from '../../core/wording.ts';
import { type Fields, JsonError, obj, parseObject, writeJson } from '../json.ts';
import type { AckLeg, Leg, ReplyWire, RequestWire, Scene } from '../protocol.ts';
import { opened } from '../protocol.ts';
import {
  callbackText,
  type DataMember,
  dataMembers,
  dataText,
  decodeOnce,
  isSignedBy,
  openCallback,
  openData,
  queryText,
  type RawQuery,
  readDataText,
  sealData,
  sign,
  splitQuery,
  transferText,
} from './signing.ts';
import { scalarText } from '../reading.ts';

/** How one endpoint's query string is written and checked. `unsigned` is what BluePay documents for creating an order. */
interface QueryForm {
  readonly signature: Wording;
  seal(members: Fields, scene: Scene): string;
  /** Verified, decoded members. */
  open(raw: RawQuery, scene: Scene): Fields;
}

function valueOf(raw: RawQuery, name: string): string {
  return raw.find(([other]) => other === name)?.[1] ?? '';
}

function decoded(raw: RawQuery): Fields {
  return obj(raw.map(([name, value]) => [name, decodeOnce(value, name)] as const));
}

function joined(members: Iterable<readonly [string, string]>): string {
  return [...members].map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&');
}

function texts(members: Fields): [string, string][] {
  return [...members].map(([name, value]) => [name, scalarText(value)]);
}

function refuse(text: string): never {
  throw new Refusal('unauthenticated', { text });
}

const unsigned: QueryForm = {
  signature: {
    en: 'unsigned: BluePay documents no signature for creating a VA or store code',
    zh: '不签名：BluePay 文档未规定创建虚拟账户或便利店付款码的签名',
    id: 'tidak ditandatangani: dokumen BluePay tidak menetapkan tanda tangan untuk membuat VA atau kode gerai',
  },
  seal: (members) => joined(texts(members)),
  open: (raw) => decoded(raw),
};

const transfer: QueryForm = {
  signature: {
    en: 'MD5 over productId and the encrypted data as it stands in the URL, with the product key behind it',
    zh: '对 productId 与 URL 中的加密数据、末尾附产品密钥做 MD5',
    id: 'MD5 atas productId dan data terenkripsi seperti di URL, dengan kunci produk di belakangnya',
  },
  seal(members, { keys }) {
    const values = Object.fromEntries(dataMembers.map((name) => [name, scalarText(members.get(name))]));
    const data = sealData(dataText(values as Record<DataMember, string>), keys);
    const text = transferText(keys.sender, data);
    return `${text}&encrypt=${sign(keys, text)}`;
  },
  open(raw, { keys }) {
    const data = valueOf(raw, 'data');
    const text = transferText(valueOf(raw, 'productId'), data);
    if (!isSignedBy(keys, text, valueOf(raw, 'encrypt'))) refuse('encrypt does not fit');
    if (valueOf(raw, 'productId') !== keys.sender) refuse('another product');
    return obj(Object.entries(readDataText(openData(data, keys))));
  },
};

const query: QueryForm = {
  signature: {
    en: 'MD5 over operatorId, productid and t_id (setting querySign), with the product key behind it',
    zh: '对 operatorId、productid 与 t_id（由 querySign 设置）、末尾附产品密钥做 MD5',
    id: 'MD5 atas operatorId, productid, dan t_id (setelan querySign), dengan kunci produk di belakangnya',
  },
  seal(members, { keys }) {
    const value = (name: string): string => scalarText(members.get(name));
    const text = queryText(keys, value('operatorId'), value('productid'), value('t_id'));
    return `${joined(texts(members))}&encrypt=${sign(keys, text)}`;
  },
  open(raw, { keys }) {
    const members = decoded(raw);
    const value = (name: string): string => scalarText(members.get(name));
    const text = queryText(keys, value('operatorId'), value('productid'), value('t_id'));
    if (!isSignedBy(keys, text, value('encrypt'))) refuse('encrypt does not fit');
    if (value('productid') !== keys.sender) refuse('another product');
    return members;
  },
};

/** One row per endpoint; an endpoint without a row cannot be opened or sealed. */
const queryForms: Readonly<Record<string, QueryForm>> = {
  create: unsigned,
  transfer,
  queryTransfer: query,
  queryTransDetail: query,
};

/** Some products have an endpoint under another path (`path.<endpoint>`); other hosts are the arrow's `url.<endpoint>`. */
function addressOf({ endpoint, keys, url }: Scene): string {
  const path = keys.setting(`path.${endpoint?.name ?? ''}`);
  return path === null || endpoint === null ? url : url.slice(0, url.length - endpoint.path.length) + path;
}

function formOf(scene: Scene): QueryForm {
  const form = queryForms[scene.endpoint?.name ?? ''];
  if (form === undefined) throw new Error(`bluepay: no form for ${scene.endpoint?.name ?? 'no endpoint'}`);
  return form;
}

/** The raw text behind the first `?`; '' when there is none. */
export function queryOf(target: string): string {
  const at = target.indexOf('?');
  return at < 0 ? '' : target.slice(at + 1);
}

function withQuery(url: string, text: string): string {
  return `${url}${url.includes('?') ? '&' : '?'}${text}`;
}

function get(target: string): RequestWire {
  return { kind: 'request', method: 'GET', target, headers: [], body: new Uint8Array(0), remote: '' };
}

function signedSo(language: keyof Wording): string {
  return Object.entries(queryForms)
    .map(([name, form]) => `${name}: ${form.signature[language]}`)
    .join('; ');
}

export const request: Leg<RequestWire> = {
  signature: { en: signedSo('en'), zh: signedSo('zh'), id: signedSo('id') },
  open: (wire, scene) => opened(formOf(scene).open(splitQuery(queryOf(wire.target)), scene)),
  seal: (members, scene) => get(withQuery(addressOf(scene), formOf(scene).seal(members, scene))),
};

const jsonHeaders = [['content-type', 'application/json;charset=UTF-8']] as const;

export const reply: Leg<ReplyWire> = {
  signature: {
    en: 'unsigned: BluePay signs no reply',
    zh: '不签名：BluePay 不对应答签名',
    id: 'tidak ditandatangani: BluePay tidak menandatangani jawaban',
  },
  open(wire) {
    if (wire.status !== 200)
      throw new Refusal('outcome-unknown', { text: `HTTP status ${wire.status}`, why: 'http-status' });
    const members = parsed(wire.body);
    if (members === null)
      throw new Refusal('outcome-unknown', { text: 'the reply is not a JSON object', why: 'malformed' });
    return opened(members);
  },
  seal: (members) => ({
    kind: 'reply',
    status: 200,
    headers: jsonHeaders,
    body: new TextEncoder().encode(writeJson(members)),
  }),
};

function parsed(body: Uint8Array): Fields | null {
  try {
    return parseObject(body);
  } catch (error) {
    if (error instanceof JsonError) return null;
    throw error;
  }
}

export const notice: Leg<RequestWire> = {
  signature: {
    en: 'MD5 over the raw query before encrypt, operator decoded, with the product key behind it',
    zh: '对 encrypt 之前的原始查询串（operator 解码）、末尾附产品密钥做 MD5',
    id: 'MD5 atas query mentah sebelum encrypt, operator didekode, dengan kunci produk di belakangnya',
  },
  open(wire, { keys }) {
    if (wire.method !== 'GET') throw new Refusal('invalid-request', { text: 'callbacks are GET requests' });
    const { signed, ignored } = openCallback(queryOf(wire.target), keys);
    return opened(obj(signed), ignored.length === 0 ? {} : { ignored: ignored.join(',') });
  },
  seal(members, { keys, url }) {
    const text = joined(texts(members));
    const target = withQuery(url, text);
    // A query that the address already had is part of what the receiver sees, so it is signed as well.
    return get(`${target}&encrypt=${sign(keys, callbackText(splitQuery(queryOf(target))))}`);
  },
};

const plainText = [['content-type', 'text/plain;charset=UTF-8']] as const;
function answer(status: number, word: string): ReplyWire {
  return { kind: 'reply', status, headers: plainText, body: new TextEncoder().encode(word) };
}

/** `vaild_fail` is spelt so by the service that the document describes. */
const words = {
  taken: answer(200, 'success'),
  forged: answer(200, 'vaild_fail'),
  again: answer(503, 'again'),
} as const;

export const ack: AckLeg = {
  signature: {
    en: 'unsigned: the text `success`',
    zh: '不签名：文本 `success`',
    id: 'tidak ditandatangani: teks `success`',
  },
  open: (wire) => wire.status === 200 && Buffer.from(wire.body).toString('latin1').trim() === 'success',
  seal: (word) => words[word],
};
