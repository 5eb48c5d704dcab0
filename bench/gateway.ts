/** One gateway process, started as `kanal start` starts it, in production mode on the database of the run. */
import { join } from 'node:path';
import { readConfig } from '../src/config.ts';
import { type Gateway, startGateway } from '../src/main.ts';
import { answerParent } from './child.ts';
import { quietLog } from './place.ts';

export interface GatewayStart {
  readonly databaseUrl: string;
  readonly masterKeyFile: string;
  /** Folder for its own files. */
  readonly folder: string;
  readonly role: 'edge' | 'all';
  /** `host:port` that notices may go to, although none of them is public. */
  readonly allowHosts: readonly string[];
}

let gateway: Gateway | null = null;

async function start({ databaseUrl, masterKeyFile, folder, role, allowHosts }: GatewayStart): Promise<string> {
  const config = readConfig(
    {
      port: '0',
      role,
      data: join(folder, `gateway-${process.pid}`),
      'database-url': databaseUrl,
      'master-key-file': masterKeyFile,
      'allow-callback-host': allowHosts,
      'log-level': 'error',
    },
    {},
  );
  gateway = await startGateway({ config, progress: () => undefined, log: quietLog });
  return gateway.url;
}

answerParent({
  start,
  /** Resident memory in MiB, after what is garbage has gone. */
  memory: async () => {
    globalThis.gc?.();
    return Math.round(process.memoryUsage.rss() / 1_048_576);
  },
  cpu: async () => process.cpuUsage(),
});
process.once('SIGTERM', () => void gateway?.stop().then(() => process.exit(0)));
