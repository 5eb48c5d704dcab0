/** `/health/live` says that the process runs, `/health/ready` that it can do its work: database, migrations, age of the oldest due notice. */
import type { Gate } from '../flows/gate.ts';
import { sql } from '../store/database.ts';
import { isRead, onlyRead, type Room, type WebReply } from '../web/web.ts';

/** A notice that is due for longer than this means that nobody delivers. */
const stuckMs = 300_000;

export function healthRoom(gate: Gate): Room {
  return async (request) => {
    if (request.path !== '/health/live' && request.path !== '/health/ready') return null;
    if (!isRead(request)) return onlyRead;
    return request.path === '/health/live' ? json(200, { live: true }) : ready(gate);
  };
}

async function ready(gate: Gate): Promise<WebReply> {
  try {
    const [row] = await gate.db.run<{ migrations: bigint; oldest: bigint | null }>(
      sql`select (select count(*) from migrations) as migrations, (select min(due_at) from notices_due) as oldest`,
    );
    const oldest = row?.oldest ?? null;
    const queueAgeMs = oldest === null ? 0 : Math.max(0, gate.world.now() - Number(oldest));
    const isReady = queueAgeMs < stuckMs;
    return json(isReady ? 200 : 503, {
      ready: isReady,
      database: true,
      migrations: Number(row?.migrations ?? 0n),
      queueAgeMs,
    });
  } catch {
    return json(503, { ready: false, database: false });
  }
}

function json(status: number, value: unknown): WebReply {
  return {
    status,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
    body: JSON.stringify(value),
  };
}
