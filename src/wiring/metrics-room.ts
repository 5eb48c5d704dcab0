/** `/metrics` for Prometheus: from this machine, or with an operator's token. Queues are counted when somebody looks. */
import { createHash } from 'node:crypto';
import type { Metrics, NoticeOutcome, RequestOutcome } from '../edge/metrics.ts';
import type { Gate } from '../flows/gate.ts';
import { sql } from '../store/database.ts';
import { isRead, onlyRead, type Room, type WebRequest } from '../web/web.ts';
import type { Observer } from './observer.ts';

export function metricsRoom(gate: Gate, metrics: Metrics): Room {
  return async (request) => {
    if (request.path !== '/metrics') return null;
    if (!isRead(request)) return onlyRead;
    if (!isLocal(request) && !(await hasToken(gate, request))) return { status: 401, headers: {}, body: '{}' };
    await countQueues(gate, metrics);
    return { status: 200, headers: { 'content-type': metrics.contentType }, body: metrics.text() };
  };
}

export function observerOf(metrics: Metrics): Observer {
  return {
    served: (protocol, _endpoint, outcome, ms) => metrics.request('serve', protocol, outcome as RequestOutcome, ms),
    heard(protocol, verdict) {
      if (verdict === 'forged') metrics.forgedCallback(protocol);
      metrics.request('listen', protocol, heardWords[verdict] ?? 'internal', 0);
    },
    notified: (protocol, outcome) => metrics.notice(protocol, noticeWords[outcome] ?? 'unreachable'),
    chased: (protocol, how) => metrics.chase(protocol, how),
  };
}

const noticeWords: Readonly<Record<string, NoticeOutcome>> = { acknowledged: 'acknowledged', refused: 'refused' };

const heardWords: Readonly<Record<string, RequestOutcome>> = {
  taken: 'answered',
  unmatched: 'not-found',
  forged: 'forged',
  unusable: 'invalid-request',
  foreign: 'forbidden',
  failed: 'internal',
};

/** What a proxy says with every request that it passes on. */
const passedOn = ['x-forwarded-for', 'x-real-ip', 'forwarded', 'via'];

/** Behind a proxy of this machine that nobody declared (`--trusted-proxy`), the whole world would come from here (T101). */
function isLocal({ remote, headers }: WebRequest): boolean {
  const isHere = remote === '::1' || remote.startsWith('127.') || remote.startsWith('::ffff:127.');
  return isHere && !passedOn.some((name) => Object.hasOwn(headers, name));
}

async function hasToken(gate: Gate, request: WebRequest): Promise<boolean> {
  const token = /^Bearer (\S+)$/.exec(request.headers['authorization'] ?? '')?.[1];
  if (token === undefined) return false;
  const hash = createHash('sha256').update(token).digest();
  const rows = await gate.db.run(sql`select id from operator_tokens where hash = ${hash} and revoked_at is null`);
  return rows.length > 0;
}

async function countQueues(gate: Gate, metrics: Metrics): Promise<void> {
  const now = gate.world.now();
  const rows = await gate.db.run<{
    name: 'notices' | 'chases' | 'reviews';
    waiting: bigint;
    oldest: bigint | null;
  }>(sql`
    select 'notices' as name, count(*) as waiting, min(due_at) as oldest from notices_due where due_at <= ${now}
    union all select 'chases', count(*), min(due_at) from work where due_at <= ${now}
    union all select 'reviews', count(*), min(opened_at) from reviews where state = 'open'`);
  for (const row of rows)
    metrics.queue(row.name, Number(row.waiting), row.oldest === null ? 0 : Math.max(0, now - Number(row.oldest)));
}
