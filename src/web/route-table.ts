/**
 * Routes of the operator API as data. Dispatch, the role check, the OpenAPI document and the tenant tests are all made from
 * the same rows; a row without roles or tenant does not compile.
 */
import { z } from 'zod';
import type { RefusalCode } from '../core/refusal.ts';
import { Refusal } from '../core/refusal.ts';
import type { Role } from '../store/tokens.ts';
import { checkNoNul } from './nul.ts';
import { jsonListReply, jsonReply, type WebReply, type WebRequest } from './web.ts';

/** Who asks, from the bearer token. */
export interface Actor {
  readonly name: string;
  readonly role: Role;
  /** A bound token sees this merchant only; null = all. */
  readonly merchantId: bigint | null;
  /** With the token that lies in the data folder: on the machine itself. */
  readonly isOwner: boolean;
}

export type Method = 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';

/** `merchant-bound`: every store call gets the token's merchant. `operator-only`: tokens bound to a merchant are refused. */
export type Tenant = 'merchant-bound' | 'operator-only';

export interface Call<Q, B> {
  readonly actor: Actor;
  /** Path parameters, decoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: Q;
  readonly body: B;
  /** The bytes of a row that takes a file; else empty. */
  readonly file: Uint8Array;
}

/** A row that takes bytes as they are instead of JSON. */
interface FileSpec {
  readonly type: string;
  readonly maxBytes: number;
}

interface Shared<Q, B> {
  readonly method: Method;
  /** With parameters in braces: `/admin/v1/merchants/{id}`. */
  readonly path: string;
  readonly about: string;
  readonly roles: readonly Role[];
  readonly tenant: Tenant;
  /** Query parameters, all texts. Absent = none are taken. */
  readonly query?: z.ZodType<Q>;
  /** Absent = no body is taken. */
  readonly body?: z.ZodType<B>;
  /** Absent = no file is taken. */
  readonly file?: FileSpec;
}

export interface OneRow<D, Q, B, A> extends Shared<Q, B> {
  readonly answers: z.ZodType<A>;
  run(desk: D, call: Call<Q, B>): Promise<A>;
}

export interface ManyRow<D, Q, B, A> extends Shared<Q, B> {
  /** One element of the answered array. */
  readonly answers: z.ZodType<A>;
  rows(desk: D, call: Call<Q, B>): AsyncIterable<A>;
}

/** A row whose types were checked and are forgotten: what tables are made of. `D` is what it works with. */
export interface ApiRoute<D> {
  readonly method: Method;
  readonly path: string;
  readonly about: string;
  readonly roles: readonly Role[];
  readonly tenant: Tenant;
  readonly query: z.ZodType | null;
  readonly body: z.ZodType | null;
  readonly file: FileSpec | null;
  readonly answers: z.ZodType;
  reply(desk: D, call: Call<unknown, unknown>): Promise<WebReply>;
}

const nothing = z.strictObject({});

function erased<D, Q, B>(
  row: Shared<Q, B>,
  answers: z.ZodType,
  reply: (desk: D, call: Call<Q, B>) => Promise<WebReply>,
): ApiRoute<D> {
  const { method, path, about, roles, tenant } = row;
  return {
    method,
    path,
    about,
    roles,
    tenant,
    query: row.query ?? null,
    body: row.body ?? null,
    file: row.file ?? null,
    answers,
    reply: (desk, call) =>
      reply(desk, { ...call, query: read(row.query, call.query), body: read(row.body, call.body) }),
  };
}

/** A row that answers one object. */
export function one<D, Q, B, A>(row: OneRow<D, Q, B, A>): ApiRoute<D> {
  return erased<D, Q, B>(row, row.answers, async (desk, call) => jsonReply(200, await row.run(desk, call)));
}

/** A row that answers an array, written while it is read. */
export function many<D, Q, B, A>(row: ManyRow<D, Q, B, A>): ApiRoute<D> {
  return erased<D, Q, B>(row, z.array(row.answers), (desk, call) => jsonListReply(row.rows(desk, call)));
}

/** Checks what came in; the first complaint names its field. */
function read<T>(schema: z.ZodType<T> | undefined, value: unknown): T {
  const result = (schema ?? nothing).safeParse(value);
  // Without a schema T is unknown to the caller: what nothing leaves is an empty object.
  if (result.success) return result.data as T;
  const [issue] = result.error.issues;
  const unknownKey = issue?.code === 'unrecognized_keys' ? issue.keys[0] : undefined;
  const field = unknownKey ?? issue?.path.map(String).join('.') ?? '';
  throw new Refusal('invalid-request', {
    ...(field === '' ? {} : { field }),
    text: unknownKey === undefined ? wordsFor(issue) : 'no such member',
  });
}

/** zod's own words, where they would not help a person. */
function wordsFor(issue: z.core.$ZodIssue | undefined): string {
  if (issue === undefined) return 'not understood';
  if (issue.code === 'invalid_value') return `one of ${issue.values.join(', ')}`;
  if (issue.code !== 'invalid_type') return issue.message;
  return issue.message.endsWith('received undefined') ? 'is missing' : `must be of type ${issue.expected}`;
}

const statuses: Readonly<Record<RefusalCode, number>> = {
  'invalid-request': 400,
  unauthenticated: 401,
  forbidden: 403,
  'not-found': 404,
  conflict: 409,
  'limit-exceeded': 429,
  'insufficient-funds': 409,
  'channel-declined': 409,
  'channel-unavailable': 409,
  'outcome-unknown': 502,
  busy: 503,
  internal: 500,
};

/** `{ error: { code, message, field? } }`: never a stack, never the text of an error that is not a Refusal. */
export function errorReply(refusal: Refusal): WebReply {
  const { text, field } = refusal.detail;
  const error = { code: refusal.code, message: text ?? refusal.code, ...(field === undefined ? {} : { field }) };
  const challenge = refusal.code === 'unauthenticated' ? { 'www-authenticate': 'Bearer' } : {};
  return jsonReply(statuses[refusal.code], { error }, challenge);
}

interface Match<R> {
  readonly route: R;
  readonly params: Readonly<Record<string, string>>;
}

/** The row for a request. Fixed segments go before parameters. Throws Refusal `not-found`. */
export function matchRoute<R extends { readonly method: Method; readonly path: string }>(
  routes: readonly R[],
  method: string,
  path: string,
): Match<R> {
  const asked = path.split('/');
  const found = routes
    .filter((route) => route.method === method)
    .map((route) => ({ route, params: paramsOf(route.path, asked) }))
    .filter((match): match is Match<R> => match.params !== null)
    .sort((a, b) => Object.keys(a.params).length - Object.keys(b.params).length)[0];
  if (!found) throw new Refusal('not-found', { text: `no ${method} ${path} here` });
  return found;
}

function paramsOf(pattern: string, asked: readonly string[]): Record<string, string> | null {
  const parts = pattern.split('/');
  if (parts.length !== asked.length) return null;
  const params: Record<string, string> = {};
  for (const [index, part] of parts.entries()) {
    const given = asked[index] ?? '';
    const name = /^\{(\w+)\}$/.exec(part)?.[1];
    if (name === undefined) {
      if (part !== given) return null;
    } else {
      params[name] = decoded(given);
      checkNoNul(params[name], name);
    }
  }
  return params;
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw new Refusal('invalid-request', { text: 'the path is not percent-encoded UTF-8' });
  }
}

/** Deny by default: the role must be named by the row, and a bound token stays out of operator-only rows. */
export function checkActor(
  route: { readonly roles: readonly Role[]; readonly tenant: Tenant },
  actor: Pick<Actor, 'role' | 'merchantId'>,
): void {
  const isBoundOutside = actor.merchantId !== null && route.tenant === 'operator-only';
  if (isBoundOutside || !route.roles.includes(actor.role))
    throw new Refusal('forbidden', {
      text: `not for the role ${actor.role}${isBoundOutside ? ' of one merchant' : ''}`,
    });
}

const maxBodyBytes = 256 * 1024;

/** Query and body as plain values; what they may be is the row's to say. */
export function inputsOf<D>(
  route: ApiRoute<D>,
  request: WebRequest,
): { query: unknown; body: unknown; file: Uint8Array } {
  const query = queryOf(request.query);
  if (route.file === null) return { query, body: bodyOf(route, request), file: new Uint8Array() };
  return { query, body: {}, file: fileOf(route.file, request) };
}

function fileOf({ type, maxBytes }: FileSpec, { body, headers }: WebRequest): Uint8Array {
  if (body.length > maxBytes) throw new Refusal('invalid-request', { text: `more than ${maxBytes} bytes` });
  const given = (headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase();
  if (given !== type) throw new Refusal('invalid-request', { field: 'content-type', text: `${type} is taken` });
  return body;
}

function queryOf(query: URLSearchParams): Record<string, string> {
  const seen: Record<string, string> = {};
  for (const [name, value] of query) {
    if (Object.hasOwn(seen, name)) throw new Refusal('invalid-request', { field: name, text: 'given twice' });
    checkNoNul(value, name);
    seen[name] = value;
  }
  return seen;
}

function bodyOf<D>(route: ApiRoute<D>, { body, headers }: WebRequest): unknown {
  if (body.length > maxBodyBytes) throw new Refusal('invalid-request', { text: `more than ${maxBodyBytes} bytes` });
  if (body.length === 0) return route.body === null ? {} : emptyOr(route.body);
  if (!/^application\/json(?:\s*;\s*charset="?utf-8"?)?$/i.test(headers['content-type'] ?? ''))
    throw new Refusal('invalid-request', { field: 'content-type', text: 'application/json is taken' });
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    throw new Refusal('invalid-request', { text: 'the body is not JSON in UTF-8' });
  }
}

/** A body whose members may all be absent may be absent itself. */
function emptyOr(schema: z.ZodType): unknown {
  return schema.safeParse({}).success ? {} : undefined;
}
