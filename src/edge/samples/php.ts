/** Sample programs in PHP with the extensions openssl and iconv, which are nearly always there. */
import type { Algorithm, Charset, Check, Text, Value } from '../../protocols/sample.ts';
import { introOf, isJoined, isRef, joined, type Language, linesOf, type Writers } from './dialect.ts';

function literal(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

function written(text: Text): string {
  if (typeof text === 'string') return literal(text);
  return isRef(text) ? `$${text.ref}` : joined(text).map(written).join(' . ');
}

function value(one: Value): string {
  if (typeof one === 'string' || isJoined(one)) return written(one);
  if ('ref' in one) return `$${one.ref}`;
  if ('number' in one) return one.number;
  return `[${one.members.map(([name, inner]) => `${literal(name)} => ${value(inner)}`).join(', ')}]`;
}

const shas: Readonly<Record<Algorithm, string>> = {
  'rsa-sha1': 'OPENSSL_ALGO_SHA1',
  'rsa-sha256': 'OPENSSL_ALGO_SHA256',
  sm2: '',
};

function bytes(text: Text, charset: Charset): string {
  return charset === 'GBK' ? `iconv('UTF-8', 'GBK', ${written(text)})` : written(text);
}

function key(variable: string): string {
  return `file_get_contents(getenv('${variable}'))`;
}

function check(one: Check): string {
  if ('same' in one) return `hash_equals(${one.same.map(written).join(', ')})`;
  if ('recent' in one) return `abs(time() - (int) $${one.recent.ref}) <= ${one.seconds}`;
  const { signed, signature } = one;
  return `openssl_verify(${bytes(signed.of, signed.charset)}, base64_decode($${signature.ref}), ${key(signed.keyFile)}, ${shas[signed.algorithm]}) === 1`;
}

const times = {
  seconds: '(string) time()',
  milliseconds: '(string) (int) (microtime(true) * 1000)',
  'china-time': "gmdate('Y-m-d H:i:s', time() + 8 * 3600)",
  'china-day': "gmdate('Ymd', time() + 8 * 3600)",
} as const;

const writers: Writers = {
  input: ({ name, variable, fallback }) => [
    fallback === null
      ? `$${name} = getenv('${variable}');`
      : `$${name} = getenv('${variable}') ?: ${isJoined(fallback) ? `(${written(fallback)})` : written(fallback)};`,
  ],
  time: ({ name, as }) => [`$${name} = ${times[as]};`],
  members: ({ name, rows }) => [
    `$${name} = [`,
    ...rows.map(([wire, one]) => `    ${literal(wire)} => ${value(one)},`),
    '];',
  ],
  json: ({ name, of }) => [`$${name} = json_encode($${of}, JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES);`],
  sorted: ({ name, of, dropBlank }) => [
    dropBlank ? `$sorted = array_filter($${of}, fn ($value) => trim((string) $value) !== '');` : `$sorted = $${of};`,
    'ksort($sorted, SORT_STRING);',
    `$${name} = implode('&', array_map(fn ($name, $value) => "$name=" . ($value ?? 'null'), array_keys($sorted), $sorted));`,
  ],
  add: ({ to, member, value: one }) => [`$${to}[${literal(member)}] = $${one.ref};`],
  md5: ({ name, of, letters }) => [
    letters === 'upper' ? `$${name} = strtoupper(md5(${written(of)}));` : `$${name} = md5(${written(of)});`,
  ],
  hmac: ({ name, key: secret, of }) => [`$${name} = hash_hmac('sha256', ${written(of)}, $${secret.ref});`],
  sign: ({ name, algorithm, keyFile, of, charset }) => [
    `openssl_sign(${bytes(of, charset)}, $signature, ${key(keyFile)}, ${shas[algorithm]});`,
    `$${name} = base64_encode($signature);`,
  ],
  strip: ({ name, of }) => [`$${name} = preg_replace('/[ \\t\\n\\x0B\\f\\r]/', '', $${of.ref});`],
  lower: ({ name, of }) => [`$${name} = strtolower($${of.ref});`],
  after: ({ name, of, mark }) => [`$${name} = substr(strstr($${of.ref}, ${literal(mark)}) ?: '', 1);`],
  post: ({ url, headers, body, charset }) => [
    ...('form' in body
      ? [
          charset === 'GBK'
            ? `$body = http_build_query(array_map(fn ($value) => iconv('UTF-8', 'GBK', $value), $${body.form}));`
            : `$body = http_build_query($${body.form});`,
        ]
      : []),
    '',
    "$context = stream_context_create(['http' => [",
    "    'method' => 'POST',",
    `    'header' => [${headers.map(([name, one]) => written([`${name}: `, one])).join(', ')}],`,
    `    'content' => $${'form' in body ? 'body' : body.text.ref},`,
    "    'ignore_errors' => true,",
    "    'timeout' => 60,",
    ']]);',
    `$reply = file_get_contents(${written(url)}, false, $context);`,
    `echo $http_response_header[0], ' ', ${charset === 'GBK' ? "iconv('GBK', 'UTF-8', $reply)" : '$reply'}, "\\n";`,
  ],
  body: ({ name }) => [`$${name} = file_get_contents('php://stdin');`],
  parse: ({ name, of, as }) =>
    as === 'json' ? [`$${name} = json_decode($${of.ref}, true);`] : [`parse_str($${of.ref}, $${name});`],
  take: ({ name, from, member }) => [
    `$${name} = $${from}[${literal(member)}] ?? '';`,
    `unset($${from}[${literal(member)}]);`,
  ],
  accept: ({ when, answer }) => [
    '',
    `$isAccepted = ${when.map(check).join('\n    && ')};`,
    `// Accepted? Then answer ${answer}`,
    'echo $isAccepted ? "accepted\\n" : "refused\\n";',
    'exit($isAccepted ? 0 : 1);',
  ],
};

const place = { file: 'sample.php', run: 'php sample.php' };

export const php: Language = {
  name: 'php',
  title: 'PHP',
  fence: 'php',
  ...place,
  needs: {
    en: 'PHP 8.0 or newer with openssl and iconv',
    zh: 'PHP 8.0 或更高版本，含 openssl 与 iconv',
    id: 'PHP 8.0 atau lebih baru dengan openssl dan iconv',
  },
  lacks: ['sm2'],
  write: (program) => ['<?php', ...introOf(program, place, '//'), ...linesOf(program, writers, '//')].join('\n'),
};
