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

function escapeHtml(text: string): string {
  return text.replace(/[&<>"'`]/g, (character) => entities[character] ?? '');
}

/** Where an interpolation stands: in running text, in a quoted value, in a quoted address, or among the members of a tag. */
type Place = 'text' | 'value' | 'address' | 'tag';

/** Members whose value a browser goes to. */
const addresses: ReadonlySet<string> = new Set(['href', 'src', 'action', 'formaction', 'cite', 'poster', 'data']);
/** Members and elements whose content is code: escaping does not make outside text safe there. */
const codeMembers = /^(?:on.*|style|srcdoc)$/i;
const codeElement = /^<(?:script|style)\b/i;

/** Reads the literal parts of a template once and says where each interpolation stands. Throws for places that are code. */
class Reader {
  /** The tag we are in, from `<` on; '' in running text. */
  #tag = '';
  #quote = '';
  #isCode = false;
  /** Does the value begin with the interpolation that follows? */
  #isValueEmpty = false;

  read(literal: string): void {
    for (let index = 0; index < literal.length; index++) {
      const character = literal.charAt(index);
      if (this.#quote !== '') this.#inValue(character);
      else if (this.#tag !== '') this.#inTag(character);
      else if (character === '<' && /^[a-z/!]/i.test(literal.slice(index + 1, index + 2))) this.#begin();
    }
  }

  #begin(): void {
    this.#tag = '<';
    this.#isCode = false;
  }

  #inValue(character: string): void {
    this.#isValueEmpty = false;
    if (character === this.#quote) this.#quote = '';
  }

  #inTag(character: string): void {
    if (character === '>') {
      this.#isCode = codeElement.test(this.#tag);
      this.#tag = '';
      return;
    }
    this.#tag += character;
    if (character !== '"' && character !== "'") return;
    this.#quote = character;
    this.#isValueEmpty = true;
  }

  place(): Place {
    if (this.#isCode) throw new Error('an interpolation in a script or style would be code');
    if (this.#tag === '') return 'text';
    if (this.#quote === '') {
      if (/=\s*$/.test(this.#tag)) throw new Error(`unquoted attribute: ${this.#tag}`);
      return 'tag';
    }
    const member = /(?<![^\s"'<>/=])([^\s"'<>/=]+)\s*=\s*["']$/.exec(this.#tag)?.[1]?.toLowerCase() ?? '';
    if (codeMembers.test(member)) throw new Error(`an interpolation in ${member} would be code`);
    const isAddress = this.#isValueEmpty && addresses.has(member);
    this.#isValueEmpty = false;
    return isAddress ? 'address' : 'value';
  }
}

const known = new WeakMap<TemplateStringsArray, readonly Place[]>();

function placesOf(literals: TemplateStringsArray): readonly Place[] {
  const found = known.get(literals);
  if (found) return found;
  const reader = new Reader();
  const places = literals.slice(0, -1).map((literal) => {
    reader.read(literal);
    return reader.place();
  });
  known.set(literals, places);
  return places;
}

/** Throws for places where escaping cannot protect: unquoted attributes, scripts, styles, event handlers. */
export function html(literals: TemplateStringsArray, ...pieces: readonly Piece[]): Html {
  const places = placesOf(literals);
  let text = literals[0] ?? '';
  pieces.forEach((piece, index) => {
    text += writers[places[index] ?? 'text'](piece) + (literals[index + 1] ?? '');
  });
  return new Html(made, text);
}

const writers: Readonly<Record<Place, (piece: Piece) => string>> = {
  text: write,
  value(piece) {
    if (piece instanceof Html) throw new Error('markup inside an attribute');
    return write(piece);
  },
  address: (piece) => escapeHtml(safeAddress(piece)),
  tag(piece) {
    if (typeof piece === 'string') throw new Error('text among the members of a tag');
    return write(piece);
  },
};

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
