/** notify: us → merchant. The members are frozen when the state changes and signed anew at each sending. */
import { createHmac } from 'node:crypto';
import type { Report } from '../core/commands.ts';
import type { OutboundRequest, Sent, World } from '../core/world.ts';
import { Obj, parseJson, writeJson } from '../protocols/json.ts';
import type { Keys, Protocol } from '../protocols/protocol.ts';
import { outbound } from './call.ts';
import { sceneOf } from './serve.ts';

/** The notice for a report as JSON text, or null when the protocol tells nothing about it. */
export function freeze(world: World, protocol: Protocol, keys: Keys, report: Report): string | null {
  const members = protocol.writeNotice(report, sceneOf(world, null, keys, null));
  return members === null ? null : writeJson(members);
}

export interface Delivery {
  readonly delivered: boolean;
  /** 'acknowledged', 'refused' (an answer that is no acknowledgement), 'not-sent' or 'unknown'. */
  readonly outcome: string;
  readonly status: number | null;
  /** Not sent, and it was our own doing. */
  readonly ours?: boolean;
  /** First characters of what the receiver said, or why nothing was heard. */
  readonly answer: string;
}

const keptAnswer = 500;
const maxResponseBytes = 4 * 1024;

export interface Letter {
  /** Stable over all attempts: the receiver may deduplicate by it. */
  readonly id: string;
  readonly url: string;
  readonly body: string;
  /** `whsec_…`, while a rotation overlaps both; Standard Webhooks signatures stand beside whatever the protocol signs. */
  readonly webhookSecrets: readonly string[];
}

export async function deliver(world: World, protocol: Protocol, keys: Keys, letter: Letter): Promise<Delivery> {
  return readAck(protocol, keys, await post(world, protocol, sealed(world, protocol, keys, letter)), keptAnswer);
}

export interface Trial extends Delivery {
  readonly request: OutboundRequest;
  readonly tookMs: number;
}

/** As `deliver`, and everything about it told: for looking at, not for the outbox. `marks` are further headers. */
export async function tryOut(
  world: World,
  protocol: Protocol,
  keys: Keys,
  letter: Letter,
  marks: Readonly<Record<string, string>>,
): Promise<Trial> {
  const made = sealed(world, protocol, keys, letter);
  const request = { ...made, headers: { ...made.headers, ...marks } };
  const began = world.monotonic();
  const delivery = readAck(protocol, keys, await post(world, protocol, request), maxResponseBytes);
  return { ...delivery, request, tookMs: Math.round(world.monotonic() - began) };
}

function sealed(world: World, protocol: Protocol, keys: Keys, letter: Letter): OutboundRequest {
  const members = parseJson(letter.body, { depth: 32, names: 2000, tokens: 20_000 });
  if (!(members instanceof Obj)) throw new Error(`notice ${letter.id}: the frozen body is not an object`);
  const wire = protocol.notice.seal(members, sceneOf(world, null, keys, null, letter.url));
  const request = outbound(wire);
  return { ...request, headers: { ...request.headers, ...webhookHeaders(letter, request.body, world.now()) } };
}

function post(world: World, protocol: Protocol, request: OutboundRequest): Promise<Sent> {
  return world.send(request, {
    connectTimeoutMs: protocol.retry.connectTimeoutMs,
    totalTimeoutMs: protocol.retry.totalTimeoutMs,
    maxResponseBytes,
    targets: 'public',
  });
}

/** Standard Webhooks: `v1,` + Base64 of HMAC-SHA256 over `id.timestamp.body`, one per secret, blanks between. */
function webhookHeaders(letter: Pick<Letter, 'id' | 'webhookSecrets'>, body: Uint8Array, now: number) {
  const timestamp = String(Math.floor(now / 1000));
  const signatures = letter.webhookSecrets.map((secret) => {
    const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
    return `v1,${createHmac('sha256', key).update(`${letter.id}.${timestamp}.`).update(body).digest('base64')}`;
  });
  return { 'webhook-id': letter.id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures.join(' ') };
}

function readAck(protocol: Protocol, keys: Keys, sent: Sent, kept: number): Delivery {
  if (sent.kind !== 'ANSWER')
    return {
      delivered: false,
      outcome: sent.kind === 'NOT_SENT' ? 'not-sent' : 'unknown',
      status: null,
      answer: sent.why.slice(0, kept),
      ours: sent.kind === 'NOT_SENT' && sent.ours === true,
    };
  const delivered = protocol.ack.open(
    { kind: 'reply', status: sent.status, headers: Object.entries(sent.headers), body: sent.body },
    keys,
  );
  return {
    delivered,
    outcome: delivered ? 'acknowledged' : 'refused',
    status: sent.status,
    // NUL is no text to PostgreSQL; everything else is shown as it came.
    answer: Buffer.from(sent.body).toString('utf8').replaceAll('\0', '').slice(0, kept),
  };
}
