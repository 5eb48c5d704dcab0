/** Raw messages as people may see them: signatures, keys and account numbers are not for lists, exports or screens (T093). */

const names =
  'sign|signature|x-signature|encrypt|api[_-]?key|x-api-key|authorization|accountNo|bankAccount|payeeAccount|card_?no|id_?card|identity_?no|cvv2?';
const member = new RegExp(`((?:^|[?&"\\s{,])(?:${names})"?\\s*[:=]\\s*"?)[^"&\\s,}]+`, 'gi');

/** `"@signCase":"upper"`: what a protocol notes for itself in a frozen notice and does not send. */
const note = /,"@\w+":"[^"\\]*"/g;

/** Replaces the values of members that are signatures, keys or account data, in JSON as in forms and queries. */
export function masked(text: string): string {
  return text.replace(member, '$1***').replace(note, '');
}
