/** Raw messages as people may see them: signatures, keys and account numbers are not for lists, exports or screens (T093). */

const names =
  'sign|signature|x-signature|encrypt|api[_-]?key|x-api-key|authorization|accountNo|bankAccount|payeeAccount|card_?no|id_?card|identity_?no|cvv2?';
/** A quote as it stands in JSON, in a form that holds JSON, and in markup. */
const quote = '(?:"|%22|&quot;)';
const blank = '(?:\\s|\\+|%20)*';
const member = new RegExp(
  `((?:^|[?&"\\s{,]|%22|%2C|&quot;)(?:${names})${quote}?${blank}(?:[:=]|%3A|%3D)${blank}${quote}?)(?:(?!%22|&quot;)[^"&\\s,}])+`,
  'gi',
);

/** `"@signCase":"upper"`: what a protocol notes for itself in a frozen notice and does not send. */
const note = /,"@\w+":"[^"\\]*"/g;

/** Replaces the values of members that are signatures, keys or account data, in JSON as in forms and queries. */
export function masked(text: string): string {
  return text.replace(member, '$1***').replace(note, '');
}

/** Where such values stand in a text, in order: from, and the first place behind. */
export function secretSpans(text: string): readonly (readonly [from: number, to: number])[] {
  return [...text.matchAll(member)].map((found) => {
    const from = found.index + (found[1]?.length ?? 0);
    return [from, found.index + found[0].length];
  });
}
