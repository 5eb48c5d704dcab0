/** Whom an address stands for when something is counted per address. */

/**
 * An IPv4 address as it is, also in IPv6 dress; of IPv6 the /64, because whoever has one address there has all of them.
 * What is no address stays as it is.
 */
export function networkOf(address: string): string {
  const plain = address.toLowerCase().replace(/%.*$/, '');
  if (!plain.includes(':')) return plain;
  const groups = groupsOf(plain);
  if (groups === null) return plain;
  const isMapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
  const [, , , , , , high = 0, low = 0] = groups;
  if (isMapped) return [high >> 8, high & 255, low >> 8, low & 255].join('.');
  return `${groups
    .slice(0, 4)
    .map((group) => group.toString(16))
    .join(':')}::/64`;
}

/** The eight groups of an IPv6 address; null when it is none. */
function groupsOf(text: string): readonly number[] | null {
  const [, four] = /:(\d{1,3}(?:\.\d{1,3}){3})$/.exec(text) ?? [];
  const hex = four === undefined ? text : `${text.slice(0, -four.length)}${pairOf(four)}`;
  const [before = '', behind, ...more] = hex.split('::');
  if (more.length > 0) return null;
  const split = (part: string) => (part === '' ? [] : part.split(':'));
  const [left, right] = [split(before), split(behind ?? '')];
  const missing = 8 - left.length - right.length;
  if (behind === undefined ? missing !== 0 : missing < 1) return null;
  const all = [...left, ...Array.from({ length: missing }, () => '0'), ...right];
  return all.every((group) => /^[0-9a-f]{1,4}$/.test(group)) ? all.map((group) => Number.parseInt(group, 16)) : null;
}

function pairOf(four: string): string {
  const [a = 0, b = 0, c = 0, d = 0] = four.split('.').map(Number);
  return `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
}
