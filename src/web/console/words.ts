/** What the console says, in three languages. Each topic has a file of its own in `words/`; a new one is one line here. */
import type { Language } from '../cashier/words.ts';
import { actionsWords } from './words/actions.ts';
import { booksWords } from './words/books.ts';
import { configurationWords } from './words/configuration.ts';
import { decisionsWords } from './words/decisions.ts';
import { doctorWords } from './words/doctor.ts';
import { frameWords } from './words/frame.ts';
import { healthWords } from './words/health.ts';
import { homeWords } from './words/home.ts';
import { integrationWords } from './words/integration.ts';
import { listsWords } from './words/lists.ts';
import { methodsWords } from './words/methods.ts';
import { orderWords } from './words/order.ts';
import { peopleWords } from './words/people.ts';
import { quarantineWords } from './words/quarantine.ts';
import { reconciliationWords } from './words/reconciliation.ts';
import { refusalsWords } from './words/refusals.ts';
import { reviewsWords } from './words/reviews.ts';
import { setupWords } from './words/setup.ts';
import { signInWords } from './words/sign-in.ts';
import { valuesWords } from './words/values.ts';

const table = {
  ...frameWords,
  ...signInWords,
  ...homeWords,
  ...healthWords,
  ...listsWords,
  ...integrationWords,
  ...orderWords,
  ...booksWords,
  ...setupWords,
  ...peopleWords,
  ...decisionsWords,
  ...doctorWords,
  ...valuesWords,
  ...methodsWords,
  ...reviewsWords,
  ...actionsWords,
  ...refusalsWords,
  ...configurationWords,
  ...quarantineWords,
  ...reconciliationWords,
};

export type Word = keyof typeof table;
export type Say = (key: Word, fill?: Readonly<Record<string, string>>) => string;

export function wordsOf(language: Language): Say {
  return (key, fill = {}) => table[key][language].replace(/\{(\w+)\}/g, (_, name: string) => fill[name] ?? '');
}

function isWord(text: string): text is Word {
  return Object.hasOwn(table, text);
}

/** What stands before the dot: 'state' of 'state.paid'. */
type Group = Word extends infer W ? (W extends `${infer G}.${string}` ? G : never) : never;

/** The word for a value of the core ('state', 'paid'), or the value itself where there is none. */
export function sayValue(say: Say, group: Group, value: string): string {
  const key = `${group}.${value}`;
  return isWord(key) ? say(key) : value;
}
