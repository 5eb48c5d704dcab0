/**
 * The form body, on bytes. Real clients escape everything, only `+`, or only `sign`; so: split on `&` and the first `=`, `+` is
 * a blank, `%XX` a byte, everything else is what it is (page, section 2.1, step 7).
 */

export interface Param {
  readonly name: string;
  readonly value: Uint8Array;
}

const mostParams = 100;
const longestValue = 128 * 1024;
const nameGrammar = /^[A-Za-z0-9_.-]{1,64}$/;

/** Null when it is no form of ours: a strange name, a name given twice (letter case aside, T066), too much of anything. */
export function parseForm(body: Uint8Array): readonly Param[] | null {
  const params: Param[] = [];
  const seen = new Set<string>();
  for (let from = 0; from < body.length; ) {
    const found = body.indexOf(0x26, from);
    const end = found < 0 ? body.length : found;
    if (end > from) {
      const param = parseParam(body.subarray(from, end));
      const key = param?.name.toLowerCase() ?? '';
      if (param === null || seen.has(key) || params.length >= mostParams) return null;
      seen.add(key);
      params.push(param);
    }
    from = end + 1;
  }
  return params;
}

function parseParam(part: Uint8Array): Param | null {
  const equals = part.indexOf(0x3d);
  const name = Buffer.from(unescape(equals < 0 ? part : part.subarray(0, equals))).toString('latin1');
  const value = equals < 0 ? new Uint8Array(0) : unescape(part.subarray(equals + 1));
  return nameGrammar.test(name) && value.length <= longestValue ? { name, value } : null;
}

function unescape(part: Uint8Array): Uint8Array {
  if (!part.includes(0x25) && !part.includes(0x2b)) return part;
  const out = Buffer.alloc(part.length);
  let length = 0;
  for (let at = 0; at < part.length; at += 1) {
    const byte = part[at] ?? 0;
    const escaped = byte === 0x25 ? hexPair(part, at + 1) : -1;
    if (escaped >= 0) at += 2;
    out[length] = escaped >= 0 ? escaped : byte === 0x2b ? 0x20 : byte;
    length += 1;
  }
  return out.subarray(0, length);
}

/** -1 when the two characters are no hexadecimal digits: then the `%` is only a `%`. */
function hexPair(part: Uint8Array, at: number): number {
  const high = hexDigit(part[at]);
  const low = hexDigit(part[at + 1]);
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

function hexDigit(byte: number | undefined): number {
  if (byte === undefined) return -1;
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}

const unreserved = /[A-Za-z0-9_.~-]/;

/** Everything but unreserved ASCII escaped: every parser reads it alike. */
export function writeForm(params: readonly Param[]): Uint8Array {
  return Buffer.from(params.map(({ name, value }) => `${name}=${escape(value)}`).join('&'), 'latin1');
}

function escape(value: Uint8Array): string {
  let out = '';
  for (const byte of value) {
    const char = String.fromCharCode(byte);
    out += byte < 0x80 && unreserved.test(char) ? char : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return out;
}

function isBlank(value: Uint8Array): boolean {
  return value.every((byte) => byte <= 0x20);
}

/**
 * What is signed (section 2.1): all params but `sign`, blank values dropped, sorted by name, `name=value` joined by `&`, raw
 * bytes. Names are ASCII, so byte order is code unit order.
 */
export function canonicalForm(params: readonly Param[]): Uint8Array {
  const kept = params.filter(({ name, value }) => name.toLowerCase() !== 'sign' && !isBlank(value));
  const sorted = kept.sort((a, b) => (a.name < b.name ? -1 : 1));
  return Buffer.concat(
    sorted.flatMap(({ name, value }, index) => [Buffer.from(`${index === 0 ? '' : '&'}${name}=`, 'latin1'), value]),
  );
}
