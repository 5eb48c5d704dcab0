/** Where two texts differ, as a person reads it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { difference, type Part } from '../../src/web/console/difference.ts';

/** `[-only ours-]` and `{+only theirs+}`. */
function written(parts: readonly Part[]): string {
  const marks = { same: ['', ''], ours: ['[-', '-]'], theirs: ['{+', '+}'] } as const;
  return parts.map(({ kind, text }) => marks[kind][0] + text + marks[kind][1]).join('');
}
const side = (parts: readonly Part[], kind: Part['kind']) =>
  parts
    .filter((one) => one.kind === 'same' || one.kind === kind)
    .map(({ text }) => text)
    .join('');

const rows: readonly (readonly [ours: string, theirs: string, marked: string])[] = [
  ['same', 'same', 'same'],
  ['', '', ''],
  ['a=1&b=2', 'a=1&b=2\n', 'a=1&b=2{+\n+}'],
  ['a=1&b=&c=3', 'a=1&c=3', 'a=1&[-b=&-]c=3'],
  ['{"a":1}***', '{"a": 1}***', '{"a":{+ +}1}***'],
  ['operator=a b', 'operator=a%20b', 'operator=a[- -]{+%20+}b'],
  ['name=Toko', 'name=toko', 'name=[-T-]{+t+}oko'],
  ['b=2&a=1', 'a=1&b=2', '[-b=2&-]a=1{+&b=2+}'],
  ['测试', '??', '[-测试-]{+??+}'],
];
for (const [ours, theirs, marked] of rows)
  test(`${JSON.stringify(ours)} and ${JSON.stringify(theirs)}`, () => {
    assert.equal(written(difference(ours, theirs)), marked);
  });

test('each side can be read from the parts, whatever the texts', () => {
  const texts = rows.flatMap(([ours, theirs]) => [ours, theirs, `${ours}${theirs}`, `${theirs} ${ours}`]);
  for (const ours of texts)
    for (const theirs of texts) {
      const parts = difference(ours, theirs);
      assert.deepEqual([side(parts, 'ours'), side(parts, 'theirs')], [ours, theirs]);
    }
});

test('a secret value is compared and not shown', () => {
  const parts = difference('accountNo=1234567&a=1', 'accountNo=1234568&a=1');
  assert.equal(written(parts), 'accountNo=[-***-]{+***+}&a=1');
  assert.equal(written(difference('{"accountNo":"123"}', '{"accountNo":"123"}\n')), '{"accountNo":"***"}{+\n+}');
  const encoded = difference('a={"accountNo":"123"}', 'a=%7B%22accountNo%22%3A%22123%22%7D');
  assert.ok(encoded.every(({ text }) => !text.includes('123')));
});

test('long texts with nothing in common cost no more than a moment', () => {
  const long = (from: number) => Array.from({ length: 6_000 }, (_, at) => String(from + at)).join('&');
  const began = performance.now();
  assert.ok(difference(long(0), long(1_000_000)).length >= 2);
  assert.ok(performance.now() - began < 3_000);
});
