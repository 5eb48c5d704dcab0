/** A web request and its reply, as the rooms of `src/web` see them; `src/main.ts` translates from and to the listener's bytes. */
export interface WebRequest {
  readonly method: string;
  /** Path without the query, as received. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** Address of the caller. */
  readonly remote: string;
}

export interface WebReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Iterables are sent as they are made (long lists). */
  readonly body: string | Uint8Array | AsyncIterable<Uint8Array>;
  /** The iterable never ends by itself: it is ended when the server closes. */
  readonly isEndless?: boolean;
}

/** One room: null = the path is not mine. */
export type Room = (request: WebRequest) => Promise<WebReply | null>;

/** HEAD is answered as GET; the listener leaves the body away. */
export function isRead({ method }: Pick<WebRequest, 'method'>): boolean {
  return method === 'GET' || method === 'HEAD';
}

/** For an address that there is only to read. */
export const onlyRead: WebReply = {
  status: 405,
  headers: { allow: 'GET, HEAD', 'content-type': 'text/plain; charset=utf-8' },
  body: '',
};

/** JSON as the operator API writes it: bigints as decimal text. */
function jsonText(value: unknown): string {
  return JSON.stringify(value, (_name, member: unknown) => (typeof member === 'bigint' ? String(member) : member));
}

const jsonHeaders = {
  'content-type': 'application/json; charset=utf-8',
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
} as const;

export function jsonReply(status: number, value: unknown, headers: Readonly<Record<string, string>> = {}): WebReply {
  return { status, headers: { ...jsonHeaders, ...headers }, body: `${jsonText(value)}\n` };
}

const flushCharacters = 64 * 1024;

/** A JSON array that is written while its rows are read. An error after the first row cuts the reply visibly. */
export async function jsonListReply(rows: AsyncIterable<unknown>): Promise<WebReply> {
  const iterator = rows[Symbol.asyncIterator]();
  // The first row decides about the status: what fails before it is answered as an error.
  const first = await iterator.next();
  return { status: 200, headers: jsonHeaders, body: listBytes(first, iterator) };
}

async function* listBytes(
  first: IteratorResult<unknown, unknown>,
  rest: AsyncIterator<unknown, unknown>,
): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  let text = '[';
  try {
    for (let next = first, isFirst = true; next.done !== true; next = await rest.next(), isFirst = false) {
      text += `${isFirst ? '\n' : ',\n'}${jsonText(next.value)}`;
      if (text.length < flushCharacters) continue;
      yield encoder.encode(text);
      text = '';
    }
    yield encoder.encode(`${text}\n]\n`);
  } finally {
    await rest.return?.();
  }
}
