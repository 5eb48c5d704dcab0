/** docs/generated/integrate-….md: sample programs of each protocol that merchants speak, as the console's integration page has them. */
import { type Language } from '../edge/samples/dialect.ts';
import { languages, programIn } from '../edge/samples/languages.ts';
import { merchantProtocols } from '../protocols/all.ts';
import type { Protocol } from '../protocols/protocol.ts';
import type { SampleProgram, SampleSet } from '../protocols/sample.ts';
import { markdownTable } from './markdown.ts';

/** Settings of a credential that say who somebody is: not the sender, who may have several. */
const placeholders: Readonly<Record<string, string>> = { merchantNo: 'YOUR-SHOP' };
const place = {
  baseUrl: 'https://pay.example.com',
  sender: 'YOUR-ID',
  setting: (name: string) => placeholders[name] ?? null,
};

/** File name → its text, one page a protocol. */
export const integrationPages: Readonly<Record<string, () => string>> = Object.fromEntries(
  merchantProtocols.map((protocol) => [`integrate-${protocol.name}.md`, () => integrationPage(protocol)]),
);

function integrationPage(protocol: Protocol): string {
  const sets = protocol.samples?.(place) ?? [];
  return [
    `# Integrating with ${protocol.name}`,
    `${protocol.title.en}. The console shows the same programs with your own addresses and identifiers; here the gateway is at \`${place.baseUrl}\` and you are \`${place.sender}\` (your shop, where one is named, \`${placeholders['merchantNo']}\`). Secrets are read from the environment or from the file of a key. \`test/e2e/samples.test.ts\` runs every program in every language that is installed.`,
    markdownTable(
      ['message', 'signature'],
      [
        ['request', protocol.request.signature.en],
        ['reply', protocol.reply.signature.en],
        ['notice', protocol.notice.signature.en],
        ['your answer to a notice', protocol.ack.signature.en],
      ],
    ),
    markdownTable(
      ['language', 'save as', 'run', 'needs'],
      languages.map(({ title, file, run, needs }) => [title, `\`${file}\``, `\`${run}\``, needs.en]),
    ),
    ...sets.flatMap((set) => setText(set)),
  ].join('\n\n');
}

function setText({ variant, programs }: SampleSet): string[] {
  return programs.flatMap((program) => [
    `## ${program.about.en}${variant === null ? '' : ` – ${variant}`}`,
    ...languages.map((language) => programText(language, program)),
  ]);
}

function programText(language: Language, program: SampleProgram): string {
  const code = programIn(language, program);
  const shown =
    code === null
      ? `${language.title} has nothing of its own for this way of signing: sign with the openssl command, as curl and Python do.`
      : ['```' + language.fence, code.trimEnd(), '```'].join('\n');
  return `### ${language.title}\n\n${shown}`;
}
