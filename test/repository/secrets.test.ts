/** Secrets do not come out: what lists, pages and log lines may name, read off the source; and the search that end-to-end tests use. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canaries } from '../canaries.ts';
import { lineOf, type Source, source, sourcesBelow, textOf } from './source.ts';

const secret = 'kQ9vZr3TtLm8/+"x';

test('a canary is found in every usual spelling', () => {
  const planted = canaries({ 'the key': secret });
  const outputs: Record<string, string | Uint8Array> = {
    log: `{"msg":"${secret}"}`,
    json: JSON.stringify({ key: secret }),
    url: `https://example.test/?k=${encodeURIComponent(secret)}`,
    hex: Buffer.from(`a${secret}b`).toString('hex'),
    dump: Buffer.from(`\0\0${secret}\0`),
    reversed: secret.split('').reverse().join(''),
    ...Object.fromEntries(
      ['', 'a', 'ab'].map((before) => [`base64 ${before}`, Buffer.from(`${before}${secret}tail`).toString('base64')]),
    ),
  };
  for (const [where, output] of Object.entries(outputs))
    assert.notDeepEqual(planted.leaksIn({ [where]: output }), [], where);
  assert.deepEqual(planted.leaksIn({ clean: 'kQ9vZr3Tt and other words', empty: '' }), []);
});

test('a line of a PEM is found, and a leak does not repeat the secret', () => {
  const pem = `-----BEGIN PRIVATE KEY-----\n${'A'.repeat(63)}1\n${'B'.repeat(63)}2\n${'C'.repeat(63)}3\n-----END PRIVATE KEY-----\n`;
  const [leak = ''] = canaries({ pem }).leaksIn({ log: `x ${'B'.repeat(63)}2 y` });
  assert.match(leak, /^pem, a line of it, in log$/);
});

test('a search that could find nothing is refused', () => {
  assert.throws(() => canaries({}), /no canary/);
  assert.throws(() => canaries({ short: 'abc' }), /too short/);
});

/** Columns whose contents open something: sealed keys, webhook secrets, hashes of tokens, the data card numbers stand in. */
const secretColumns = /\b(secrets|webhook_secret|"?webhookSecret"?|hash)\b/g;

/** Statements that read secret columns, file by file, and why they must. */
const readers: Readonly<Record<string, string>> = {
  'src/store/directory.ts': 'the keyring opens them; sealed until then',
  'src/store/admin.ts': 'writes them',
  'src/store/tokens.ts': 'finds a token by its hash',
  'src/store/sessions.ts': 'finds a session by its hash',
  'src/store/audit.ts': 'the chain of hashes, no secret',
  'src/wiring/sandbox.ts': 'writes the demo parties',
  'src/wiring/master-key.ts': 'tries whether the key opens one',
  'src/wiring/metrics-room.ts': 'finds a token by its hash',
};

/** The text of each sql`…` of a file. */
function statements({ text }: Source): { readonly text: string; readonly line: number }[] {
  return [...text.matchAll(/\bsql`((?:[^`\\]|\\.)*)`/g)].map((match) => ({
    text: match[1] ?? '',
    line: lineOf(text, match.index),
  }));
}

function secretReads(sources: readonly Source[]): string[] {
  return sources
    .filter(({ path }) => readers[path] === undefined)
    .flatMap((one) =>
      statements(one)
        .filter(
          ({ text }) =>
            text.match(secretColumns) !== null ||
            /select\s+(?:\w+\.)?\*\s+from\s+(?:merchants|credentials|channels|operator_tokens|settings)\b/.test(text),
        )
        .map(({ line }) => `${one.path}:${line}`),
    );
}

const sources = sourcesBelow('src');

test('no other statement reads a secret column', () => {
  assert.ok(sources.flatMap(statements).length >= 80, 'the check sees the statements');
  assert.deepEqual(secretReads(sources), []);
  for (const path of Object.keys(readers))
    assert.ok(textOf(path).match(secretColumns), `${path} reads none: strike it off`);
  assert.deepEqual(
    secretReads([
      source('src/store/lists.ts', 'query.run(sql`select id, secrets from credentials`)'),
      source(
        'src/web/api/x.ts',
        '\nquery.run(sql`select c.* from credentials c`); query.run(sql`select * from credentials`)',
      ),
    ]),
    ['src/store/lists.ts:1', 'src/web/api/x.ts:2', 'src/web/api/x.ts:2'],
  );
});

/** Rooms whose text goes out: pages, lists, answers, printed lines. */
const outlets = /^src\/(web|cli)\//;
const secretMembers = /\.(secrets|webhookSecret|sealed|keyObjects|master)\b/g;

/** What stands there with reason. */
const allowedMembers: Readonly<Record<string, { readonly count: number; readonly because: string }>> = {};

function secretMentions(list: readonly Source[]): string[] {
  return list
    .filter(({ path }) => outlets.test(path))
    .flatMap((one) => {
      const found = [...one.code.matchAll(secretMembers)];
      if (found.length === (allowedMembers[one.path]?.count ?? 0)) return [];
      return found.map(({ index, 0: text }) => `${one.path}:${lineOf(one.code, index)} ${text}`);
    });
}

test('pages, lists and the command line do not touch sealed or opened secrets', () => {
  assert.deepEqual(secretMentions(sources), []);
  assert.deepEqual(secretMentions([source('src/web/api/x.ts', 'return { key: credential.secrets };')]), [
    'src/web/api/x.ts:1 .secrets',
  ]);
});

/** Words that must not stand in a log line: what they name is secret, personal or as long as a body. */
const unloggable =
  /\b(?:secrets?|apiKey|keys|password|token|authCode|cvv|card|idNumber|payer|payee|headers|body|privateKey|master|webhookSecret|fields|members|databaseUrl)\b(?!\s*\()/;

/** The arguments of every call of a log, as code. */
function logCalls({ code, path }: Source): { readonly text: string; readonly at: string }[] {
  return [...code.matchAll(/\blog\??\.(?:debug|info|warn|error)\(/g)].map(({ index, 0: head }) => {
    const from = index + head.length;
    let depth = 1;
    let end = from;
    while (end < code.length && depth > 0) {
      if (code[end] === '(') depth += 1;
      if (code[end] === ')') depth -= 1;
      end += 1;
    }
    return { text: code.slice(from, end - 1), at: `${path}:${lineOf(code, index)}` };
  });
}

function loggedSecrets(list: readonly Source[]): string[] {
  return list.flatMap(logCalls).flatMap(({ text, at }) => {
    const word = unloggable.exec(text)?.[0];
    return word === undefined ? [] : [`${at} ${word}`];
  });
}

test('no log line is given a secret, a person or a body', () => {
  assert.ok(sources.flatMap(logCalls).length >= 15, 'the check sees the log lines');
  assert.deepEqual(loggedSecrets(sources), []);
  assert.deepEqual(
    loggedSecrets([
      source('src/edge/x.ts', "world.log.warn('bad', { got: wire.headers });"),
      source('src/edge/y.ts', "log.info('ok', { url, ms });\nlog.error('x', { key: (a(b), apiKey) });"),
    ]),
    ['src/edge/x.ts:1 headers', 'src/edge/y.ts:2 apiKey'],
  );
});

/** Every value of a string that is built for an error's text and holds a secret's name. */
test('no error text is built from a key', () => {
  const shape = /new (?:Refusal|Error)\([^;]*\$\{[^}]*\b(?:secret|apiKey|pem|password|authCode|cvv)\b[^}]*\}/g;
  const found = (one: Source) =>
    [...one.text.matchAll(shape)].map(({ index }) => `${one.path}:${lineOf(one.text, index)}`);
  assert.deepEqual(sources.flatMap(found), []);
  assert.equal(found(source('src/edge/x.ts', 'throw new Error(`bad key ${apiKey}`);')).length, 1);
});
