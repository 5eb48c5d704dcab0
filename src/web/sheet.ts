/** Cells of an export, and CSV of them: streamed, and never a formula for whoever opens it (T091). */

/** `number`: plain decimal text of ours. `text`: anything, from anywhere. */
export type Cell =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'number'; readonly text: string };

export function textCell(text: string | null | undefined): Cell {
  return { kind: 'text', text: text ?? '' };
}

export function numberCell(text: string): Cell {
  return { kind: 'number', text };
}

export interface Sheet {
  readonly name: string;
  readonly heads: readonly string[];
  /** Some at a time, as they are read: waiting for each by itself would cost more than the rest. */
  readonly rows: AsyncIterable<readonly SheetRow[]>;
}

export type SheetRow = readonly Cell[];

/** More digits than a spreadsheet's numbers hold. */
export const mostDigits = 15;
const flushCharacters = 32 * 1024;

/** What a spreadsheet would compute, or round: written with an apostrophe before it, as it is typed by hand for text. */
function isRisky(text: string): boolean {
  return (
    /^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20|%]/.test(text) ||
    /^\d{12,}$/.test(text) ||
    /^0\d/.test(text) ||
    /^\d+[eE]\d+$/.test(text)
  );
}

export function csvCell(cell: Cell): string {
  if (cell.kind === 'number') return cell.text;
  const safe = isRisky(cell.text) ? `'${cell.text}` : cell.text;
  return `"${safe.replaceAll('"', '""')}"`;
}

/** RFC 4180 with a byte order mark, which is what tells Excel that it is UTF-8. */
export async function* csvOf({ heads, rows }: Sheet): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  let text = `\ufeff${heads.map((head) => csvCell(textCell(head))).join(',')}\r\n`;
  for await (const some of rows)
    for (const row of some) {
      text += `${row.map(csvCell).join(',')}\r\n`;
      if (text.length < flushCharacters) continue;
      yield encoder.encode(text);
      text = '';
    }
  yield encoder.encode(text);
}
