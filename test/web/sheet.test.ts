import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { inflateRawSync } from 'node:zlib';
import { csvCell, csvOf, numberCell, type Sheet, textCell } from '../../src/web/sheet.ts';
import { columnName, xlsxOf } from '../../src/web/xlsx.ts';

async function bytesOf(pieces: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const piece of pieces) all.push(piece);
  return Buffer.concat(all);
}

/** Two at a time, and nothing now and then. */
async function* rows(list: readonly (readonly ReturnType<typeof textCell>[])[]) {
  for (let at = 0; at < list.length; at += 2) {
    yield list.slice(at, at + 2);
    yield [];
  }
}

function sheet(list: readonly (readonly ReturnType<typeof textCell>[])[]): Sheet {
  return { name: 'payments', heads: ['id', 'amount'], rows: rows(list) };
}

describe('CSV', () => {
  test('what a spreadsheet would compute gets an apostrophe, and every text is quoted', () => {
    for (const text of ['=1+1', '+62812', '-5', '@SUM(A1)', '\tx', '\rx', '=cmd|x', '|calc', '%0A', '＝1+1'])
      assert.equal(csvCell(textCell(text)), `"'${text}"`, JSON.stringify(text));
    assert.equal(csvCell(textCell('Toko "Melati"')), '"Toko ""Melati"""');
  });

  test('long numbers, leading zeros and what looks like a power stay text', () => {
    for (const text of ['123456789012', '00123', '12E5']) assert.equal(csvCell(textCell(text)), `"'${text}"`);
    assert.equal(csvCell(textCell('12345')), '"12345"');
  });

  test('amounts of ours are numbers, negative ones too', () => {
    assert.equal(csvCell(numberCell('-12.50')), '-12.50');
  });

  test('a file has its mark, its heads and a line per row', async () => {
    const text = (await bytesOf(csvOf(sheet([[textCell('a'), numberCell('1')]])))).toString();
    assert.equal(text, '\ufeff"id","amount"\r\n"a",1\r\n');
  });
});

/** Reads a ZIP by its central directory, as every program does. */
function unzip(file: Buffer): Map<string, string> {
  const end = file.lastIndexOf(Buffer.from([0x50, 0x4b, 5, 6]));
  const found = new Map<string, string>();
  let at = file.readUInt32LE(end + 16);
  for (let left = file.readUInt16LE(end + 10); left > 0; left--) {
    const [packed, plain, name, extra] = [
      file.readUInt32LE(at + 20),
      file.readUInt32LE(at + 24),
      file.readUInt16LE(at + 28),
      file.readUInt16LE(at + 30),
    ];
    const local = file.readUInt32LE(at + 42);
    const begin = local + 30 + file.readUInt16LE(local + 26) + file.readUInt16LE(local + 28);
    const content = inflateRawSync(file.subarray(begin, begin + packed));
    assert.equal(content.length, plain);
    found.set(file.subarray(at + 46, at + 46 + name).toString(), content.toString());
    at += 46 + name + extra;
  }
  return found;
}

describe('XLSX', () => {
  test('texts are inline strings, so that nothing is a formula; amounts are numbers', async () => {
    const file = unzip(await bytesOf(xlsxOf(sheet([[textCell('=HYPERLINK("x")&<>'), numberCell('-12.50')]]))));
    assert.equal(file.size, 6);
    const text = file.get('xl/worksheets/sheet1.xml') ?? '';
    assert.match(
      text,
      /<c r="A2" t="inlineStr"><is><t xml:space="preserve">=HYPERLINK\(&quot;x&quot;\)&amp;&lt;&gt;<\/t>/,
    );
    assert.match(text, /<c r="B2"><v>-12.50<\/v><\/c>/);
    assert.doesNotMatch(text, /<f>/);
  });

  test('numbers with more digits than a double holds are texts', async () => {
    const text = unzip(await bytesOf(xlsxOf(sheet([[textCell('a'), numberCell('1234567890123456')]])))).get(
      'xl/worksheets/sheet1.xml',
    );
    assert.match(text ?? '', /<c r="B2" t="inlineStr">/);
  });

  test('control characters, which XML cannot hold, do not break the file', async () => {
    const text = unzip(await bytesOf(xlsxOf(sheet([[textCell('a\0\u001bb'), numberCell('1')]])))).get(
      'xl/worksheets/sheet1.xml',
    );
    assert.match(text ?? '', /a\ufffd\ufffdb/);
  });

  test('what a sheet cannot hold goes on in a further one, with its heads, and none is begun for nothing', async () => {
    const four = ['a', 'b', 'c', 'd'].map((text) => [textCell(text), numberCell('1')]);
    const file = unzip(await bytesOf(xlsxOf(sheet(four), 3)));
    const texts = (no: number) => [...(file.get(`xl/worksheets/sheet${no}.xml`) ?? '').matchAll(/>(\w+)<\/t>/g)];
    assert.deepEqual(
      [1, 2].map((no) => texts(no).map(([, text]) => text)),
      [
        ['id', 'amount', 'a', 'b'],
        ['id', 'amount', 'c', 'd'],
      ],
    );
    assert.equal(file.has('xl/worksheets/sheet3.xml'), false);
    assert.match(file.get('xl/workbook.xml') ?? '', /name="payments 1".*name="payments 2"/);
    for (const part of ['[Content_Types].xml', 'xl/_rels/workbook.xml.rels'])
      assert.match(file.get(part) ?? '', /worksheets\/sheet2\.xml/, part);
  });

  test('columns behind Z', () => {
    assert.deepEqual([0, 25, 26, 51, 52, 701, 702].map(columnName), ['A', 'Z', 'AA', 'AZ', 'BA', 'ZZ', 'AAA']);
  });

  test('whoever stops reading ends the source', async () => {
    let isEnded = false;
    async function* endless() {
      try {
        for (;;) yield [[textCell('x'.repeat(1000)), numberCell('1')]];
      } finally {
        isEnded = true;
      }
    }
    for await (const piece of xlsxOf({ name: 'x', heads: ['a', 'b'], rows: endless() })) if (piece.length > 5000) break;
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    assert.ok(isEnded);
  });
});
