/** The languages that sample programs are written in, and a protocol's programs in each. */
import type { SampleProgram } from '../../protocols/sample.ts';
import { curl } from './curl.ts';
import { algorithmsIn, type Language } from './dialect.ts';
import { java } from './java.ts';
import { php } from './php.ts';
import { python } from './python.ts';
import { typescript } from './typescript.ts';

export const languages: readonly Language[] = [curl, typescript, python, java, php];

/** The program in the language, or null when the language has nothing for its way of signing. */
export function programIn(language: Language, program: SampleProgram): string | null {
  return algorithmsIn(program).some((one) => language.lacks.includes(one)) ? null : `${language.write(program)}\n`;
}
