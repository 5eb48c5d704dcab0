import type { Language } from '../../cashier/words.ts';

/** A text in every language: one without all of them does not compile. `{name}` is filled in. */
export type Texts = Readonly<Record<string, Readonly<Record<Language, string>>>>;
