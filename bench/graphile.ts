/** The peer for notices: graphile-worker as fast as its documentation makes it (batch fetching and completing), same posts, same sink. */
import { createHmac } from 'node:crypto';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Pool } from 'undici';
import { answerParent } from './child.ts';
import { keyOf, senderOf, signed } from './parties.ts';
import { root } from './place.ts';
import { noticeBody } from './scripts.ts';

/** What is used of it. */
interface Worker {
  run(options: {
    readonly preset: object;
    readonly taskList: Readonly<Record<string, (job: unknown) => Promise<void>>>;
    readonly noHandleSignals: boolean;
  }): Promise<{ stop(): Promise<void> }>;
  runMigrations(options: { readonly connectionString: string }): Promise<void>;
  readonly Logger: new (factory: () => () => void) => object;
}

const folder = join(root, 'bench');

let pools: readonly Pool[] = [];
let next = 0;

/** Signs and posts one notice like ours: MD5 of the protocol, HMAC of Standard Webhooks. */
async function deliver(): Promise<void> {
  const i = next++;
  const pool = pools[i % pools.length];
  const sign = signed(noticeBody, keyOf(i % 256));
  const mac = createHmac('sha256', keyOf(i % 256))
    .update(`msg_${i}.1733116026.${noticeBody}`)
    .digest('base64');
  const reply = await pool?.request({
    path: '/hook',
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      merchantid: senderOf(i % 256),
      sign,
      'webhook-id': `msg_${i}`,
      'webhook-timestamp': '1733116026',
      'webhook-signature': `v1,${mac}`,
    },
    body: noticeBody,
  });
  await reply?.body.text();
  if (reply?.statusCode !== 200) throw new Error(`sink: ${reply?.statusCode}`);
}

let running: { stop(): Promise<void> } | null = null;

function worker(): Worker {
  return createRequire(join(folder, 'package.json'))('graphile-worker') as Worker;
}

answerParent({
  migrate: (connectionString: string) => worker().runMigrations({ connectionString }),
  async start({ connectionString, sinks }: { readonly connectionString: string; readonly sinks: readonly string[] }) {
    pools = sinks.map((sink) => new Pool(sink, { connections: 24, pipelining: 1 }));
    const graphile = worker();
    running = await graphile.run({
      preset: {
        worker: {
          connectionString,
          concurrentJobs: 96,
          maxPoolSize: 8,
          pollInterval: 500,
          localQueue: { size: 500 },
          completeJobBatchDelay: 0,
          failJobBatchDelay: 0,
          logger: new graphile.Logger(() => () => {}),
        },
      },
      taskList: { notice: deliver },
      noHandleSignals: true,
    });
  },
  async stop() {
    await running?.stop();
    await Promise.all(pools.map((pool) => pool.close()));
  },
});
