/**
 * Sample programs as data. A protocol says once, in order, what a merchant's program does: which members it sends, what it
 * signs, how. `src/edge/samples` writes the same program in each language, so that no two of them can differ.
 */
import type { SamplePurpose } from '../core/integration.ts';
import type { Wording } from '../core/wording.ts';

/** A text: literal, something named before, or both joined. */
export type Text = string | Ref | readonly Text[];
export interface Ref {
  readonly ref: string;
}
export function ref(name: string): Ref {
  return { ref: name };
}

/** A member's value: text, the digits of a JSON number, or an object inside. */
export type Value = Text | { readonly number: string } | { readonly members: Rows };
export type Rows = readonly (readonly [name: string, value: Value])[];

export type Charset = 'UTF-8' | 'GBK';
/** RSA is PKCS#1 v1.5; SM2 is over SM3 with the standard's id. */
export type Algorithm = 'rsa-sha1' | 'rsa-sha256' | 'sm2';
/** Unix seconds or milliseconds, or the clock of China. */
export type TimeForm = 'seconds' | 'milliseconds' | 'china-time' | 'china-day';

export interface SignatureOf {
  readonly algorithm: Algorithm;
  /** Variable of the environment that names the file of the key. */
  readonly keyFile: string;
  readonly of: Text;
  readonly charset: Charset;
}

/** What must hold for a notice to be believed. */
export type Check =
  | { readonly same: readonly [Text, Text] }
  | { readonly signed: SignatureOf; readonly signature: Ref }
  | { readonly recent: Ref; readonly seconds: number };

export type Step = { readonly why?: string } & (
  | {
      readonly do: 'input';
      readonly name: string;
      readonly variable: string;
      readonly fallback: Text | null;
      readonly about: string;
    }
  | { readonly do: 'time'; readonly name: string; readonly as: TimeForm }
  | { readonly do: 'members'; readonly name: string; readonly rows: Rows }
  /** Compact JSON of members. */
  | { readonly do: 'json'; readonly name: string; readonly of: string }
  /** `name=value` of all members, sorted by code unit, joined with `&`. */
  | { readonly do: 'sorted'; readonly name: string; readonly of: string; readonly dropBlank: boolean }
  /** One more member. */
  | { readonly do: 'add'; readonly to: string; readonly member: string; readonly value: Ref }
  /** Hexadecimal MD5 of UTF-8. */
  | { readonly do: 'md5'; readonly name: string; readonly of: Text; readonly letters: 'upper' | 'lower' }
  | { readonly do: 'hmac'; readonly name: string; readonly key: Ref; readonly of: Text }
  /** Base64 of a signature. */
  | ({ readonly do: 'sign'; readonly name: string } & SignatureOf)
  /** Without blanks and line breaks. */
  | { readonly do: 'strip'; readonly name: string; readonly of: Ref }
  | { readonly do: 'lower'; readonly name: string; readonly of: Ref }
  /** What stands behind the mark. */
  | { readonly do: 'after'; readonly name: string; readonly of: Ref; readonly mark: string }
  | {
      readonly do: 'post';
      readonly url: Text;
      readonly headers: readonly (readonly [name: string, value: Text])[];
      readonly body: { readonly text: Ref } | { readonly form: string };
      readonly charset: Charset;
    }
  /** The body of a notice, as it came. */
  | { readonly do: 'body'; readonly name: string }
  | { readonly do: 'parse'; readonly name: string; readonly of: Ref; readonly as: 'json' | 'form' }
  /** Takes one member out. */
  | { readonly do: 'take'; readonly name: string; readonly from: string; readonly member: string }
  | { readonly do: 'accept'; readonly when: readonly Check[]; readonly answer: string }
);

export interface SampleProgram {
  readonly purpose: SamplePurpose;
  readonly about: Wording;
  readonly steps: readonly Step[];
}

/** All programs for one way of signing. */
export interface SampleSet {
  /** Told apart where a merchant may sign in several ways; null = there is one way. */
  readonly variant: string | null;
  /** The secret of a credential without which nobody signs so. */
  readonly key: string;
  /** What the paths of the endpoints stand behind. */
  readonly base: string;
  readonly programs: readonly SampleProgram[];
}

/** For whom and where: nothing of it is secret. */
export interface SamplePlace {
  /** Of the gateway, without a slash at the end. */
  readonly baseUrl: string;
  readonly sender: string;
  readonly setting: (name: string) => string | null;
}

/** What every program that creates something begins with. */
export function orderNo(fallback: Text | null, name = 'orderNo', variable = 'ORDER_NO'): Step {
  return {
    do: 'input',
    name,
    variable,
    fallback,
    about: fallback === null ? 'the number you ordered with' : 'your number, new for each order',
  };
}

export const notifyUrl: Step = {
  do: 'input',
  name: 'notifyUrl',
  variable: 'NOTIFY_URL',
  fallback: 'https://shop.example.com/notify',
  about: 'where notices about the order go',
};
