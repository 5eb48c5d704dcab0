/**
 * `--processes N`: the first process keeps the database and the twins and watches N gateways that share one port. A gateway that dies is
 * started again; what it was doing is in the database.
 */
import cluster, { type Worker } from 'node:cluster';
import { fileURLToPath } from 'node:url';
import type { Config } from '../config.ts';
import type { Log } from '../core/world.ts';

export interface Processes {
  readonly port: number;
  stop(): Promise<void>;
}

const againMs = 1_000;
const patienceMs = 25_000;

/** Resolves when all of them listen. `config` is what each child runs with: a database URL, a key file, the wanted port. */
export async function startProcesses(config: Config, log: Log): Promise<Processes> {
  let isStopping = false;
  cluster.setupPrimary({ exec: fileURLToPath(new URL('../cli/child.js', import.meta.url)), args: [] });
  const live = new Set<Worker>();
  const startOne = (): Promise<number> => {
    const worker = cluster.fork({ KANAL_CHILD_CONFIG: JSON.stringify(config) });
    live.add(worker);
    return new Promise((resolve, reject) => {
      worker.once('listening', (address) => resolve(address.port));
      worker.once('exit', (code) => {
        live.delete(worker);
        reject(new Error(`a gateway process ended with ${code} before it listened`));
        if (isStopping) return;
        log.error('gateway-process-ended', { pid: worker.process.pid ?? 0, code });
        setTimeout(() => {
          if (!isStopping)
            startOne().catch((error: unknown) => log.error('gateway-process-not-started', { error: String(error) }));
        }, againMs);
      });
    });
  };
  const ports = await Promise.all(Array.from({ length: config.processes }, startOne));
  return {
    port: ports[0] ?? config.port,
    async stop() {
      isStopping = true;
      await Promise.all([...live].map(endOne));
    },
  };
}

/** SIGTERM lets it drain; one that does not end in time is killed. */
function endOne(worker: Worker): Promise<void> {
  return new Promise((resolve) => {
    if (worker.isDead()) return resolve();
    const force = setTimeout(() => worker.process.kill('SIGKILL'), patienceMs);
    worker.once('exit', () => {
      clearTimeout(force);
      resolve();
    });
    worker.process.kill('SIGTERM');
  });
}
