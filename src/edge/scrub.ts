/** Transcripts of messages as people may keep and read them: without the values of what a protocol calls confidential (T093). */
import type { Headers, Protocol } from '../protocols/protocol.ts';

const mostText = 16_384;

/** Headers that are keys, whatever the protocol. `name` in lower case. */
export function isSecretHeader(name: string): boolean {
  return /^(?:authorization|proxy-authorization|cookie|set-cookie)$|key|token|secret/.test(name);
}

interface Blanks {
  readonly members: RegExp;
  readonly headers: ReadonlySet<string>;
}

const made = new WeakMap<Protocol, Blanks>();

/**
 * A member with its value: in JSON, in JSON that stands escaped in a string, in JSON inside a form, and as a pair of a form or query.
 * A value that is no text (a number, a list) ends where the next member begins.
 */
function blanksOf(protocol: Protocol): Blanks {
  const known = made.get(protocol);
  if (known) return known;
  const names = [...protocol.confidential, ...(protocol.unkept ?? [])];
  const name = `(?:${names.map((one) => one.replaceAll(/[^A-Za-z0-9]/g, '\\$&')).join('|')})`;
  const gap = String.raw`(?:%20|%09|%0A|%0D|\+)*`;
  const values = [
    String.raw`"${name}"\s*:\s*(?:"(?:[^"\\]|\\.)*"|\[[^\]]*\]?|\{[^}]*\}?|[^\s,}\]"]+)`,
    // Escaped once more: a quote of the inner text is \", one that it escapes itself is \\\".
    String.raw`\\"${name}\\"\s*:\s*(?:\\"(?:[^"\\]|\\\\(?:\\["\\]|[^"\\]))*\\"|\[[^\]]*\]?|\{[^}]*\}?|[^\s,}\]"\\]+)`,
    String.raw`%22${name}%22${gap}%3A${gap}(?:%22(?:%5C(?:%22|%5C|[^%&])|(?!%22|%5C)[^&])*%22|%5B(?:(?!%5D)[^&])*|%7B(?:(?!%7D)[^&])*|(?:(?!%2C|%7D|%22)[^&])+)`,
    String.raw`(?<![A-Za-z0-9_])${name}=[^&\s]*`,
  ];
  const blanks = {
    members: new RegExp(values.join('|'), 'gi'),
    headers: new Set(names.map((one) => one.toLowerCase())),
  };
  made.set(protocol, blanks);
  return blanks;
}

/** The name stays, and how it was written; the value goes. */
function blanked(found: string): string {
  if (found.startsWith('"')) return `${found.slice(0, found.indexOf(':') + 1)}"***"`;
  if (found.startsWith('\\')) return `${found.slice(0, found.indexOf(':') + 1)}\\"***\\"`;
  const colon = found.search(/%3A/i);
  return found.startsWith('%22')
    ? `${found.slice(0, colon + 3)}%22***%22`
    : `${found.slice(0, found.indexOf('=') + 1)}***`;
}

/** Letters that somebody escaped for no reason are written plainly: the name of a member could hide behind them. */
function plainly(text: string): string {
  return text.replaceAll(/\\u00([2-7][0-9a-f])|%([2-7][0-9a-f])/gi, (found, ofJson?: string, ofForm?: string) => {
    const letter = String.fromCharCode(Number.parseInt(ofJson ?? ofForm ?? '', 16));
    return /[A-Za-z0-9_-]/.test(letter) ? letter : found;
  });
}

/** The bytes as text: UTF-8, or what Chinese providers send instead. PostgreSQL's text has no NUL. */
function textOf(bytes: Uint8Array): string {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    text = new TextDecoder('gb18030').decode(bytes);
  }
  return text.replaceAll('\0', '\ufffd');
}

/** A message as text: its first line, its headers, its body. Cut after blanking, so that no half of a value is left over. */
export function transcriptOf(protocol: Protocol, firstLine: string, headers: Headers, body: Uint8Array): string {
  const { members, headers: secret } = blanksOf(protocol);
  const heads = headers.map(
    ([name, value]) =>
      `${name}: ${secret.has(name.toLowerCase()) || isSecretHeader(name.toLowerCase()) ? '***' : value}`,
  );
  const scrubbed = (raw: string) => plainly(raw).replace(members, blanked);
  const text = [scrubbed(firstLine), ...heads, '', scrubbed(textOf(body))].join('\n');
  return text.length > mostText ? `${text.slice(0, mostText)} …` : text;
}
