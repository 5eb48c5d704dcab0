/** What a transcript keeps and what it must not, in each of the ways a member is written on the wire. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { transcriptOf } from '../../src/edge/scrub.ts';
import { merchantProtocols } from '../../src/protocols/all.ts';

const canary = 'C4n4ry7788';
const utf8 = (text: string) => new TextEncoder().encode(text);

/** The name with its first letter written as its number. */
function escaped(mark: string, name: string): string {
  return `${mark}${name.charCodeAt(0).toString(16)}${name.slice(1)}`;
}

/** Ways a member stands in a message; `@` is its value. */
const writings: Readonly<Record<string, (name: string, value: string) => string>> = {
  json: (name, value) => JSON.stringify({ a: 1, [name]: value, b: 'kept' }),
  'json with blanks': (name, value) => `{ "a": 1, "${name}" : ${JSON.stringify(value)} , "b": "kept" }`,
  'a number': (name) => `{"a":1,"${name}":7788990011,"b":"kept"}`,
  'json within json': (name, value) => JSON.stringify({ body: JSON.stringify({ [name]: value, b: 'kept' }) }),
  'json with a letter escaped': (name, value) =>
    JSON.stringify({ a: 1, [name]: value, b: 'kept' }).replace(name, escaped('\\u00', name)),
  'json with a list': (name, value) => JSON.stringify({ a: 1, [name]: [value, 'x'], b: 'kept' }),
  'json with an object': (name, value) => JSON.stringify({ a: 1, [name]: { of: value }, b: 'kept' }),
  'a list within json within json': (name, value) =>
    JSON.stringify({ body: JSON.stringify({ [name]: [value], b: 'kept' }) }),
  'a list within json within a form': (name, value) =>
    `a=1&biz_content=${encodeURIComponent(JSON.stringify({ [name]: [value], b: 'kept' }))}&c=2`,
  'json within a form, laid out': (name, value) =>
    `a=1&biz_content=${encodeURIComponent(`{\r\n\t"${name}"\n:\n${JSON.stringify(value)},"b":"kept"}`)}&c=2`,
  'a form with a letter escaped': (name, value) => `a=1&${escaped('%', name)}=${encodeURIComponent(value)}&b=kept`,
  form: (name, value) => `a=1&${name}=${encodeURIComponent(value)}&b=kept`,
  'json within a form': (name, value) =>
    `a=1&biz_content=${encodeURIComponent(JSON.stringify({ [name]: value, b: 'kept' }))}&c=2`,
  'json within a form, unescaped': (name, value) => `a=1&biz_content=${JSON.stringify({ [name]: value, b: 'kept' })}`,
};

for (const protocol of merchantProtocols)
  test(`${protocol.name}: values of confidential members are blanked, others stay`, () => {
    const names = [...protocol.confidential, ...(protocol.unkept ?? [])];
    assert.ok(names.length > 0);
    for (const name of names)
      for (const [how, write] of Object.entries(writings))
        for (const value of [canary, `${canary} two words, ${canary}`, `"${canary}"`]) {
          const text = transcriptOf(protocol, 'POST /x', [], utf8(write(name, value)));
          assert.ok(!text.includes('C4n4ry') && !text.includes('7788990011'), `${how}, ${name}: ${text}`);
          assert.ok(text.includes(name) && text.includes('kept'), `${how}, ${name}: ${text}`);
        }
  });

test('headers that are keys are blanked, the first line too', () => {
  for (const protocol of merchantProtocols)
    for (const name of protocol.confidential) {
      const headers = [
        [name, canary],
        ['authorization', `Bearer ${canary}`],
        ['x-kept', 'kept'],
      ] as const;
      const text = transcriptOf(protocol, `GET /x?${name}=${canary}&b=1`, headers, new Uint8Array());
      assert.ok(!text.includes(canary) && text.includes('kept'), text);
    }
});

test('any bytes become text that PostgreSQL takes, and no longer than agreed', () => {
  const [protocol] = merchantProtocols;
  assert.ok(protocol);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      assert.ok(!transcriptOf(protocol, 'POST /', [], bytes).includes('\0'));
    }),
  );
  const long = transcriptOf(
    protocol,
    'POST /',
    [],
    utf8(`{"sign":"${'x'.repeat(70_000)}","b":"${'y'.repeat(70_000)}"}`),
  );
  assert.ok(long.length < 17_000 && !long.includes('xx') && long.includes('yy'));
});

test('what is not UTF-8 is read as Chinese providers write', () => {
  const [protocol] = merchantProtocols;
  assert.ok(protocol);
  // 银盛 in GBK.
  assert.ok(transcriptOf(protocol, 'POST /', [], Uint8Array.of(0xd2, 0xf8, 0xca, 0xa2)).endsWith('银盛'));
});
