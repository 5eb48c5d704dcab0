/** Sample programs in Python, standard library only; signatures by the `openssl` command. */
import type { Check, SampleProgram, SignatureOf, Text, Value } from '../../protocols/sample.ts';
import {
  algorithmsIn,
  checksIn,
  digests,
  has,
  introOf,
  isJoined,
  isRef,
  type Language,
  linesOf,
  quoted,
  sm2Id,
  snake,
  type Writers,
} from './dialect.ts';

function inFormat(text: Text): string {
  if (typeof text === 'string') return quoted(text).slice(1, -1).replaceAll(/[{}]/g, '$&$&');
  return isRef(text) ? `{${snake(text.ref)}}` : text.map(inFormat).join('');
}

function written(text: Text): string {
  if (typeof text === 'string') return quoted(text);
  return isRef(text) ? snake(text.ref) : `f"${inFormat(text)}"`;
}

function value(one: Value): string {
  if (typeof one === 'string' || isJoined(one)) return written(one);
  if ('ref' in one) return snake(one.ref);
  if ('number' in one) return one.number;
  return `{${one.members.map(([name, inner]) => `${quoted(name)}: ${value(inner)}`).join(', ')}}`;
}

function encoded(text: Text, charset: string): string {
  const shown = written(text);
  return `${isRef(text) || shown.startsWith('f"') ? shown : `(${shown})`}.encode("${charset.toLowerCase()}")`;
}

function openssl({ algorithm }: SignatureOf, ...options: readonly string[]): string {
  const id = algorithm === 'sm2' ? ['"-sigopt"', `"${sm2Id}"`] : [];
  return `["openssl", "dgst", "-${digests[algorithm]}", ${[...id, ...options].join(', ')}]`;
}

function check(one: Check): string {
  if ('same' in one) return `hmac.compare_digest(${one.same.map(written).join(', ')})`;
  if ('recent' in one) return `abs(time.time() - int(${snake(one.recent.ref)})) <= ${one.seconds}`;
  return `is_signed(${encoded(one.signed.of, one.signed.charset)}, ${snake(one.signature.ref)})`;
}

const times = {
  seconds: 'str(int(time.time()))',
  milliseconds: 'str(int(time.time() * 1000))',
  'china-time': 'time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(time.time() + 8 * 3600))',
  'china-day': 'time.strftime("%Y%m%d", time.gmtime(time.time() + 8 * 3600))',
} as const;

const writers: Writers = {
  input: ({ name, variable, fallback }) => [
    fallback === null
      ? `${snake(name)} = os.environ["${variable}"]`
      : `${snake(name)} = os.environ.get("${variable}") or ${written(fallback)}`,
  ],
  time: ({ name, as }) => [`${snake(name)} = ${times[as]}`],
  members: ({ name, rows }) => [
    `${snake(name)} = {`,
    ...rows.map(([wire, one]) => `    ${quoted(wire)}: ${value(one)},`),
    '}',
  ],
  json: ({ name, of }) => [`${snake(name)} = json.dumps(${snake(of)}, ensure_ascii=False, separators=(",", ":"))`],
  sorted: ({ name, of, dropBlank }) => [
    `${snake(name)} = "&".join(f"{name}={value}" for name, value in sorted(${snake(of)}.items())${dropBlank ? ' if str(value).strip()' : ''})`,
  ],
  add: ({ to, member, value: one }) => [`${snake(to)}[${quoted(member)}] = ${snake(one.ref)}`],
  md5: ({ name, of, letters }) => [
    `${snake(name)} = hashlib.md5(${encoded(of, 'UTF-8')}).hexdigest()${letters === 'upper' ? '.upper()' : ''}`,
  ],
  hmac: ({ name, key, of }) => [
    `${snake(name)} = hmac.new(${snake(key.ref)}.encode("utf-8"), ${encoded(of, 'UTF-8')}, hashlib.sha256).hexdigest()`,
  ],
  sign: (step) => [
    `command = ${openssl(step, '"-sign"', `os.environ["${step.keyFile}"]`)}`,
    `made = subprocess.run(command, input=${encoded(step.of, step.charset)}, capture_output=True, check=True).stdout`,
    `${snake(step.name)} = base64.b64encode(made).decode("ascii")`,
  ],
  strip: ({ name, of }) => [`${snake(name)} = re.sub(r"[ \\t\\n\\v\\f\\r]", "", ${snake(of.ref)})`],
  lower: ({ name, of }) => [`${snake(name)} = ${snake(of.ref)}.lower()`],
  after: ({ name, of, mark }) => [`${snake(name)} = ${snake(of.ref)}.partition(${quoted(mark)})[2]`],
  post: ({ url, headers, body, charset }) => [
    '',
    'request = urllib.request.Request(',
    `    ${written(url)},`,
    'form' in body
      ? `    data=urllib.parse.urlencode(${snake(body.form)}, encoding="${charset.toLowerCase()}").encode("ascii"),`
      : `    data=${encoded(body.text, 'UTF-8')},`,
    `    headers={${headers.map(([name, one]) => `${quoted(name)}: ${written(one)}`).join(', ')}},`,
    ')',
    'with urllib.request.urlopen(request, timeout=60) as reply:',
    `    print(reply.status, reply.read().decode("${charset.toLowerCase()}"))`,
  ],
  body: ({ name }) => [`${snake(name)} = sys.stdin.buffer.read().decode("utf-8")`],
  parse: ({ name, of, as }) =>
    as === 'json'
      ? [
          `${snake(name)} = json.loads(${snake(of.ref)}, parse_int=str, parse_float=str)`,
          `${snake(name)} = {name: "null" if value is None else value for name, value in ${snake(name)}.items()}`,
        ]
      : [`${snake(name)} = dict(urllib.parse.parse_qsl(${snake(of.ref)}))`],
  take: ({ name, from, member }) => [`${snake(name)} = ${snake(from)}.pop(${quoted(member)}, "")`],
  accept: ({ when, answer }) => [
    '',
    `is_accepted = ${when.map(check).join(' and ')}`,
    `# Accepted? Then answer ${answer}`,
    'print("accepted" if is_accepted else "refused")',
    'sys.exit(0 if is_accepted else 1)',
  ],
};

function verifyLines(program: SampleProgram): string[] {
  const [first] = checksIn(program).flatMap((one) => ('signed' in one ? [one.signed] : []));
  if (!first) return [];
  return [
    'def is_signed(text, signature):',
    '    try:',
    '        given = base64.b64decode(signature)',
    '    except ValueError:',
    '        return False',
    '    with tempfile.NamedTemporaryFile() as file:',
    '        file.write(given)',
    '        file.flush()',
    `        command = ${openssl(first, '"-verify"', `os.environ["${first.keyFile}"]`, '"-signature"', 'file.name')}`,
    '        return subprocess.run(command, input=text, capture_output=True).returncode == 0',
    '',
    '',
  ];
}

function imports(program: SampleProgram): string[] {
  const signs = algorithmsIn(program).length > 0;
  const [posts, accepts] = [has(program, 'post'), has(program, 'accept')];
  const isForm = program.steps.some(
    (step) => (step.do === 'post' && 'form' in step.body) || (step.do === 'parse' && step.as === 'form'),
  );
  const isJson = program.steps.some((step) => step.do === 'json' || (step.do === 'parse' && step.as === 'json'));
  const usesHmac = has(program, 'hmac') || checksIn(program).some((one) => 'same' in one);
  const names = [
    signs && 'base64',
    has(program, 'md5', 'hmac') && 'hashlib',
    usesHmac && 'hmac',
    isJson && 'json',
    'os',
    has(program, 'strip') && 're',
    signs && 'subprocess',
    accepts && 'sys',
    signs && accepts && 'tempfile',
    (has(program, 'time') || checksIn(program).some((one) => 'recent' in one)) && 'time',
    isForm && 'urllib.parse',
    posts && 'urllib.request',
  ].filter((name) => name !== false);
  return [...names.map((name) => `import ${name}`), ''];
}

const place = { file: 'sample.py', run: 'python3 sample.py' };

export const python: Language = {
  name: 'python',
  title: 'Python',
  fence: 'python',
  ...place,
  needs: {
    en: 'Python 3.8 or newer; where a private key signs, the openssl command (3.0 or newer for SM2)',
    zh: 'Python 3.8 或更高版本；用私钥签名时需 openssl 命令（SM2 需 3.0 或更高版本）',
    id: 'Python 3.8 atau lebih baru; bila kunci privat menandatangani, perintah openssl (3.0 atau lebih baru untuk SM2)',
  },
  lacks: [],
  write: (program) =>
    [
      ...introOf(program, place, '#'),
      ...imports(program),
      ...verifyLines(program),
      ...linesOf(program, writers, '#'),
    ].join('\n'),
};
