/** A channel's statement of a day: the address by the protocol's own command, then the file behind it. */
import { createHash } from 'node:crypto';
import type { CallOutcome } from '../core/commands.ts';
import { BadStatement, readStatement, type StatementLine } from '../core/statement.ts';
import type { World } from '../core/world.ts';
import type { Protocol } from '../protocols/protocol.ts';

const maxStatementBytes = 16 * 1024 * 1024;
const limits = { connectTimeoutMs: 5_000, totalTimeoutMs: 60_000, maxResponseBytes: maxStatementBytes };

type Fetched =
  | { readonly kind: 'statement'; readonly digest: Uint8Array; readonly lines: readonly StatementLine[] }
  | { readonly kind: 'none'; readonly why: string };

/** Never throws: what cannot be fetched or read is none, with the reason. `ask` calls the channel. */
export async function fetchStatement(
  world: World,
  { title, statement }: Protocol,
  baseUrl: string,
  ask: () => Promise<CallOutcome<'get-statement'>>,
): Promise<Fetched> {
  if (!statement) return none(`${title.en} hands out no statements: give a file`);
  const asked = await ask();
  if (asked.kind === 'declined' || asked.kind === 'not-found')
    return none(`the channel has none for that day: ${asked.code} ${asked.text}`.trim());
  if (asked.kind !== 'answered') return none(`the channel did not say where it is: ${asked.why}`);
  const { url } = asked.answer;
  // The file itself bears no signature: on its way only TLS, or what the operator has chosen for the channel, says that it is the channel's.
  if (!isUnheard(url) && !isOfOrigin(url, baseUrl)) return none('the file is not behind https');
  const sent = await world.send(
    { method: 'GET', url, headers: {}, body: new Uint8Array() },
    // The channel's own host is the operator's choice; anywhere else only what is public.
    { ...limits, targets: isOfHost(url, baseUrl) ? 'any' : 'public' },
  );
  if (sent.kind !== 'ANSWER') return none(`the file did not come: ${sent.why}`);
  if (sent.status !== 200) return none(`the file did not come: HTTP ${sent.status}`);
  if (sent.truncated) return none(`the file is longer than ${maxStatementBytes} bytes`);
  try {
    const lines = readStatement(sent.body, statement);
    return { kind: 'statement', digest: createHash('sha256').update(sent.body).digest(), lines };
  } catch (error) {
    if (error instanceof BadStatement) return none(`the file cannot be read: ${error.message}`);
    throw error;
  }
}

function none(why: string): Fetched {
  return { kind: 'none', why };
}

/** Does nobody on the way read or change what comes from there? On this machine (a twin's) there is no way. */
function isUnheard(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname } = new URL(url);
  return protocol === 'https:' || (protocol === 'http:' && hostname === '127.0.0.1');
}

function isOfOrigin(url: string, baseUrl: string): boolean {
  return URL.canParse(url) && URL.canParse(baseUrl) && new URL(url).origin === new URL(baseUrl).origin;
}

function isOfHost(url: string, baseUrl: string): boolean {
  return URL.canParse(url) && URL.canParse(baseUrl) && new URL(url).host === new URL(baseUrl).host;
}
