/** Sample programs in TypeScript for Node, without a package. */
import type { Algorithm, Charset, Check, SampleProgram, SignatureOf, Text, Value } from '../../protocols/sample.ts';
import {
  algorithmsIn,
  checksIn,
  has,
  introOf,
  isJoined,
  isRef,
  type Language,
  linesOf,
  type Writers,
} from './dialect.ts';

function literal(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

function inTemplate(text: Text): string {
  if (typeof text === 'string') return text.replaceAll(/[`\\]|\$\{/g, (found) => `\\${found}`);
  return isRef(text) ? `\${${text.ref}}` : text.map(inTemplate).join('');
}

function written(text: Text): string {
  if (typeof text === 'string') return literal(text);
  return isRef(text) ? text.ref : `\`${inTemplate(text)}\``;
}

function value(one: Value): string {
  if (typeof one === 'string' || isJoined(one)) return written(one);
  if ('ref' in one) return one.ref;
  if ('number' in one) return one.number;
  return `{ ${one.members.map(([name, inner]) => `${member(name)}: ${value(inner)}`).join(', ')} }`;
}

function member(name: string): string {
  return /^[A-Za-z_]\w*$/.test(name) ? name : literal(name);
}

function row(name: string, one: Value): string {
  return typeof one === 'object' && 'ref' in one && one.ref === name ? name : `${member(name)}: ${value(one)}`;
}

const shas: Readonly<Record<Algorithm, string>> = { 'rsa-sha1': 'RSA-SHA1', 'rsa-sha256': 'RSA-SHA256', sm2: '' };

function bytes(text: Text, charset: Charset): string {
  return charset === 'GBK' ? `gbk(${written(text)})` : written(text);
}

function key(variable: string): string {
  return `readFileSync(process.env.${variable} ?? '', 'utf8')`;
}

function signedBy({ algorithm, of, charset }: SignatureOf, maker: 'createSign' | 'createVerify'): string {
  return `${maker}('${shas[algorithm]}').update(${bytes(of, charset)})`;
}

function check(one: Check): string {
  if ('same' in one) return `isSame(${one.same.map(written).join(', ')})`;
  if ('recent' in one) return `Math.abs(Date.now() / 1000 - Number(${one.recent.ref})) <= ${one.seconds}`;
  return `${signedBy(one.signed, 'createVerify')}.verify(${key(one.signed.keyFile)}, ${one.signature.ref}, 'base64')`;
}

const times = {
  seconds: 'String(Math.floor(Date.now() / 1000))',
  milliseconds: 'String(Date.now())',
  'china-time': "new Date(Date.now() + 8 * 3_600_000).toISOString().slice(0, 19).replace('T', ' ')",
  'china-day': "new Date(Date.now() + 8 * 3_600_000).toISOString().slice(0, 10).replaceAll('-', '')",
} as const;

const writers: Writers = {
  input: ({ name, variable, fallback }) => [
    `const ${name} = process.env.${variable}${fallback === null ? " ?? ''" : ` ?? ${written(fallback)}`};`,
  ],
  time: ({ name, as }) => [`const ${name} = ${times[as]};`],
  members: ({ name, rows }) => [
    `const ${name}: Record<string, unknown> = {`,
    ...rows.map(([wire, one]) => `  ${row(wire, one)},`),
    '};',
  ],
  json: ({ name, of }) => [`const ${name} = JSON.stringify(${of});`],
  sorted: ({ name, of, dropBlank }) => [
    `const ${name} = Object.entries(${of})`,
    ...(dropBlank ? ["  .filter(([, value]) => String(value).trim() !== '')"] : []),
    '  .sort(([a], [b]) => (a < b ? -1 : 1))',
    '  .map(([name, value]) => `${name}=${value}`)',
    "  .join('&');",
  ],
  add: ({ to, member: wire, value: one }) => [`${to}.${wire} = ${one.ref};`],
  md5: ({ name, of, letters }) => [
    `const ${name} = createHash('md5').update(${written(of)}).digest('hex')${letters === 'upper' ? '.toUpperCase()' : ''};`,
  ],
  hmac: ({ name, key: secret, of }) => [
    `const ${name} = createHmac('sha256', ${secret.ref}).update(${written(of)}).digest('hex');`,
  ],
  sign: (step) => [`const ${step.name} = ${signedBy(step, 'createSign')}.sign(${key(step.keyFile)}, 'base64');`],
  strip: ({ name, of }) => [`const ${name} = ${of.ref}.replaceAll(/[ \\t\\n\\v\\f\\r]/g, '');`],
  lower: ({ name, of }) => [`const ${name} = ${of.ref}.toLowerCase();`],
  after: ({ name, of, mark }) => [`const ${name} = ${of.ref}.slice(${of.ref}.indexOf(${literal(mark)}) + 1);`],
  post: ({ url, headers, body, charset }) => [
    ...('form' in body ? formLines(body.form, charset) : []),
    '',
    `const reply = await fetch(${written(url)}, {`,
    "  method: 'POST',",
    '  headers: {',
    ...headers.map(([name, one]) => `    ${literal(name)}: ${written(one)},`),
    '  },',
    'form' in body ? '  body,' : body.text.ref === 'body' ? '  body,' : `  body: ${body.text.ref},`,
    '});',
    `console.log(reply.status, new TextDecoder('${charset.toLowerCase()}').decode(await reply.arrayBuffer()));`,
  ],
  body: ({ name }) => [`const ${name} = readFileSync(0, 'utf8');`],
  parse: ({ name, of, as }) => [
    `const ${name}: Record<string, unknown> = ${as === 'json' ? `JSON.parse(${of.ref})` : `Object.fromEntries(new URLSearchParams(${of.ref}))`};`,
  ],
  take: ({ name, from, member: wire }) => [`const ${name} = String(${from}.${wire} ?? '');`, `delete ${from}.${wire};`],
  accept: ({ when, answer }) => [
    '',
    `const isAccepted =`,
    `${when.map((one) => `  ${check(one)}`).join(' &&\n')};`,
    `// Accepted? Then answer ${answer}`,
    "console.log(isAccepted ? 'accepted' : 'refused');",
    'process.exitCode = isAccepted ? 0 : 1;',
  ],
};

function formLines(members: string, charset: Charset): string[] {
  if (charset === 'UTF-8')
    return [
      `const body = new URLSearchParams(Object.entries(${members}).map(([name, value]) => [name, String(value)])).toString();`,
    ];
  return [
    "const escaped = (text: string) => gbk(text).toString('hex').replaceAll(/../g, '%$&');",
    `const body = Object.entries(${members}).map(([name, value]) => \`\${name}=\${escaped(String(value))}\`).join('&');`,
  ];
}

function imports(program: SampleProgram): string[] {
  const signs = algorithmsIn(program).length > 0;
  const crypto = [
    has(program, 'md5') && 'createHash',
    has(program, 'hmac') && 'createHmac',
    has(program, 'sign') && 'createSign',
    signs && has(program, 'accept') && 'createVerify',
    checksIn(program).some((one) => 'same' in one) && 'timingSafeEqual',
  ].filter((name) => name !== false);
  return [
    `import { ${crypto.join(', ')} } from 'node:crypto';`,
    ...(signs || has(program, 'body') ? ["import { readFileSync } from 'node:fs';"] : []),
    ...(has(program, 'post') ? [] : []),
    '',
  ];
}

/** Node writes UTF-8 only. */
const gbkLines = [
  '// Node reads GBK but does not write it: the table is read out of its decoder.',
  'const table = new Map<string, readonly number[]>();',
  "const decoder = new TextDecoder('gbk');",
  'for (let high = 0x81; high <= 0xfe; high += 1)',
  '  for (let low = 0x40; low <= 0xfe; low += 1)',
  '    if (low !== 0x7f) table.set(decoder.decode(Uint8Array.of(high, low)), [high, low]);',
  'const gbk = (text: string) => Buffer.from([...text].flatMap((char) => table.get(char) ?? [char.charCodeAt(0)]));',
  '',
];

const sameLines = [
  '/** Takes the same time whatever differs. */',
  'const isSame = (a: string, b: string) => a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));',
  '',
];

function usesGbk(program: SampleProgram): boolean {
  return program.steps.some((step) => step.do === 'post' && step.charset === 'GBK');
}

const place = { file: 'sample.mts', run: 'node sample.mts' };

export const typescript: Language = {
  name: 'typescript',
  title: 'TypeScript',
  fence: 'ts',
  ...place,
  needs: {
    en: 'Node.js 22.18 or newer; with Node.js 20: npx tsx sample.mts',
    zh: 'Node.js 22.18 或更高版本；Node.js 20 请用 npx tsx sample.mts',
    id: 'Node.js 22.18 atau lebih baru; dengan Node.js 20: npx tsx sample.mts',
  },
  lacks: ['sm2'],
  write: (program) =>
    [
      ...introOf(program, place, '//'),
      ...imports(program),
      ...(usesGbk(program) ? gbkLines : []),
      ...(checksIn(program).some((one) => 'same' in one) ? sameLines : []),
      ...linesOf(program, writers, '//'),
    ].join('\n'),
};
