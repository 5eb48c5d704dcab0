/** Sample programs in Java: one file, nothing but the JDK. */
import type { Algorithm, Charset, Check, SampleProgram, SignatureOf, Text, Value } from '../../protocols/sample.ts';
import {
  algorithmsIn,
  checksIn,
  has,
  introOf,
  isJoined,
  isRef,
  joined,
  type Language,
  linesOf,
  quoted,
  type Writers,
} from './dialect.ts';

function written(text: Text): string {
  if (typeof text === 'string') return quoted(text);
  return isRef(text) ? text.ref : joined(text).map(written).join(' + ');
}

/** As one operand: a call may be made on it. */
function whole(text: Text): string {
  return isJoined(text) ? `(${written(text)})` : written(text);
}

const charsets: Readonly<Record<Charset, string>> = { 'UTF-8': 'UTF_8', GBK: 'Charset.forName("GBK")' };
const shas: Readonly<Record<Algorithm, string>> = { 'rsa-sha1': 'SHA1withRSA', 'rsa-sha256': 'SHA256withRSA', sm2: '' };

function bytes(text: Text, charset: Charset): string {
  return `${whole(text)}.getBytes(${charsets[charset]})`;
}

function value(one: Value, name: string): string {
  if (typeof one === 'string' || isJoined(one)) return written(one);
  if ('ref' in one) return one.ref;
  return 'number' in one ? one.number : name;
}

function memberLines(name: string, rows: readonly (readonly [string, Value])[]): string[] {
  const inner = rows.flatMap(([wire, one]) =>
    typeof one === 'object' && 'members' in one ? memberLines(wire, one.members) : [],
  );
  return [
    ...inner,
    `var ${name} = new LinkedHashMap<String, Object>();`,
    ...rows.map(([wire, one]) => `${name}.put(${quoted(wire)}, ${value(one, wire)});`),
  ];
}

function check(one: Check): string {
  if ('same' in one) return `MessageDigest.isEqual(${one.same.map((text) => bytes(text, 'UTF-8')).join(', ')})`;
  if ('recent' in one)
    return `Math.abs(System.currentTimeMillis() / 1000 - Long.parseLong(${one.recent.ref})) <= ${one.seconds}`;
  return `isSigned(${bytes(one.signed.of, one.signed.charset)}, ${one.signature.ref})`;
}

const times = {
  seconds: 'String.valueOf(System.currentTimeMillis() / 1000)',
  milliseconds: 'String.valueOf(System.currentTimeMillis())',
  'china-time': 'LocalDateTime.now(ZoneId.of("+08:00")).format(DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss"))',
  'china-day': 'LocalDate.now(ZoneId.of("+08:00")).format(DateTimeFormatter.BASIC_ISO_DATE)',
} as const;

const writers: Writers = {
  input: ({ name, variable, fallback }) => [
    fallback === null
      ? `var ${name} = System.getenv("${variable}");`
      : `var ${name} = System.getenv().getOrDefault("${variable}", ${written(fallback)});`,
  ],
  time: ({ name, as }) => [`var ${name} = ${times[as]};`],
  members: ({ name, rows }) => memberLines(name, rows),
  json: ({ name, of }) => [`var ${name} = json(${of});`],
  sorted: ({ name, of, dropBlank }) => [
    `var ${name} = new TreeMap<>(${of}).entrySet().stream()`,
    ...(dropBlank ? ['    .filter(one -> !String.valueOf(one.getValue()).isBlank())'] : []),
    '    .map(one -> one.getKey() + "=" + one.getValue())',
    '    .collect(Collectors.joining("&"));',
  ],
  add: ({ to, member, value: one }) => [`${to}.put(${quoted(member)}, ${one.ref});`],
  md5: ({ name, of, letters }) => [
    `var ${name} = HexFormat.of()${letters === 'upper' ? '.withUpperCase()' : ''}`,
    `    .formatHex(MessageDigest.getInstance("MD5").digest(${bytes(of, 'UTF-8')}));`,
  ],
  hmac: ({ name, key, of }) => [
    'var mac = Mac.getInstance("HmacSHA256");',
    `mac.init(new SecretKeySpec(${bytes(key, 'UTF-8')}, "HmacSHA256"));`,
    `var ${name} = HexFormat.of().formatHex(mac.doFinal(${bytes(of, 'UTF-8')}));`,
  ],
  sign: ({ name, algorithm, keyFile, of, charset }) => [
    `var signer = Signature.getInstance("${shas[algorithm]}");`,
    `signer.initSign(KeyFactory.getInstance("RSA").generatePrivate(new PKCS8EncodedKeySpec(pem(System.getenv("${keyFile}")))));`,
    `signer.update(${bytes(of, charset)});`,
    `var ${name} = Base64.getEncoder().encodeToString(signer.sign());`,
  ],
  strip: ({ name, of }) => [`var ${name} = ${of.ref}.replaceAll("[ \\\\t\\\\n\\\\x0B\\\\f\\\\r]", "");`],
  lower: ({ name, of }) => [`var ${name} = ${of.ref}.toLowerCase();`],
  after: ({ name, of, mark }) => [`var ${name} = ${of.ref}.substring(${of.ref}.indexOf(${quoted(mark)}) + 1);`],
  post: ({ url, headers, body, charset }) => [
    ...('form' in body
      ? [
          `var body = ${body.form}.entrySet().stream()`,
          `    .map(one -> one.getKey() + "=" + URLEncoder.encode(String.valueOf(one.getValue()), ${charsets[charset]}))`,
          '    .collect(Collectors.joining("&"));',
        ]
      : []),
    '',
    `var request = HttpRequest.newBuilder(URI.create(${written(url)}))`,
    ...headers.map(([name, one]) => `    .header(${quoted(name)}, ${written(one)})`),
    `    .POST(HttpRequest.BodyPublishers.ofString(${'form' in body ? 'body' : body.text.ref}, UTF_8))`,
    '    .build();',
    `var reply = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString(${charsets[charset]}));`,
    'System.out.println(reply.statusCode() + " " + reply.body());',
  ],
  body: ({ name }) => [`var ${name} = new String(System.in.readAllBytes(), UTF_8);`],
  parse: ({ name, of, as }) =>
    as === 'json'
      ? [`var ${name} = flat(${of.ref});`]
      : [
          `var ${name} = new TreeMap<String, String>();`,
          `for (var part : ${of.ref}.split("&")) {`,
          '  var pair = part.split("=", 2);',
          `  ${name}.put(URLDecoder.decode(pair[0], UTF_8), pair.length < 2 ? "" : URLDecoder.decode(pair[1], UTF_8));`,
          '}',
        ],
  take: ({ name, from, member }) => [`var ${name} = ${from}.remove(${quoted(member)});`],
  accept: ({ when, answer }) => [
    '',
    `var isAccepted = ${when.map(check).join('\n    && ')};`,
    `// Accepted? Then answer ${answer}`,
    'System.out.println(isAccepted ? "accepted" : "refused");',
    'System.exit(isAccepted ? 0 : 1);',
  ],
};

const jsonLines = [
  'static String json(Object value) {',
  '  if (value instanceof Map<?, ?> map)',
  '    return map.entrySet().stream()',
  '        .map(one -> json(one.getKey()) + ":" + json(one.getValue()))',
  '        .collect(Collectors.joining(",", "{", "}"));',
  '  if (value instanceof String text) return "\\"" + text.replace("\\\\", "\\\\\\\\").replace("\\"", "\\\\\\"") + "\\"";',
  '  return String.valueOf(value);',
  '}',
];

const pemLines = [
  'static byte[] pem(String file) throws Exception {',
  '  return Base64.getMimeDecoder().decode(Files.readString(Path.of(file)).replaceAll("-----[^-]+-----", ""));',
  '}',
];

const flatLines = [
  '/** One flat object, as these notices are. Numbers and null stay the text they are. */',
  'static TreeMap<String, String> flat(String json) {',
  '  var members = new TreeMap<String, String>();',
  '  var pairs = Pattern.compile("\\"((?:[^\\"\\\\\\\\]|\\\\\\\\.)*)\\"\\\\s*:\\\\s*(?:\\"((?:[^\\"\\\\\\\\]|\\\\\\\\.)*)\\"|([^\\\\s,}]+))").matcher(json);',
  '  while (pairs.find()) members.put(plain(pairs.group(1)), pairs.group(2) == null ? pairs.group(3) : plain(pairs.group(2)));',
  '  return members;',
  '}',
  '',
  'static String plain(String text) {',
  '  return Pattern.compile("\\\\\\\\(u[0-9A-Fa-f]{4}|.)").matcher(text).replaceAll(one -> Matcher.quoteReplacement(switch (one.group(1).charAt(0)) {',
  "    case 'u' -> String.valueOf((char) Integer.parseInt(one.group(1).substring(1), 16));",
  '    case \'n\' -> "\\n";',
  '    case \'r\' -> "\\r";',
  '    case \'t\' -> "\\t";',
  '    case \'b\' -> "\\b";',
  '    case \'f\' -> "\\f";',
  '    default -> one.group(1);',
  '  }));',
  '}',
];

function verifyLines({ algorithm, keyFile }: SignatureOf): string[] {
  return [
    'static boolean isSigned(byte[] text, String signature) throws Exception {',
    `  var verifier = Signature.getInstance("${shas[algorithm]}");`,
    `  verifier.initVerify(KeyFactory.getInstance("RSA").generatePublic(new X509EncodedKeySpec(pem(System.getenv("${keyFile}")))));`,
    '  verifier.update(text);',
    '  try {',
    '    return verifier.verify(Base64.getDecoder().decode(signature));',
    '  } catch (IllegalArgumentException | SignatureException notOne) {',
    '    return false;',
    '  }',
    '}',
  ];
}

function helpers(program: SampleProgram): string[][] {
  const signed = checksIn(program).flatMap((one) => ('signed' in one ? [one.signed] : []));
  return [
    ...(has(program, 'json') ? [jsonLines] : []),
    ...(algorithmsIn(program).length > 0 ? [pemLines] : []),
    ...signed.map(verifyLines),
    ...(program.steps.some((step) => step.do === 'parse' && step.as === 'json') ? [flatLines] : []),
  ];
}

/** Java compiles with imports that nothing uses, so one list serves all; it is kept to what is used, by its last name. */
const classes = [
  'java.net.URI',
  'java.net.URLDecoder',
  'java.net.URLEncoder',
  'java.net.http.HttpClient',
  'java.net.http.HttpRequest',
  'java.net.http.HttpResponse',
  'java.nio.charset.Charset',
  'java.nio.file.Files',
  'java.nio.file.Path',
  'java.security.KeyFactory',
  'java.security.MessageDigest',
  'java.security.Signature',
  'java.security.SignatureException',
  'java.security.spec.PKCS8EncodedKeySpec',
  'java.security.spec.X509EncodedKeySpec',
  'java.time.LocalDate',
  'java.time.LocalDateTime',
  'java.time.ZoneId',
  'java.time.format.DateTimeFormatter',
  'java.util.Base64',
  'java.util.HexFormat',
  'java.util.LinkedHashMap',
  'java.util.Map',
  'java.util.TreeMap',
  'java.util.regex.Matcher',
  'java.util.regex.Pattern',
  'java.util.stream.Collectors',
  'javax.crypto.Mac',
  'javax.crypto.spec.SecretKeySpec',
] as const;

function importsFor(code: string): string[] {
  const used = classes.filter((name) => new RegExp(`\\b${name.split('.').at(-1)}\\b`).test(code));
  return ['import static java.nio.charset.StandardCharsets.UTF_8;', '', ...used.map((name) => `import ${name};`), ''];
}

const place = { file: 'Sample.java', run: 'java Sample.java' };

function write(program: SampleProgram): string {
  const indented = (lines: readonly string[], blanks: string) =>
    lines.flatMap((text) => text.split('\n')).map((line) => (line === '' ? '' : blanks + line));
  const main = indented(linesOf(program, writers, '//'), '    ');
  const code = [
    'public class Sample {',
    '  public static void main(String[] arguments) throws Exception {',
    ...main,
    '  }',
    ...helpers(program).flatMap((lines) => ['', ...indented(lines, '  ')]),
    '}',
  ];
  return [...introOf(program, place, '//'), ...importsFor(code.join('\n')), ...code].join('\n');
}

export const java: Language = {
  name: 'java',
  title: 'Java',
  fence: 'java',
  ...place,
  needs: { en: 'JDK 17 or newer', zh: 'JDK 17 或更高版本', id: 'JDK 17 atau lebih baru' },
  lacks: ['sm2'],
  write,
};
