/** Signed forms as requests and notices share them: who signed how, over which bytes, in which charset. */
import { Refusal } from '../../core/refusal.ts';
import { Obj } from '../json.ts';
import { invalid } from '../message.ts';
import { type CostlyCheck, header, type Headers, type Keys, type RequestWire, type Scene } from '../protocol.ts';
import { scalarText } from '../reading.ts';
import { type Charset, charsetNamed, decodeText, encodeText } from './charset.ts';
import { canonicalForm, type Param, parseForm, writeForm } from './form.ts';
import type { SignType } from './settings.ts';
import { costlyChecks, isSignType, signatureOf, verifies } from './signing.ts';

const forms = new WeakMap<Uint8Array, readonly Param[] | null>();

/** The form of a body, parsed once however often it is asked for. */
export function formOf(body: Uint8Array): readonly Param[] | null {
  const known = forms.get(body);
  if (known !== undefined) return known;
  const form = parseForm(body);
  forms.set(body, form);
  return form;
}

/** A member that is plain ASCII by its grammar; '' when absent or not that. */
export function asciiOf(form: readonly Param[], name: string): string {
  const value = Buffer.from(form.find((param) => param.name === name)?.value ?? []).toString('latin1');
  return /^[\x21-\x7e]*$/.test(value) ? value : '';
}

/** How somebody whose request does not open wants to be answered all the same. */
export class Unopened extends Refusal {
  readonly marks: Readonly<Record<string, string>>;

  constructor(form: readonly Param[], refusal: Refusal) {
    super(refusal.code, refusal.detail);
    this.marks = wishesOf(form);
  }
}

/** Charset and kind of signature of the reply, as the form asks for them; nothing is proven yet. */
export function wishesOf(form: readonly Param[]): Readonly<Record<string, string>> {
  const signType = asciiOf(form, 'sign_type');
  return {
    charset: charsetNamed(asciiOf(form, 'charset')) ?? 'GBK',
    ...(isSignType(signType) ? { signType } : {}),
  };
}

export function signTypeOf(form: readonly Param[]): SignType {
  const signType = asciiOf(form, 'sign_type');
  if (isSignType(signType)) return signType;
  throw new Refusal('unauthenticated', { field: 'sign_type', why: 'sign-type' });
}

export function checkSignature(form: readonly Param[], signType: SignType, scene: Scene): void {
  const sign = signIn(form);
  if (!verifies(canonicalOf(form), sign, signType, scene))
    throw new Refusal('unauthenticated', { field: 'sign', why: 'signature' });
}

function signIn(form: readonly Param[]): string {
  const found = form.filter(({ name }) => name.toLowerCase() === 'sign');
  return found.length === 1 && found[0] ? Buffer.from(found[0].value).toString('latin1') : '';
}

const canonicals = new WeakMap<readonly Param[], Uint8Array>();

function canonicalOf(form: readonly Param[]): Uint8Array {
  const known = canonicals.get(form) ?? canonicalForm(form);
  canonicals.set(form, known);
  return known;
}

/** SM2 takes long; RSA is checked on the spot. */
export function costly(wire: RequestWire, keys: Keys): readonly CostlyCheck[] {
  const form = formOf(wire.body);
  if (form === null || asciiOf(form, 'sign_type') !== 'SM') return [];
  return costlyChecks(canonicalOf(form), signIn(form), keys);
}

/** What the sender declares, else the default of the leg. Unknown ones are refused, never guessed. */
export function charsetOf(form: readonly Param[], fallback: Charset): Charset {
  const declared = asciiOf(form, 'charset');
  const charset = declared === '' ? fallback : charsetNamed(declared);
  if (charset === null) throw invalid('charset', 'charset must be UTF-8, GBK or GB2312');
  return charset;
}

/** All members but `sign` as texts. */
export function textsOf(form: readonly Param[], charset: Charset, documented: readonly string[]): Obj {
  const texts = new Obj();
  for (const { name, value } of form) {
    if (name.toLowerCase() === 'sign') continue;
    const text = decodeText(value, charset);
    // What is blank is not signed, so nobody has said it (T068).
    if (text?.trim() === '') continue;
    if (text === null) throw invalid(name, `${name} is not text in ${charset}`);
    if (hidesMember(text, documented) && !isUrls(text)) throw invalid(name, `${name} holds another member`);
    texts.set(name, text);
  }
  return texts;
}

/** Two forms with one signed text must not exist (T014, T019): `&name=` inside a value is refused, addresses aside. */
function hidesMember(text: string, documented: readonly string[]): boolean {
  return text.includes('&') && documented.some((name) => text.includes(`&${name}=`));
}

function isUrls(text: string): boolean {
  return text.split(',').every((part) => /^https?:\/\//i.test(part) && URL.canParse(part));
}

export function signedForm(texts: Obj, charset: Charset, signType: SignType, scene: Scene): readonly Param[] {
  const params = [...texts].map(([name, value]) => ({ name, value: bytesOf(scalarText(value), charset, name) }));
  const sign = signatureOf(canonicalForm(params), signType, scene);
  if (sign === '') throw new Error(`${scene.keys.sender}: no ${signType} key to sign with`);
  return [...params, { name: 'sign', value: Buffer.from(sign, 'latin1') }];
}

function bytesOf(text: string, charset: Charset, name: string): Uint8Array {
  const bytes = encodeText(text, charset);
  if (bytes === null) throw invalid(name, `${name} has a character that ${charset} has not`);
  return bytes;
}

export function formWire(params: readonly Param[], charset: Charset, scene: Scene): RequestWire {
  const headers: Headers = [['content-type', `application/x-www-form-urlencoded; charset=${charset}`]];
  return { kind: 'request', method: 'POST', target: scene.url, headers, body: writeForm(params), remote: '' };
}

const formType = /^(?:application\/x-www-form-urlencoded|text\/plain)\b/i;

/** Clients of this wire send a form, some without saying so. */
export function isFormType(wire: RequestWire): boolean {
  const type = header(wire, 'content-type');
  return type === null || formType.test(type);
}
