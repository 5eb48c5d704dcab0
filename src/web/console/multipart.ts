/** A form with a file in it, as browsers send it (RFC 7578): texts by name, and one file's bytes. Strict: anything else is no form of ours. */
import { Refusal } from '../../core/refusal.ts';

export interface Multipart {
  readonly values: URLSearchParams;
  /** The one file; empty when none was chosen. */
  readonly file: Uint8Array;
}

const mostParts = 20;
const longestText = 64 * 1024;

/** Throws Refusal `invalid-request`. */
export function readMultipart(contentType: string, body: Uint8Array): Multipart {
  const [, boundary = ''] = /;\s*boundary="?([A-Za-z0-9'()+_,./:=?-]{1,70})"?\s*$/.exec(contentType) ?? [];
  if (boundary === '') throw noForm();
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const values = new URLSearchParams();
  let file: Uint8Array = new Uint8Array();
  for (const { name, isFile, content } of partsOf(bytes, boundary)) {
    if (isFile) file = content;
    else if (content.length > longestText) throw noForm();
    else values.append(name, new TextDecoder().decode(content));
  }
  return { values, file };
}

interface Part {
  readonly name: string;
  readonly isFile: boolean;
  readonly content: Uint8Array;
}

function* partsOf(bytes: Buffer, boundary: string): Generator<Part> {
  const mark = Buffer.from(`--${boundary}`);
  let at = bytes.indexOf(mark);
  if (at !== 0) throw noForm();
  for (let count = 0; ; count += 1) {
    at += mark.length;
    if (bytes.toString('latin1', at, at + 2) === '--') return;
    const next = bytes.indexOf(`\r\n--${boundary}`, at);
    if (next < 0 || count === mostParts) throw noForm();
    yield partOf(bytes.subarray(at, next));
    at = next + 2;
  }
}

function partOf(bytes: Buffer): Part {
  const end = bytes.indexOf('\r\n\r\n');
  if (bytes.toString('latin1', 0, 2) !== '\r\n' || end < 0 || end > 2_000) throw noForm();
  const head = bytes.toString('utf8', 2, end);
  const [, name = ''] = /^content-disposition:\s*form-data;\s*name="([A-Za-z]{1,40})"/im.exec(head) ?? [];
  if (name === '') throw noForm();
  return { name, isFile: /;\s*filename\*?=/i.test(head), content: bytes.subarray(end + 4) };
}

function noForm(): Refusal {
  return new Refusal('invalid-request', { text: 'not a form of this console' });
}
