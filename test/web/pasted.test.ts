/** Requests as people paste them: every shape gives the same request, to the byte. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { Refusal } from '../../src/core/refusal.ts';
import { readPasted } from '../../src/web/pasted.ts';
import { shellWords } from '../../src/web/shell-words.ts';

const body = '{"name":"测试 it\'s", "a":"1"}\n';
const wanted = {
  method: 'POST',
  target: '/api/payIn?a=1',
  headers: [
    ['content-type', 'application/json'],
    ['sign', 'ab'],
  ],
  body: Buffer.from(body),
};
const read = (text: string) => readPasted(Buffer.from(text));
const quoted = body.replaceAll("'", "'\\''");

test('a raw request, with whatever line ends, keeps every byte of its body', () => {
  const head = ['POST http://x.test/api/payIn?a=1 HTTP/1.1', 'Content-Type: application/json', 'SIGN:  ab '];
  for (const end of ['\n', '\r\n']) assert.deepEqual(read(head.join(end) + end + end + body), wanted);
  const strange = Buffer.from([0x7b, 0xff, 0x0d, 0x0a, 0x0d, 0x0a, 0x7d]);
  const raw = Buffer.concat([Buffer.from('POST /x HTTP/1.1\nSign: 1\n\n'), strange]);
  assert.deepEqual(readPasted(raw).body, strange);
  assert.deepEqual(readPasted(strange).body, strange);
  assert.deepEqual(read('GET /x?a=1').target, '/x?a=1');
});

test('headers and body, or the body alone; what has no type is taken for what it looks like', () => {
  const { headers, body: kept, target } = read(`Content-Type: application/json\nSign: ab\n\n${body}`);
  assert.deepEqual([headers, kept, target], [wanted.headers, wanted.body, '/']);
  assert.deepEqual(read(body).headers, [['content-type', 'application/json']]);
  assert.deepEqual(read(body).body, wanted.body);
  assert.deepEqual(read('a=1&b=2').headers, [['content-type', 'application/x-www-form-urlencoded']]);
});

test('a curl command in every usual spelling is the same request', () => {
  const shapes = [
    `curl -X POST 'http://x.test/api/payIn?a=1' -H 'Content-Type: application/json' -H 'Sign: ab' --data-binary '${quoted}'`,
    `$ curl -sS http://x.test/api/payIn?a=1 \\\n -H "Content-Type: application/json" \\\r\n --header="Sign: ab" -d '${quoted}'`,
    `curl --url "http://x.test/api/payIn?a=1" -XPOST -H'content-type: application/json' -H"sign: ab" --data-raw $'{"name":"\\u6d4b\\u8bd5 it\\'s", "a":"1"}\\n'`,
    `curl -d '${quoted}' -o /dev/null -u a:b --max-time 5 x.test/api/payIn?a=1 -H 'Content-Type: application/json' -H 'Sign: ab' --compressed`,
  ];
  for (const shape of shapes) assert.deepEqual(read(shape), wanted, shape);
});

test('forms: curl joins and encodes them; without a type they are forms; -G puts them into the query', () => {
  const form = read(`curl x.test/gateway.do -d a=1 --data-urlencode 'b=测 +' --data-urlencode '=c&'`);
  assert.equal(form.body.toString(), 'a=1&b=%E6%B5%8B%20%2B&c%26');
  assert.deepEqual(form.headers, [['content-type', 'application/x-www-form-urlencoded']]);
  assert.deepEqual(read('curl -G x.test/q -d a=1 -d b=2'), {
    method: 'GET',
    target: '/q?a=1&b=2',
    headers: [],
    body: Buffer.alloc(0),
  });
  assert.deepEqual(read(`curl x.test --json '{}'`).headers, [['content-type', 'application/json']]);
});

test('what cannot be known is refused in words', () => {
  for (const [text, why] of [
    ["curl x.test -d 'a", /left open/],
    ['curl x.test -d @body.json', /in a file/],
    ['curl -H "a: b"', /no address/],
    ['curl x.test -F a=1', /multipart/],
  ] as const)
    assert.throws(
      () => read(text),
      (error) => error instanceof Refusal && why.test(error.detail.text ?? ''),
      text,
    );
});

test('words are those of a real shell', () => {
  for (const line of [
    `a 'b c' "d \\"e\\" \\$x" f\\ g h'i'"j"`,
    `'' "" x`,
    `"a\\\nb" c\\\nd`,
    String.raw`$'a\n\t\'\\ \x41 \u6d4b\u8bd5 \ud83d\ude00' "\n \\ \a"`,
  ]) {
    // One surrogate at a time is not bash's way; those two are written as the character they make.
    const forBash = line.replaceAll('\\ud83d\\ude00', '😀');
    const printed = execFileSync('bash', ['-c', `printf '%s\\0' ${forBash}`], { env: { LC_ALL: 'C.UTF-8' } });
    const words = shellWords(line).map((word) => Buffer.from(word, 'latin1').toString('utf8'));
    assert.deepEqual(words, printed.toString().split('\0').slice(0, -1), line);
  }
});
