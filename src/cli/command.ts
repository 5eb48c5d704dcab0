/** Commands as data, their arguments, and what every one of them has in common: `--data`, `--json`, `--help`, exit codes. */
import { parseArgs } from 'node:util';

export interface OptionSpec {
  /** What stands behind it ("FILE"); absent = a switch. */
  readonly value?: string;
  /** May be given several times. */
  readonly many?: true;
  readonly about: string;
}

export interface Command {
  /** 'merchant add' */
  readonly name: string;
  /** 'NAME', 'ID…', '' */
  readonly takes: string;
  readonly about: string;
  readonly options: Readonly<Record<string, OptionSpec>>;
  /** More lines for `--help`, made when somebody asks. */
  more?(input: Input): string;
  /** → exit code. Throws CliError for what a person can mend. */
  run(input: Input): Promise<number>;
}

/** Something a person can mend; printed to stderr without a stack. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly exitCode: number;

  constructor(message: string, exitCode = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}

export const exits = { done: 0, failed: 1, usage: 2 } as const;

export function usage(message: string): CliError {
  return new CliError(message, exits.usage);
}

const sharedOptions: Readonly<Record<string, OptionSpec>> = {
  data: { value: 'DIR', about: 'Data folder of the gateway; default ./data or KANAL_DATA' },
  json: { about: 'Print one JSON document' },
  help: { about: 'This text' },
};

/** What was typed, by option name. */
export class Input {
  readonly words: readonly string[];
  readonly #values: Readonly<Record<string, unknown>>;

  constructor(words: readonly string[], values: Readonly<Record<string, unknown>>) {
    this.words = words;
    this.#values = values;
  }

  text(name: string): string | undefined {
    return this.all(name).at(-1);
  }

  all(name: string): readonly string[] {
    const value = this.#values[name];
    const list: readonly unknown[] = Array.isArray(value) ? value : [value];
    return list.filter((one) => typeof one === 'string');
  }

  flag(name: string): boolean {
    return this.#values[name] === true;
  }

  /** Throws usage when it is absent. */
  needed(name: string): string {
    const value = this.text(name);
    if (value === undefined || value === '') throw usage(`--${name} is needed`);
    return value;
  }

  word(index: number, what: string): string {
    const word = this.words[index];
    if (word === undefined || word === '') throw usage(`${what} is needed`);
    return word;
  }

  get json(): boolean {
    return this.flag('json');
  }

  get data(): string {
    return this.text('data') ?? process.env['KANAL_DATA'] ?? './data';
  }
}

/** Reads what stands behind the command's own words. Throws usage for options it does not have. */
export function readInput(command: Command, args: readonly string[]): Input {
  const specs = { ...sharedOptions, ...command.options };
  const options = Object.fromEntries(
    Object.entries(specs).map(([name, { value }]) => [
      name,
      { type: value === undefined ? ('boolean' as const) : ('string' as const), multiple: value !== undefined },
    ]),
  );
  try {
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
    return new Input(positionals, values);
  } catch (error) {
    // Node's first sentence names the mistake; the others are about its own parser.
    const [mistake] = (error instanceof Error ? error.message : String(error)).split(/[.\n] /);
    throw usage(`${mistake}\nkanal ${command.name} --help says more`);
  }
}

/** The command whose words come first, the longest such. */
export function findCommand(
  commands: readonly Command[],
  args: readonly string[],
): { command: Command; rest: readonly string[] } | null {
  const found = commands
    .filter(({ name }) => name.split(' ').every((word, index) => args[index] === word))
    .sort((a, b) => b.name.length - a.name.length)[0];
  return found ? { command: found, rest: args.slice(found.name.split(' ').length) } : null;
}

export function helpOf(command: Command, input: Input): string {
  // The command's own words win: `--json` means something else to `kanal call`.
  const specs = Object.entries({ ...command.options, ...sharedOptions, ...command.options });
  const left = specs.map(([name, { value }]) => `  --${name}${value === undefined ? '' : ` ${value}`}`);
  const width = Math.max(...left.map((text) => text.length)) + 2;
  const lines = specs.map(
    ([, { about, many }], index) => `${(left[index] ?? '').padEnd(width)}${about}${many ? ' (repeatable)' : ''}`,
  );
  const more = command.more?.(input) ?? '';
  return [
    `kanal ${command.name}${command.takes === '' ? '' : ` ${command.takes}`}`,
    `  ${command.about}`,
    '',
    ...lines,
    ...(more === '' ? [] : ['', more]),
  ].join('\n');
}

/** `name=value`, as `--set` takes it. */
export function pairs(texts: readonly string[], option: string): Record<string, string> {
  return Object.fromEntries(
    texts.map((text) => {
      const at = text.indexOf('=');
      if (at < 1) throw usage(`--${option} takes name=value, not "${text}"`);
      return [text.slice(0, at), text.slice(at + 1)];
    }),
  );
}

export function print(text: string): void {
  process.stdout.write(text.endsWith('\n') ? text : `${text}\n`);
}

export function printJson(value: unknown): void {
  print(JSON.stringify(value, null, 2));
}

export function warn(text: string): void {
  process.stderr.write(`${text}\n`);
}
