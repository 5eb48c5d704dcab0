/** Sample programs for a shell: curl, with openssl for what is signed. */
import type { Charset, Check, Rows, SampleProgram, SignatureOf, Step, Text, Value } from '../../protocols/sample.ts';
import {
  digests,
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

/** Inside double quotes or a here-document. */
function plain(text: string): string {
  return text.replaceAll(/[\\$`]/g, '\\$&');
}

function inQuotes(text: Text): string {
  if (typeof text === 'string') return plain(text).replaceAll('"', '\\"');
  return isRef(text) ? `\${${snake(text.ref)}}` : text.map(inQuotes).join('');
}

function written(text: Text): string {
  return isRef(text) ? `"$${snake(text.ref)}"` : `"${inQuotes(text)}"`;
}

/** A value as JSON in a here-document; what is filled in is of our making and needs no escape. */
function json(one: Value): string {
  if (typeof one === 'string') return plain(quoted(one));
  if (isJoined(one)) return `"${one.map(inDocument).join('')}"`;
  if ('ref' in one) return `"$${snake(one.ref)}"`;
  return 'number' in one ? one.number : jsonObject(one.members);
}

/** A text of JSON inside JSON would need escapes that a shell has not: forms carry it as it is. */
function inDocument(text: Text): string {
  if (typeof text === 'string') return plain(quoted(text).slice(1, -1));
  return isRef(text) ? `\${${snake(text.ref)}}` : text.map(inDocument).join('');
}

function jsonObject(rows: Rows): string {
  return `{${rows.map(([name, one]) => `${quoted(name)}:${json(one)}`).join(',')}}`;
}

function valueText(one: Value): Text {
  if (typeof one === 'object' && 'number' in one) return one.number;
  if (typeof one === 'object' && 'members' in one) throw new Error('an object inside has no text of its own');
  return one;
}

function piped(text: Text, charset: Charset): string {
  const iconv = charset === 'GBK' ? ' | iconv -f UTF-8 -t GBK' : '';
  return `printf %s ${written(text)}${iconv}`;
}

/** Only what may hold more than ASCII goes through iconv. */
function formValue(name: string, text: Text, charset: Charset): string {
  const isPlain = charset === 'UTF-8' || (typeof text === 'string' && /^[\x20-\x7e]*$/.test(text));
  return isPlain ? written([`${name}=`, text]) : `"${name}=$(${piped(text, charset)})"`;
}

function dgst({ algorithm }: SignatureOf): string {
  return `openssl dgst -${digests[algorithm]}${algorithm === 'sm2' ? ` -sigopt ${sm2Id}` : ''}`;
}

function check(one: Check): string {
  if ('same' in one) return `[ ${one.same.map(written).join(' = ')} ]`;
  if ('recent' in one) {
    const name = snake(one.recent.ref);
    return `[ $(($(date +%s) - ${name})) -le ${one.seconds} ] && [ $((${name} - $(date +%s))) -le ${one.seconds} ]`;
  }
  const { signed, signature } = one;
  return `${piped(signed.of, signed.charset)} | ${dgst(signed)} -verify "$${signed.keyFile}" -signature <(printf %s "$${snake(signature.ref)}" | openssl base64 -d -A) > /dev/null 2>&1`;
}

const times = {
  seconds: '$(date +%s)',
  milliseconds: '$(date +%s)000',
  'china-time': '"$(TZ=Asia/Shanghai date \'+%Y-%m-%d %H:%M:%S\')"',
  'china-day': '$(TZ=Asia/Shanghai date +%Y%m%d)',
} as const;

/** A shell has no members: they are known here, with whatever is added, until they are written. */
class Members {
  readonly #rows = new Map<string, [name: string, value: Value][]>();

  constructor(steps: readonly Step[]) {
    for (const step of steps)
      if (step.do === 'members')
        this.#rows.set(
          step.name,
          step.rows.map(([name, value]) => [name, value]),
        );
  }

  /** Null: what was received is not known here. */
  of(name: string): [name: string, value: Value][] | null {
    return this.#rows.get(name) ?? null;
  }
}

function writersFor(members: Members): Writers {
  const known = (name: string) => {
    const rows = members.of(name);
    if (!rows) throw new Error(`${name} are not members of the program's own`);
    return rows;
  };
  return {
    input: ({ name, variable, fallback }) => [
      fallback === null
        ? `${snake(name)}=\${${variable}:?}`
        : `${snake(name)}="\${${variable}:-${inQuotes(fallback)}}"`,
    ],
    time: ({ name, as }) => [`${snake(name)}=${times[as]}`],
    members: () => [],
    json: ({ name, of }) => [`${snake(name)}=$(cat <<END`, jsonObject(known(of)), 'END', ')'],
    sorted({ name, of, dropBlank }) {
      const rows = members.of(of);
      if (rows === null)
        return [
          `${snake(name)}=$(printf '%s\\n' "$${snake(of)}" |${dropBlank ? " grep -v '=[[:space:]]*$' |" : ''} LC_ALL=C sort -t= -k1,1 | paste -sd'&' -)`,
        ];
      const sorted = [...rows].sort(([a], [b]) => (a < b ? -1 : 1));
      const text = sorted.map(([wire, one]) => inQuotes([`${wire}=`, valueText(one)])).join('&');
      return [`${snake(name)}="${text}"`];
    },
    add({ to, member, value }) {
      known(to).push([member, value]);
      return [];
    },
    md5: ({ name, of, letters }) => [
      `${snake(name)}=$(printf %s ${written(of)} | openssl dgst -md5 -r | cut -c1-32${letters === 'upper' ? ' | tr a-f A-F' : ''})`,
    ],
    hmac: ({ name, key, of }) => [
      '# While this runs, the key shows in the list of processes.',
      `${snake(name)}=$(printf %s ${written(of)} | openssl dgst -sha256 -hmac "$${snake(key.ref)}" -r | cut -c1-64)`,
    ],
    sign: (step) => [
      `${snake(step.name)}=$(${piped(step.of, step.charset)} | ${dgst(step)} -sign "$${step.keyFile}" | openssl base64 -A)`,
    ],
    strip: ({ name, of }) => [`${snake(name)}=$(printf %s "$${snake(of.ref)}" | tr -d ' \\t\\n\\v\\f\\r')`],
    lower: ({ name, of }) => [`${snake(name)}=$(printf %s "$${snake(of.ref)}" | tr A-F a-f)`],
    after: ({ name, of, mark }) => [`${snake(name)}=\${${snake(of.ref)}#*${mark}}`],
    post: ({ url, headers, body, charset }) => [
      '',
      [
        `curl -sS ${written(url)}`,
        ...headers.map(([name, one]) => `  -H ${written([`${name}: `, one])}`),
        ...('form' in body
          ? known(body.form).map(([name, one]) => `  --data-urlencode ${formValue(name, valueText(one), charset)}`)
          : [`  --data-binary ${written(body.text)}`]),
      ].join(' \\\n') + (charset === 'GBK' ? ' | iconv -f GBK -t UTF-8' : ''),
    ],
    body: ({ name }) => [`${snake(name)}=$(cat)`],
    parse: ({ name, of, as }) =>
      as === 'form'
        ? [
            `${snake(name)}=$(printf %s "$${snake(of.ref)}" | tr '&' '\\n' | while IFS= read -r part || [ -n "$part" ]; do`,
            '  printf \'%b\\n\' "$(printf %s "$part" | sed \'s/+/ /g; s/%/\\\\x/g\')"',
            'done)',
          ]
        : [
            '# One flat object without backslashes; for anything else take jq.',
            `${snake(name)}=$(printf %s "$${snake(of.ref)}" | grep -oE '"[A-Za-z]+":("[^"\\\\]*"|[^",}]+)' | sed -E 's/^"([A-Za-z]+)":"?/\\1=/; s/"$//')`,
          ],
    take: ({ name, from, member }) => [
      `${snake(name)}=$(printf '%s\\n' "$${snake(from)}" | sed -n 's/^${member}=//p')`,
      `${snake(from)}=$(printf '%s\\n' "$${snake(from)}" | grep -v '^${member}=')`,
    ],
    accept: ({ when, answer }) => [
      '',
      `# Accepted? Then answer ${answer}`,
      `if ${when.map(check).join(' && ')}; then`,
      '  echo accepted',
      'else',
      '  echo refused',
      '  exit 1',
      'fi',
    ],
  };
}

const place = { file: 'sample.sh', run: 'bash sample.sh' };

function write(program: SampleProgram): string {
  const members = new Members(program.steps);
  return ['#!/usr/bin/env bash', ...introOf(program, place, '#'), ...linesOf(program, writersFor(members), '#')].join(
    '\n',
  );
}

export const curl: Language = {
  name: 'curl',
  title: 'curl',
  fence: 'sh',
  ...place,
  needs: {
    en: 'bash, curl and the openssl command (3.0 or newer for SM2)',
    zh: 'bash、curl 与 openssl 命令（SM2 需 3.0 或更高版本）',
    id: 'bash, curl, dan perintah openssl (3.0 atau lebih baru untuk SM2)',
  },
  lacks: [],
  write,
};
