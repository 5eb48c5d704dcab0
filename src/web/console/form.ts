/** What a form said: texts only, each name once unless it is asked for as a list. Names nobody asks for have no effect (T089). */
import { Refusal } from '../../core/refusal.ts';
import type { WebRequest } from '../web.ts';

const maxFormBytes = 64 * 1024;
const longestText = 16_384;

export class Form {
  readonly #values: URLSearchParams;

  constructor(values: URLSearchParams) {
    this.#values = values;
  }

  /** '' when it is not there. Throws Refusal `invalid-request` when it is there twice or too long. */
  text(name: string, most = longestText): string {
    const all = this.#values.getAll(name);
    if (all.length > 1) throw new Refusal('invalid-request', { field: name, text: 'given twice' });
    const [value = ''] = all;
    if (value.length > most)
      throw new Refusal('invalid-request', { field: name, text: `more than ${most} characters` });
    return value.replaceAll('\r\n', '\n').trim();
  }

  required(name: string, most?: number): string {
    const value = this.text(name, most);
    if (value === '') throw new Refusal('invalid-request', { field: name, text: 'is missing' });
    return value;
  }

  /** As it was typed, blanks and all: passwords. */
  raw(name: string): string {
    return this.#values.get(name) ?? '';
  }

  list(name: string, most: number): readonly string[] {
    return this.#values.getAll(name).slice(0, most);
  }

  /** One of a closed list. Throws Refusal `invalid-request` for anything else. */
  oneOf<T extends string>(name: string, choices: readonly T[]): T {
    const value = this.text(name);
    const found = choices.find((choice) => choice === value);
    if (found === undefined)
      throw new Refusal('invalid-request', { field: name, text: `one of ${choices.join(', ')}` });
    return found;
  }
}

/** Throws Refusal `invalid-request` for anything but a form of ours in size and type. */
export function readForm({ method, headers, body }: WebRequest): Form {
  if (method !== 'POST') return new Form(new URLSearchParams());
  const type = (headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase();
  if (type !== 'application/x-www-form-urlencoded' || body.byteLength > maxFormBytes)
    throw new Refusal('invalid-request', { text: 'not a form of this console' });
  return new Form(new URLSearchParams(new TextDecoder().decode(body)));
}
