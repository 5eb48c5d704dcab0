/** What the languages of sample programs share: how a program is walked, named and introduced. */
import type { Wording } from '../../core/wording.ts';
import type { Algorithm, Check, Ref, SampleProgram, SignatureOf, Step, Text, Value } from '../../protocols/sample.ts';

export type StepOf<D extends Step['do']> = Extract<Step, { readonly do: D }>;

export interface Language {
  readonly name: string;
  readonly title: string;
  /** For the fence of a code block. */
  readonly fence: string;
  /** What the program is saved as, and how it is run. */
  readonly file: string;
  readonly run: string;
  /** What has to be there. */
  readonly needs: Wording;
  /** Ways of signing it has nothing for. */
  readonly lacks: readonly Algorithm[];
  write(program: SampleProgram): string;
}

/** Lines of one kind of step each: a kind without a row does not compile. */
export type Writers = { readonly [D in Step['do']]: (step: StepOf<D>) => readonly string[] };

/** The lines of a program's steps, each with its reason above it. */
export function linesOf(program: SampleProgram, writers: Writers, comment: string): string[] {
  return program.steps.flatMap((step) => [
    ...(step.why === undefined ? [] : [`${comment} ${step.why}`]),
    ...writeStep(writers, step),
  ]);
}

function writeStep<D extends Step['do']>(writers: Writers, step: StepOf<D>): readonly string[] {
  const write: (step: StepOf<D>) => readonly string[] = writers[step.do as D];
  return write(step);
}

/** What stands above a program: what it does, how it is run, what it reads from the environment. */
export function introOf(program: SampleProgram, language: Pick<Language, 'file' | 'run'>, comment: string): string[] {
  const reads = variablesOf(program).map(({ name, about }) => `${comment}   ${name}: ${about}`);
  const from = program.purpose === 'notice' ? ' < body-of-the-notice' : '';
  return [
    `${comment} ${program.about.en}.`,
    `${comment} Save as ${language.file}; run: ${language.run}${from}`,
    ...(reads.length > 0 ? [`${comment} From the environment:`, ...reads] : []),
    '',
  ];
}

export interface Variable {
  readonly name: string;
  readonly about: string;
}

/** Everything a program reads from the environment, in order, once each. */
function variablesOf({ steps }: SampleProgram): Variable[] {
  const all = steps.flatMap((step): Variable[] => {
    if (step.do === 'input') return [{ name: step.variable, about: step.about }];
    return signaturesIn(step).map(({ keyFile }) => ({
      name: keyFile,
      about: keyFile.startsWith('PLATFORM_') ? 'file of our public key, PEM' : 'file of your private key, PEM (PKCS#8)',
    }));
  });
  return all.filter(({ name }, index) => all.findIndex((one) => one.name === name) === index);
}

function signaturesIn(step: Step): readonly SignatureOf[] {
  if (step.do === 'sign') return [step];
  if (step.do !== 'accept') return [];
  return step.when.flatMap((check) => ('signed' in check ? [check.signed] : []));
}

export function algorithmsIn({ steps }: SampleProgram): readonly Algorithm[] {
  return steps.flatMap(signaturesIn).map(({ algorithm }) => algorithm);
}

export function has(program: SampleProgram, ...kinds: readonly Step['do'][]): boolean {
  return program.steps.some((step) => kinds.includes(step.do));
}

export function checksIn({ steps }: SampleProgram): readonly Check[] {
  return steps.flatMap((step) => (step.do === 'accept' ? step.when : []));
}

export function isRef(text: Text): text is Ref {
  return typeof text === 'object' && 'ref' in text;
}

export function isJoined(text: Value): text is readonly Text[] {
  return Array.isArray(text);
}

/** orderNo → order_no */
export function snake(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** A literal in double quotes, as JSON, JavaScript, Python and Java read it. */
export function quoted(text: string): string {
  return JSON.stringify(text);
}

export const digests: Readonly<Record<Algorithm, 'sha1' | 'sha256' | 'sm3'>> = {
  'rsa-sha1': 'sha1',
  'rsa-sha256': 'sha256',
  sm2: 'sm3',
};

/** Options of the openssl command; SM2 takes the standard's id. */
export const sm2Id = 'distid:1234567812345678';

/** Joined literals that stand side by side become one. */
export function joined(parts: readonly Text[]): readonly Text[] {
  return parts.reduce<Text[]>((all, part) => {
    const last = all.at(-1);
    return typeof last === 'string' && typeof part === 'string' ? [...all.slice(0, -1), last + part] : [...all, part];
  }, []);
}
