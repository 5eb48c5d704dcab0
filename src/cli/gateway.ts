/** The running gateway of a data folder, over its operator API. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CliError, type Input } from './command.ts';

export interface Running {
  readonly url: string;
  readonly token: string;
}

/** Where the gateway of the folder is and how its owner speaks to it. Throws CliError when none has run there. */
export async function readRunning(data: string): Promise<Running> {
  const path = join(data, 'gateway.json');
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const why = (error as { code?: unknown }).code === 'EACCES' ? 'it belongs to somebody else' : 'there is none yet';
    throw new CliError(
      `no gateway has run with the data folder ${data} (${path}: ${why}).\nStart one: kanal start --sandbox --data ${data}`,
    );
  }
  const found: unknown = JSON.parse(text);
  const { url, token } = (found ?? {}) as { url?: unknown; token?: unknown };
  if (typeof url !== 'string' || typeof token !== 'string')
    throw new CliError(`${path} does not say where the gateway is`);
  if (url === '')
    throw new CliError(`the process of ${data} is a worker and answers nobody: use the data folder of an edge`);
  return { url, token };
}

export type Method = 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';

/** One request of the operator API; the answer unread. Throws CliError with the gateway's own words for a refusal. */
export function ask(data: string, method: Method, path: string, body?: unknown): Promise<Response> {
  return send(
    data,
    method,
    path,
    body === undefined ? null : { type: 'application/json', content: JSON.stringify(body) },
  );
}

/** Bytes as they are; the answer unread. */
export function sendFile(
  data: string,
  path: string,
  type: string,
  content: Uint8Array<ArrayBuffer>,
): Promise<Response> {
  return send(data, 'POST', path, { type, content });
}

async function send(
  data: string,
  method: Method,
  path: string,
  body: { readonly type: string; readonly content: string | Uint8Array<ArrayBuffer> } | null,
): Promise<Response> {
  const { url, token } = await readRunning(data);
  let response: Response;
  try {
    response = await fetch(`${url}/admin/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, ...(body === null ? {} : { 'content-type': body.type }) },
      ...(body === null ? {} : { body: body.content }),
    });
  } catch {
    throw new CliError(`no gateway answers at ${url} (data folder ${data}).\nStart it: kanal start --data ${data}`);
  }
  if (!response.ok) throw await refusalOf(response);
  return response;
}

async function refusalOf(response: Response): Promise<CliError> {
  const text = await response.text();
  try {
    const { error } = JSON.parse(text) as { error: { code: string; message: string; field?: string } };
    return new CliError(`${error.code}: ${error.field === undefined ? '' : `${error.field}: `}${error.message}`);
  } catch {
    return new CliError(`the gateway answered HTTP ${response.status}`);
  }
}

export type Row = Readonly<Record<string, unknown>>;

/** An object of the operator API. */
export async function call(input: Input, method: Method, path: string, body?: unknown): Promise<Row> {
  const value: unknown = await (await ask(input.data, method, path, body)).json();
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

/** A list of the operator API. */
export async function rows(input: Input, path: string): Promise<readonly Row[]> {
  const value: unknown = await (await ask(input.data, 'GET', path)).json();
  return Array.isArray(value) ? value : [];
}

/** `?a=1&b=2` of what is there. */
export function query(members: Readonly<Record<string, string | undefined>>): string {
  const present = Object.entries(members).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return present.length === 0 ? '' : `?${new URLSearchParams(present).toString()}`;
}
