/**
 * Rows of the console: who may open which address, and what it shows or does. Dispatch, navigation and the tested matrix
 * role × route are made from the same rows; a row without roles or tenant does not compile.
 */
import type { Integrations } from '../../core/integration.ts';
import type { Role } from '../../store/tokens.ts';
import type { Assets } from '../assets.ts';
import type { Desk } from '../api/desk.ts';
import type { Html } from '../html.ts';
import type { Actor, Tenant } from '../route-table.ts';
import type { WebReply, WebRequest } from '../web.ts';
import type { Language } from '../cashier/words.ts';
import type { Form } from './form.ts';
import type { Say } from './words.ts';

/** One option of `kanal start`; what is secret comes as "[set]". */
export interface Configured {
  readonly key: string;
  readonly flag: string;
  readonly variable: string;
  /** '' = not set. */
  readonly value: string;
  readonly isDefault: boolean;
}

/** What the console works with beside the operator's desk. */
export interface ConsoleDesk extends Desk {
  readonly assets: Assets;
  readonly isSandbox: boolean;
  readonly integrations: Integrations;
  /** What the gateway was started with; nothing secret. */
  readonly configured: readonly Configured[];
  /** Our address as people see it, without a slash at the end. */
  publicUrl(): string;
  seal(place: string, secret: Uint8Array): Uint8Array;
  /** Throws when place, key or a byte differs. */
  open(place: string, sealed: Uint8Array): Uint8Array;
}

/** Whoever is signed in. */
export interface Person extends Omit<Actor, 'isOwner'> {
  readonly userId: bigint;
}

/** How pages look for whoever looks at them. */
export interface Eyes {
  readonly language: Language;
  readonly say: Say;
  /** IANA name of the viewer's zone. */
  readonly zone: string;
  /** Stands in every form: a form without it did not come from our page (T087). */
  readonly csrf: string;
}

export interface Visit {
  readonly desk: ConsoleDesk;
  readonly person: Person;
  readonly eyes: Eyes;
  readonly request: WebRequest;
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly form: Form;
}

/** A page, a way to go after something was done, or a file. */
export type Answer =
  | { readonly kind: 'page'; readonly title: string; readonly content: Html; readonly status?: number }
  | { readonly kind: 'go'; readonly to: string; readonly note?: string }
  | { readonly kind: 'file'; readonly reply: WebReply };

export interface Row {
  readonly method: 'GET' | 'POST';
  /** With parameters in braces: `/console/orders/{id}`. */
  readonly path: string;
  readonly roles: readonly Role[];
  readonly tenant: Tenant;
  answer(visit: Visit): Promise<Answer>;
}

export const everybody: readonly Role[] = ['viewer', 'support', 'finance', 'approver', 'admin'];

export function page(title: string, content: Html): Answer {
  return { kind: 'page', title, content };
}

export function may(person: Pick<Actor, 'role' | 'merchantId'>, row: Pick<Row, 'roles' | 'tenant'>): boolean {
  return row.roles.includes(person.role) && (person.merchantId === null || row.tenant === 'merchant-bound');
}
