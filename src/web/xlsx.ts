/**
 * XLSX by hand: a ZIP of sheets that are compressed while their rows are read, so that a million rows need no more memory than
 * one, and of a few small files that name them. Texts are inline strings: nothing in them is ever a formula (T091).
 */
import { pipeline, Readable } from 'node:stream';
import { createDeflateRaw, crc32 } from 'node:zlib';
import { type Cell, mostDigits, type Sheet, type SheetRow } from './sheet.ts';

const encoder = new TextEncoder();

function xml(text: string): string {
  // XML 1.0 has no way to write control characters.
  return text
    .replace(/[^\t\n\r\x20-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd')
    .replace(/[&<>"]/g, (character) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[character] ?? '');
}

/** 0 → A, 25 → Z, 26 → AA. */
export function columnName(index: number): string {
  const rest = Math.floor(index / 26);
  return (rest === 0 ? '' : columnName(rest - 1)) + String.fromCharCode(65 + (index % 26));
}

function cellXml(cell: Cell, column: number, row: number, style = ''): string {
  const place = `r="${columnName(column)}${row}"${style}`;
  const isNumber =
    cell.kind === 'number' && /^-?\d+(?:\.\d+)?$/.test(cell.text) && cell.text.replace(/\D/g, '').length <= mostDigits;
  if (isNumber) return `<c ${place}><v>${cell.text}</v></c>`;
  return `<c ${place} t="inlineStr"><is><t xml:space="preserve">${xml(cell.text)}</t></is></c>`;
}

const head = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n';
const main = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main';
const relations = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
const packaged = 'http://schemas.openxmlformats.org/package/2006';

/** What a sheet of a spreadsheet program holds, its heads included. */
const mostRows = 1_048_576;

const sheetType = 'application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml';

/** What names the sheets, for whoever opens the file: written last, when their number is known. */
function smallFiles(name: string, count: number): readonly (readonly [path: string, text: string])[] {
  const numbers = Array.from({ length: count }, (_, index) => index + 1);
  const titled = (no: number) => (count === 1 ? name.slice(0, 31) : `${name.slice(0, 24)} ${no}`);
  const parts = numbers.map((no) => `<Override PartName="/xl/worksheets/sheet${no}.xml" ContentType="${sheetType}"/>`);
  const sheets = numbers.map((no) => `<sheet name="${xml(titled(no))}" sheetId="${no}" r:id="rId${no}"/>`);
  const links = numbers.map(
    (no) => `<Relationship Id="rId${no}" Type="${relations}/worksheet" Target="worksheets/sheet${no}.xml"/>`,
  );
  return [
    [
      '[Content_Types].xml',
      `${head}<Types xmlns="${packaged}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"/>${parts.join('')}</Types>`,
    ],
    [
      '_rels/.rels',
      `${head}<Relationships xmlns="${packaged}/relationships"><Relationship Id="rId1" Type="${relations}/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
    ],
    [
      'xl/workbook.xml',
      `${head}<workbook xmlns="${main}" xmlns:r="${relations}"><sheets>${sheets.join('')}</sheets></workbook>`,
    ],
    [
      'xl/_rels/workbook.xml.rels',
      `${head}<Relationships xmlns="${packaged}/relationships">${links.join('')}<Relationship Id="rId${count + 1}" Type="${relations}/styles" Target="styles.xml"/></Relationships>`,
    ],
    [
      'xl/styles.xml',
      `${head}<styleSheet xmlns="${main}"><fonts count="2"><font><sz val="11"/><name val="Calibri"/></font><font><b/><sz val="11"/><name val="Calibri"/></font></fonts><fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills><borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="2"><xf/><xf fontId="1" applyFont="1"/></cellXfs></styleSheet>`,
    ],
  ];
}

/** Rows one after the other, with a look ahead: is there one more sheet to begin? */
class RowSource {
  readonly #more: AsyncIterator<readonly SheetRow[]>;
  #some: readonly SheetRow[] = [];
  #at = 0;

  constructor(rows: AsyncIterable<readonly SheetRow[]>) {
    this.#more = rows[Symbol.asyncIterator]();
  }

  /** Is there a row to take? Waits only where the next ones are not read yet. */
  async hasMore(): Promise<boolean> {
    while (this.#at >= this.#some.length) {
      const next = await this.#more.next();
      if (next.done === true) return false;
      this.#some = next.value;
      this.#at = 0;
    }
    return true;
  }

  /** Of those that are read; undefined = ask for more. */
  take(): SheetRow | undefined {
    return this.#some[this.#at++];
  }

  async end(): Promise<void> {
    await this.#more.return?.();
  }
}

async function* sheetXml(heads: readonly string[], rows: RowSource, most: number): AsyncGenerator<Uint8Array> {
  const first = heads.map((text, column) => cellXml({ kind: 'text', text }, column, 1, ' s="1"')).join('');
  let text = `${head}<worksheet xmlns="${main}"><sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" state="frozen"/></sheetView></sheetViews><sheetFormatPr defaultColWidth="18" defaultRowHeight="15"/><sheetData><row r="1">${first}</row>`;
  let number = 1;
  while (number < most) {
    const row = rows.take();
    if (row === undefined) {
      if (await rows.hasMore()) continue;
      break;
    }
    number += 1;
    text += `<row r="${number}">${row.map((cell, column) => cellXml(cell, column, number)).join('')}</row>`;
    if (text.length < 32 * 1024) continue;
    yield encoder.encode(text);
    text = '';
  }
  yield encoder.encode(`${text}</sheetData></worksheet>`);
}

interface Entry {
  readonly path: Uint8Array;
  readonly offset: number;
  crc: number;
  plain: number;
  packed: number;
}

/** 1980-01-01: an export made twice is the same file. */
const zipDate = 0x21;
/** UTF-8 names; sizes and CRC follow the data. */
const flags = 0x0808;

function fields(...parts: readonly (readonly [value: number, bytes: 2 | 4])[]): Buffer {
  const made = Buffer.alloc(parts.reduce((sum, [, bytes]) => sum + bytes, 0));
  let at = 0;
  for (const [value, bytes] of parts) {
    made.writeUIntLE(value, at, bytes);
    at += bytes;
  }
  return made;
}

/** A ZIP of deflated files, written while they are made. Below 4 GiB, which no export of twenty million rows reaches. */
async function* zip(
  files: AsyncIterable<readonly [path: string, content: AsyncIterable<Uint8Array>]>,
): AsyncGenerator<Uint8Array> {
  const entries: Entry[] = [];
  let offset = 0;
  for await (const [path, content] of files) {
    const entry: Entry = { path: encoder.encode(path), offset, crc: 0, plain: 0, packed: 0 };
    entries.push(entry);
    const local = Buffer.concat([
      fields(
        [0x04034b50, 4],
        [20, 2],
        [flags, 2],
        [8, 2],
        [0, 2],
        [zipDate, 2],
        [0, 4],
        [0, 4],
        [0, 4],
        [entry.path.length, 2],
        [0, 2],
      ),
      entry.path,
    ]);
    yield local;
    for await (const piece of deflated(content, entry)) yield piece;
    const tail = fields([0x08074b50, 4], [entry.crc, 4], [entry.packed, 4], [entry.plain, 4]);
    yield tail;
    offset += local.length + entry.packed + tail.length;
  }
  const directory = Buffer.concat(
    entries.map(({ path, crc, packed, plain, offset: at }) =>
      Buffer.concat([
        fields(
          [0x02014b50, 4],
          [20, 2],
          [20, 2],
          [flags, 2],
          [8, 2],
          [0, 2],
          [zipDate, 2],
          [crc, 4],
          [packed, 4],
          [plain, 4],
          [path.length, 2],
          [0, 2],
          [0, 2],
          [0, 2],
          [0, 2],
          [0, 4],
          [at, 4],
        ),
        path,
      ]),
    ),
  );
  yield directory;
  yield fields(
    [0x06054b50, 4],
    [0, 2],
    [0, 2],
    [entries.length, 2],
    [entries.length, 2],
    [directory.length, 4],
    [offset, 4],
    [0, 2],
  );
}

/** Whoever stops reading ends the source too. */
async function* deflated(content: AsyncIterable<Uint8Array>, entry: Entry): AsyncGenerator<Uint8Array> {
  const packer = createDeflateRaw();
  // An error of the source comes out of the loop below.
  pipeline(Readable.from(counted(content, entry)), packer, () => undefined);
  for await (const piece of packer as AsyncIterable<Uint8Array>) {
    entry.packed += piece.length;
    yield piece;
  }
}

async function* counted(content: AsyncIterable<Uint8Array>, entry: Entry): AsyncGenerator<Uint8Array> {
  for await (const piece of content) {
    entry.crc = crc32(piece, entry.crc);
    entry.plain += piece.length;
    yield piece;
  }
}

async function* once(text: string): AsyncGenerator<Uint8Array> {
  yield encoder.encode(text);
}

/** As many sheets as the rows need; each is read to its end before the next begins. */
async function* filesOf({ name, heads, rows }: Sheet, most: number) {
  const source = new RowSource(rows);
  let count = 0;
  try {
    do {
      count += 1;
      yield [`xl/worksheets/sheet${count}.xml`, sheetXml(heads, source, most)] as const;
    } while (await source.hasMore());
    for (const [path, text] of smallFiles(name, count)) yield [path, once(text)] as const;
  } finally {
    await source.end();
  }
}

/** `most`: rows of one sheet, heads included; what is more goes on in a further one. */
export function xlsxOf(sheet: Sheet, most = mostRows): AsyncGenerator<Uint8Array> {
  return zip(filesOf(sheet, most));
}
