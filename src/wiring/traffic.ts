/** Who answers which path: the one place where an inbound request is handed to a room. */
import { moneyOf } from '../core/evidence.ts';
import { reportEvidence } from '../flows/attempt.ts';
import type { Caller, Gate, Learning } from '../flows/gate.ts';
import { hearRefund } from '../flows/hear-refund.ts';
import { learnOutcome } from '../flows/learn-outcome.ts';
import type { Report } from '../core/commands.ts';
import type { Unserved } from '../edge/http.ts';
import type { Keyring } from '../edge/keyring.ts';
import type { Verifier } from '../edge/verify-pool.ts';
import { type Listener, listen } from '../edge/listen.ts';
import { bareGuards, type Reply, plainReply } from '../edge/reply.ts';
import { isSecretHeader } from '../edge/scrub.ts';
import { type Server, sceneOf, serve } from '../edge/serve.ts';
import { nobody } from '../edge/keyring.ts';
import { channelProtocols, merchantProtocols, protocolNamed } from '../protocols/all.ts';
import { Refusal } from '../core/refusal.ts';
import type { Claim, Headers, Keys, Protocol, ReplyWire, RequestWire } from '../protocols/protocol.ts';
import type { ChannelRow } from '../store/directory.ts';
import { insertCallbacks, insertReviews } from '../store/settle.ts';
import { fileLimit } from '../web/statement-file.ts';
import type { Room, WebReply, WebRequest } from '../web/web.ts';
import { carryOut } from './carry-out.ts';
import type { Observer } from './observer.ts';
import { credentialKeys, upstreamOf } from './ports.ts';
import { noteRefused } from './refused.ts';
import type { Transcripts } from './transcripts.ts';

export interface Traffic {
  readonly gate: Gate;
  readonly keyring: Keyring;
  readonly rooms: readonly Room[];
  readonly observer: Observer;
  /** Absent: nothing of what is said is kept. */
  readonly transcripts?: Transcripts;
  /** Absent: costly signatures are checked on the event loop. */
  readonly verifier?: Verifier;
}

export async function answer(traffic: Traffic, wire: RequestWire): Promise<Reply> {
  const path = wire.target.split('?', 1)[0] ?? '';
  if (path.startsWith('/listen/')) return hear(traffic, path, wire);
  for (const protocol of merchantProtocols) {
    const began = traffic.gate.world.monotonic();
    const served = await serve(protocol, wire, merchants(traffic));
    if (!served) continue;
    const ms = traffic.gate.world.monotonic() - began;
    traffic.observer.served(protocol.name, served.endpoint?.name ?? 'none', served.outcome, ms);
    noteRefused(traffic.gate, traffic.keyring, protocol, wire, served);
    traffic.transcripts?.served(protocol, wire, served, Math.round(ms));
    return served.reply;
  }
  const request = webRequest(wire, path);
  for (const room of traffic.rooms) {
    const reply = await room(request);
    if (reply) return webReply(reply);
  }
  return plainReply(404);
}

/** How long a body may be, by the path alone; null = the listener's own limit. */
export function bodyLimit(gate: Gate, target: string): number | null {
  const path = target.split('?', 1)[0] ?? '';
  if (path.includes('/statement-files/')) return fileLimit(gate, path);
  if (path.startsWith('/listen/')) return Math.max(...channelProtocols.map(({ maxBody }) => maxBody));
  return merchantProtocols.find(({ endpoints }) => endpoints.some((row) => path.endsWith(row.path)))?.maxBody ?? null;
}

/**
 * A refusal of the listener itself (too long, encoded, too busy, broken) in the grammar of whoever is asked; signed where the
 * protocol signs and the request says whose key it is. Of a body that was not read, or is packed, nothing says that.
 */
export function refuseUnserved(traffic: Pick<Traffic, 'gate' | 'keyring'>, why: Unserved, wire: RequestWire) {
  for (const protocol of merchantProtocols) {
    const claim = claimOf(protocol, wire);
    if (claim !== null) return unserved(traffic, protocol, claim, why);
  }
  return null;
}

/** `nobody`: the path is this protocol's, and who asks cannot be read. */
function claimOf(protocol: Protocol, wire: RequestWire): Claim | 'nobody' | null {
  try {
    return protocol.identify(wire);
  } catch {
    return 'nobody';
  }
}

/** Written so many a second anew; a flood of refusals must not cost a flood of signatures. */
const writtenPerSecond = 256;
const written = new WeakMap<Gate, { readonly second: number; readonly replies: Map<string, ReplyWire> }>();

function unserved(
  { gate, keyring }: Pick<Traffic, 'gate' | 'keyring'>,
  protocol: Protocol,
  claim: Claim | 'nobody',
  why: Unserved,
): ReplyWire {
  const code = why === 'busy' ? 'busy' : why === 'failed' ? 'outcome-unknown' : 'invalid-request';
  const { sender, endpoint, marks = {} } = claim === 'nobody' ? { sender: '', endpoint: null } : claim;
  const sealed = (keys: Keys) => {
    const scene = sceneOf(gate.world, endpoint, keys, null);
    return protocol.reply.seal(protocol.refusals[code](new Refusal(code, { why }), { scene, endpoint, marks }), scene);
  };
  const party = merchants({ gate, keyring }).find(protocol, sender);
  if (!party) return sealed(nobody);
  const replies = writtenNow(gate);
  const key = JSON.stringify([protocol.name, sender, endpoint?.name, marks, why]);
  const known = replies.get(key);
  if (known) return known;
  // Beyond that, as to a stranger: in the grammar, and without a signature.
  if (replies.size >= writtenPerSecond) return sealed(nobody);
  const reply = sealed(party.keys);
  replies.set(key, reply);
  return reply;
}

function writtenNow(gate: Gate): Map<string, ReplyWire> {
  const second = Math.floor(gate.world.now() / 1000);
  const present = written.get(gate);
  if (present?.second === second) return present.replies;
  const replies = new Map<string, ReplyWire>();
  written.set(gate, { second, replies });
  return replies;
}

function merchants({ gate, keyring, verifier }: Pick<Traffic, 'gate' | 'keyring' | 'verifier'>): Server<Caller> {
  return {
    ...(verifier ? { verifier } : {}),
    world: gate.world,
    find(protocol, sender) {
      const { senders, merchants: all } = gate.directory();
      const credential = senders.get(`${protocol.name}/${sender}`);
      const merchant = credential && all.get(credential.merchantId);
      if (!credential || !merchant || credential.state !== 'active' || merchant.state !== 'active') return null;
      return {
        keys: credentialKeys(keyring, credential),
        addresses: credential.addresses,
        is: { merchant, credential },
      };
    },
    carryOut: ({ party, endpoint, ask, fingerprint }) => carryOut(gate, party, endpoint.command, ask, fingerprint),
  };
}

async function hear(
  { gate, keyring, observer, verifier }: Traffic,
  path: string,
  wire: RequestWire,
): Promise<ReplyWire> {
  const [, id] = /^\/listen\/(\d{1,19})(?:\/|$)/.exec(path) ?? [];
  const channel = id === undefined ? undefined : gate.directory().channels.get(BigInt(id));
  if (!channel) return plainReply(404);
  const heard = await listen(
    gate.world,
    upstreamOf(keyring, channel),
    wire,
    listenerFor(gate, channel, wire),
    verifier,
  );
  observer.heard(channel.protocol, heard.verdict);
  return heard.reply;
}

/** Callbacks that are no evidence are kept too, but nobody can fill our disk with them. */
const keptPerSecond = 20;
const kept = new WeakMap<Gate, { second: number; count: number }>();

function mayKeep(gate: Gate): boolean {
  const second = Math.floor(gate.world.monotonic() / 1000);
  const present = kept.get(gate);
  const count = present?.second === second ? present.count + 1 : 1;
  kept.set(gate, { second, count });
  return count <= keptPerSecond;
}

function listenerFor(gate: Gate, channel: ChannelRow, wire: RequestWire): Listener {
  const raw = {
    channelId: channel.id,
    at: gate.world.now(),
    method: wire.method,
    target: wire.target.slice(0, 8_192),
    headers: redactedHeaders(protocolNamed(channel.protocol), wire),
    // PostgreSQL text takes no NUL; what is not UTF-8 was not understood anyway.
    body: Buffer.from(wire.body).toString('utf8').replaceAll('\0', '\ufffd').slice(0, 65_536),
  };
  let isNews = false;
  return {
    async learn(report) {
      const heard = await learnReport(gate, channel, report, raw);
      // Restored from a backup: it may well be about an order that we had (T038).
      if (heard === 'unmatched' && gate.directory().quarantine) isNews = await reviewUnknown(gate, channel, report);
      return heard;
    },
    async record(verdict) {
      if (!mayKeep(gate) && !isNews) return;
      if (verdict === 'foreign') await reviewForeign(gate, channel);
      await insertCallbacks(gate.db, [
        { ...raw, home: 0, id: gate.world.newId(), verdict, objectKind: null, objectId: null },
      ]);
    },
  };
}

async function learnReport(
  gate: Gate,
  channel: ChannelRow,
  report: Report,
  raw: NonNullable<Learning['callback']>,
): Promise<'taken' | 'unmatched'> {
  const reference = referenceOf(report);
  if (reference === null) return concernsRefund(gate, channel, report);
  const about = { kind: report.kind, channelId: channel.id, reference };
  const evidence = reportEvidence(about, 'callback', report, gate.world.now());
  const learnt = await learnOutcome(gate, { key: null, evidence, callback: raw, lookAgainAt: null });
  return learnt.kind === 'learnt' ? 'taken' : concernsRefund(gate, channel, report);
}

/** A person compares it with the channel's statement. → is this the first we hear of the reference? */
async function reviewUnknown(gate: Gate, channel: ChannelRow, report: Report): Promise<boolean> {
  const { kind, state } = report;
  const amount = moneyOf(report);
  const reference = referenceOf(report);
  const detail = {
    channel: channel.name,
    kind,
    state,
    ...(reference === null ? {} : { reference }),
    ...(amount === null ? {} : { minor: String(amount.minor), currency: amount.currency }),
  };
  const review = { reason: 'unknown-reference', detail };
  const home = (reference === null ? null : gate.facts.homeOf(channel.protocol, reference)) ?? 0;
  const [id, at] = [gate.world.newId(), gate.world.now()];
  const opened = await insertReviews(gate.db, [
    { home, id, review, objectKind: null, objectId: null, channelId: channel.id, at },
  ]);
  if (opened > 0) gate.world.log.warn('review-opened', { reason: 'unknown-reference', channel: String(channel.id) });
  return opened > 0;
}

/** Authentic, yet for another account than the channel's (T007): somebody has mixed something up, and a person must look. */
async function reviewForeign(gate: Gate, channel: ChannelRow): Promise<void> {
  const review = { reason: 'foreign-callback', detail: { channel: channel.name } };
  const at = gate.world.now();
  await insertReviews(gate.db, [
    { home: 0, id: gate.world.newId(), review, objectKind: null, objectId: null, channelId: channel.id, at },
  ]);
}

async function concernsRefund(gate: Gate, channel: ChannelRow, report: Report): Promise<'taken' | 'unmatched'> {
  return report.kind === 'refund' && (await hearRefund(gate, channel, report)) ? 'taken' : 'unmatched';
}

function referenceOf(report: Report): string | null {
  return report.kind === 'refund' ? report.refundNo : report.orderNo;
}

function redactedHeaders(protocol: Protocol, wire: RequestWire): (readonly [string, string])[] {
  const secret = new Set(protocol.confidential.map((name) => name.toLowerCase()));
  return wire.headers.map(
    ([name, value]) => [name, secret.has(name) || isSecretHeader(name) ? '[redacted]' : value] as const,
  );
}

function webRequest(wire: RequestWire, path: string): WebRequest {
  return {
    method: wire.method,
    path,
    query: new URLSearchParams(wire.target.slice(path.length + 1)),
    headers: Object.fromEntries(wire.headers),
    body: wire.body,
    remote: wire.remote,
  };
}

function webReply(reply: WebReply): Reply {
  const headers: Headers = Object.entries({ ...bareGuards, ...reply.headers });
  if (typeof reply.body === 'string')
    return { kind: 'reply', status: reply.status, headers, body: Buffer.from(reply.body) };
  if (reply.body instanceof Uint8Array) return { kind: 'reply', status: reply.status, headers, body: reply.body };
  const { status, body, isEndless = false } = reply;
  return { kind: 'stream', status, headers, body, isEndless };
}
