/**
 * What the signature doctor can say, by key: the words for each, in three languages, stand at the console. A sentence may have places
 * to fill in, `{part}`; what is filled in is the same in every language: names of members, digests, labels.
 */

/** Usual mistakes, each with what mends it. What is said about a mistake may be said of its mending: they share their fillings. */
const mistakes = {
  // Text that was written anew before or after it was signed; `part` = body or biz_content.
  'text-trimmed': 'sign-what-is-sent',
  'text-newline-behind': 'sign-what-is-sent',
  'text-crlf-behind': 'sign-what-is-sent',
  'text-unix-lines': 'sign-what-is-sent',
  'text-windows-lines': 'sign-what-is-sent',
  'text-mark-before': 'sign-what-is-sent',
  'text-compact': 'sign-what-is-sent',
  'text-sorted': 'sign-what-is-sent',
  'text-spaced': 'sign-what-is-sent',
  'text-sorted-spaced': 'sign-what-is-sent',
  'text-indented': 'sign-what-is-sent',
  'text-slashes-escaped': 'sign-what-is-sent',
  'text-non-ascii-escaped': 'sign-what-is-sent',
  'text-non-ascii-escaped-spaced': 'sign-what-is-sent',
  'text-html-escaped': 'sign-what-is-sent',
  'text-numbers-quoted': 'sign-what-is-sent',
  'text-empty-dropped': 'sign-what-is-sent',
  'text-empty': 'sign-what-is-sent',
  'text-other-charset': 'sign-in-charset',
  'charset-other': 'sign-in-charset',
  'text-latin1': 'sign-in-charset',
  'text-utf8-twice': 'sign-in-charset',
  'text-quotes-escaped': 'sign-what-is-sent',
  'pairs-sorted': 'sign-whole-text',
  'pairs-sorted-key': 'sign-whole-text',
  'pairs-sorted-filled': 'sign-whole-text',
  pairs: 'sign-whole-text',
  // The key and where it stands.
  'key-forgotten': 'key-in-its-place',
  'key-before': 'key-in-its-place',
  'key-behind': 'key-in-its-place',
  'key-as-member': 'key-in-its-place',
  'key-newline-between': 'key-in-its-place',
  'key-newline': 'key-as-issued',
  'key-crlf': 'key-as-issued',
  'key-blank': 'key-as-issued',
  'key-quoted': 'key-as-issued',
  'key-upper': 'key-as-issued',
  'key-lower': 'key-as-issued',
  'key-decoded': 'key-as-issued',
  'key-of-other': 'own-key',
  'key-unknown': 'register-key',
  'key-other-length': 'register-key',
  'key-none': 'register-key',
  // How it was hashed and written.
  'digest-base64': 'write-hex',
  'digest-other': 'use-digest',
  'digest-twice': 'hash-once',
  'digest-half': 'whole-digest',
  'digest-upper': 'lower-case',
  'digest-of-text': 'hash-once',
  'digest-bare': 'whole-signature',
  'digest-hex-encrypted': 'whole-signature',
  hmac: 'use-digest',
  'padding-pss': 'padding-pkcs1',
  'sign-not-base64': 'plain-base64',
  'sign-plus-lost': 'escape-plus',
  'sign-broken-lines': 'plain-base64',
  'sign-encoded-twice': 'encode-once',
  'sign-unpadded': 'plain-base64',
  'sign-base64-url': 'plain-base64',
  'sign-hex': 'plain-base64',
  'sign-base64-twice': 'plain-base64',
  'sign-hex-in-base64': 'plain-base64',
  'sign-elsewhere': 'sign-in-place',
  // Members that are joined.
  'members-unsorted': 'sort-members',
  'members-sorted': 'order-of-url',
  'members-backwards': 'sort-members',
  'members-sorted-by-letter': 'sort-members',
  'members-empty-kept': 'drop-empty',
  'members-empty-dropped': 'keep-empty',
  'members-null-empty': 'keep-empty',
  'members-null-dropped': 'keep-empty',
  'members-zero-dropped': 'drop-empty',
  'members-sign-kept': 'leave-sign-out',
  'members-behind-sign': 'order-of-url',
  'member-left-out': 'sign-all-members',
  'biz-alone': 'sign-all-members',
  'biz-text-alone': 'sign-all-members',
  'body-instead-of-pairs': 'join-pairs',
  'nested-unsorted': 'nested-as-json',
  'nested-spaced': 'nested-as-json',
  'joined-and-behind': 'join-pairs',
  'joined-and-before': 'join-pairs',
  'joined-newline-behind': 'join-pairs',
  'joined-without-and': 'join-pairs',
  'joined-values-alone': 'join-pairs',
  'joined-quoted': 'join-pairs',
  'values-encoded': 'sign-decoded',
  'values-as-in-body': 'sign-decoded',
  'values-decoded': 'sign-as-in-url',
  'operator-not-decoded': 'decode-operator',
  'values-trimmed': 'sign-what-is-sent',
  'values-plus': 'escape-plus',
  'query-other-form': 'order-of-url',
  // A time stamp before the key, the body without blanks behind it.
  'blanks-kept': 'strip-blanks',
  'only-blanks-stripped': 'strip-blanks',
  'only-breaks-stripped': 'strip-blanks',
  'stamp-forgotten': 'stamp-in-front',
  'stamp-behind-key': 'stamp-in-front',
  'stamp-seconds-hashed': 'stamp-same',
  'stamp-seconds': 'stamp-millis',
  'stamp-seconds-wanted': 'stamp-in-seconds',
  'sign-order': 'sign-form',
  'sign-braces': 'sign-form',
  'sign-no-stamp': 'sign-form',
  'plus-between': 'join-directly',
  // A secret in a header, and an HMAC over the request.
  'secret-alone': 'copy-header',
  'secret-no-dot': 'copy-header',
  'secret-key-id': 'copy-header',
  'secret-blanks': 'copy-header',
  'secret-quotes': 'copy-header',
  'secret-bearer': 'copy-header',
  'secret-braces': 'copy-header',
  'secret-cut': 'copy-header',
  'secret-case': 'copy-header',
  'secret-of-other': 'own-key',
  'secret-is-hmac-key': 'copy-header',
  'header-twice': 'copy-header',
  'context-other': 'use-context',
  'hmac-path-without-query': 'hmac-parts',
  'hmac-whole-url': 'hmac-parts',
  'hmac-method-lower': 'hmac-parts',
  'hmac-body-alone': 'hmac-parts',
  'hmac-without-method': 'hmac-parts',
  'hmac-lines': 'hmac-parts',
  'hmac-glued': 'hmac-parts',
  'hmac-with-api-key': 'hmac-key',
  'hmac-not-set-up': 'hmac-leave-out',
  'clock-off': 'set-clock',
  // SM2
  'sm2-empty-id': 'sm2-id',
  'sm2-no-id': 'sm2-id',
  'sm2-ecdsa': 'sm2-real',
  'sm2-swapped': 'sm2-der',
  'sm2-loose-der': 'sm2-der',
  'sign-type-other': 'sign-type',
} as const;

export type MistakeKey = keyof typeof mistakes;
export type MendKey = (typeof mistakes)[MistakeKey];

export function isMistake(text: string): text is MistakeKey {
  return Object.hasOwn(mistakes, text);
}

/** What is worth knowing beside mistakes. */
export type RemarkKey =
  | 'fits'
  | 'fits-key'
  | 'fits-key-and-signature'
  | 'unsigned-here'
  | 'no-keys-here'
  | 'nobody-named'
  | 'nobody-known'
  | 'merchant-differs'
  | 'empty-hash'
  | 'made-here'
  | 'raw-numbers'
  | 'held-digest'
  | 'no-body-kept'
  | 'secret-not-kept'
  | 'not-json'
  | 'not-form'
  | 'not-query'
  | 'refused-so'
  | 'gave-up';

/** How a protocol signs, in a sentence. */
export type RuleKey =
  | 'rule-body-and-key'
  | 'rule-stamp-key-body'
  | 'rule-sorted-rsa'
  | 'rule-form-rsa-or-sm2'
  | 'rule-query-and-key'
  | 'rule-header'
  | 'rule-hmac';

export type SayingKey = MistakeKey | MendKey | RemarkKey | RuleKey;

export interface Saying<K extends SayingKey = SayingKey> {
  readonly key: K;
  readonly fill?: Readonly<Record<string, string>>;
}

export type Mistake = Saying<MistakeKey>;

/** What mends them, each once, in the order of the mistakes. */
export function mendsOf(found: readonly Mistake[]): readonly Saying<MendKey>[] {
  const mends = found.map(({ key, fill }) => ({ key: mistakes[key], ...(fill ? { fill } : {}) }));
  return mends.filter(({ key }, at) => mends.findIndex((other) => other.key === key) === at);
}
