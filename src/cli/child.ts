/** Entry of a further gateway process: everything it needs was settled by the first one. */
import { childConfig } from '../config.ts';
import { startGateway } from '../main.ts';

const gateway = await startGateway({ config: childConfig(), progress: () => undefined, isChild: true });
let stopping = false;
for (const signal of ['SIGTERM', 'SIGINT'] as const)
  process.on(signal, () => {
    if (stopping) return;
    stopping = true;
    void gateway.stop().finally(() => process.exit(0));
  });
// The first process is gone: nobody would restart us or stop us.
process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'));
