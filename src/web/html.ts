/**
 * Markup that cannot be injected into: every interpolation of `` html`…` `` is escaped, except a nested `` html`…` ``.
 * There is deliberately no way to mark outside text as markup.
 *
 *     html`<li class="${kind}">${name}</li>`
 *     html`<ul>${names.map((name) => html`<li>${name}</li>`)}</ul>`
 */

const made: unique symbol = Symbol('html');

/** Made by the tag only. */
export class Html {
  readonly #text: string;

  constructor(key: typeof made, text: string) {
    if (key !== made) throw new Error('markup is made by the html tag');
    this.#text = text;
  }

  toString(): string {
    return this.#text;
  }
}

/** `null`, `undefined` and `false` are nothing, so that `condition && html`…`` reads well. */
export type Piece = Html | string | number | bigint | null | undefined | false | readonly Piece[];

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  '`': '&#96;',
};

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"'`]/g, (character) => entities[character] ?? '');
}

/** An interpolation right behind `name=` would let a blank end the attribute. */
const unquoted = /=\s*$/;
/** Members whose value a browser goes to. */
const address = /\s(?:href|src|action|formaction|cite|poster|data)\s*=\s*["']$/i;
/** Inside these elements and members text is code, and escaping is not enough. */
const code = /<(?:script|style)\b[^>]*>[^<]*$|\s(?:on\w+|style|srcdoc)\s*=\s*["'][^"']*$/i;

/** Throws for places where escaping cannot protect: unquoted attributes, scripts, styles, event handlers. */
export function html(literals: TemplateStringsArray, ...pieces: readonly Piece[]): Html {
  let text = literals[0] ?? '';
  pieces.forEach((piece, index) => {
    const before = literals[index] ?? '';
    if (unquoted.test(before))
      throw new Error(`unquoted attribute before interpolation ${index + 1}: ${before.trim()}`);
    if (code.test(before)) throw new Error(`interpolation ${index + 1} would be code: ${before.trim()}`);
    text += (address.test(before) ? escapeHtml(safeAddress(piece)) : write(piece)) + (literals[index + 1] ?? '');
  });
  return new Html(made, text);
}

function write(piece: Piece): string {
  if (piece instanceof Html) return piece.toString();
  if (piece === null || piece === undefined || piece === false) return '';
  if (typeof piece === 'object') return piece.map(write).join('');
  return escapeHtml(String(piece));
}

/** Only http(s) and places on this host; `javascript:`, `data:` and the like lead nowhere. */
function safeAddress(piece: Piece): string {
  const text = typeof piece === 'string' ? piece : '';
  if (/^(?:\/(?![/\\])|[?#])/.test(text)) return text;
  return /^https?:\/\//i.test(text) && URL.canParse(text) ? text : '#';
}
