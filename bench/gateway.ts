/** One gateway process: listener, protocols, flows, workers, on the database of the run. */
import { Keyring } from '../src/edge/keyring.ts';
import { DeskTokens } from '../src/edge/desk-token.ts';
import { type HttpServer, startHttp } from '../src/edge/http.ts';
import { makeMetrics } from '../src/edge/metrics.ts';
import { Vault } from '../src/edge/vault.ts';
import { type OpenGate, openGate } from '../src/flows/open-gate.ts';
import { type DatabaseTarget, openDatabase, sql } from '../src/store/database.ts';
import { touchDirectory } from '../src/store/directory.ts';
import { makePorts } from '../src/wiring/ports.ts';
import { answer } from '../src/wiring/traffic.ts';
import { Runner } from '../src/workers/runner.ts';
import { allTasks } from '../src/workers/schedule.ts';
import { answerParent } from './child.ts';
import { channelId } from './parties.ts';
import { quietLog, worldOn } from './place.ts';

export interface GatewayStart {
  readonly target: DatabaseTarget;
  readonly masterKey: Uint8Array;
  /** `host:port` of the sink, which is no public address. */
  readonly allowHosts: readonly string[];
  /** Of the stub upstream. */
  readonly upstream: string | null;
}

let server: HttpServer | null = null;
let runner: Runner | null = null;
let gate: OpenGate | null = null;

async function start(ask: GatewayStart): Promise<string> {
  const db = await openDatabase({ ...ask.target, log: quietLog, role: 'kanal_app' });
  const world = await worldOn(db, ask.allowHosts);
  const vault = new Vault(ask.masterKey, world.nonce);
  const keyring = new Keyring(vault, world.now);
  const desk = new DeskTokens(vault.derive('desk'));
  const metrics = makeMetrics(['payin'], false);
  if (ask.upstream !== null) {
    const { upstream } = ask;
    await db.transaction(async (query) => {
      await query.run(sql`update channels set base_url = ${upstream} where id = ${channelId}`);
      await touchDirectory(query);
    });
  }
  let url = '';
  const ports = makePorts({
    world,
    keyring,
    vault,
    publicUrl: () => url,
    refuseUrl: () => null,
    deskUrl: (payment) => `${url}/cashier/${desk.make(payment)}`,
    wakeNotices: () => runner?.wake('notices'),
    sqs: null,
    observer: { notified() {}, chased() {} },
  });
  gate = await openGate(db, ports);
  const traffic = {
    gate,
    keyring,
    rooms: [],
    observer: {
      served: (protocol: string, _endpoint: string, _outcome: string, ms: number) =>
        metrics.request('serve', protocol, 'answered', ms),
      heard() {},
      notified() {},
      chased() {},
    },
  };
  server = await startHttp({
    host: '127.0.0.1',
    port: 0,
    onRequest: (wire) => answer(traffic, wire),
    log: quietLog,
    monotonic: world.monotonic,
  });
  url = `http://127.0.0.1:${server.port}`;
  return url;
}

async function work(): Promise<void> {
  if (!gate) throw new Error('not started');
  runner = new Runner(gate.world, gate.db, Buffer.from(gate.world.nonce(8)).toString('hex'), allTasks(gate));
  await runner.start();
}

async function rest(): Promise<void> {
  await runner?.stop();
  runner = null;
}

async function stop(): Promise<void> {
  await server?.close({ graceMs: 2_000 });
  await runner?.stop();
  await gate?.db.close();
  process.exit(0);
}

answerParent({
  start,
  work,
  rest,
  /** Resident memory in MiB, after what is garbage has gone. */
  memory: async () => {
    globalThis.gc?.();
    return Math.round(process.memoryUsage.rss() / 1_048_576);
  },
  cpu: async () => process.cpuUsage(),
});
process.once('SIGTERM', () => void stop());
