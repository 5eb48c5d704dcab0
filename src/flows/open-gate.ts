/** Makes the gate: ports in, batchers and the cached directory out. */
import { Batcher } from '../store/batch.ts';
import { createPayments, createPayouts } from '../store/create.ts';
import type { Database } from '../store/database.ts';
import { type Directory, directoryVersion, loadDirectory } from '../store/directory.ts';
import { markNotices } from '../store/notices.ts';
import { Changes } from './changes.ts';
import type { Gate, Learning, Learnt } from './gate.ts';
import { learnTogether } from './learn-outcome.ts';

export type Ports = Pick<
  Gate,
  'world' | 'call' | 'statement' | 'facts' | 'notices' | 'mark' | 'deskUrl' | 'chased' | 'wakeNotices'
>;

export interface OpenGate extends Gate {
  /** Reads the small tables again if they have changed: a revoked key stops working within the second this is called in (T074). */
  refresh(): Promise<void>;
}

export async function openGate(db: Database, ports: Ports): Promise<OpenGate> {
  let directory: Directory = await loadDirectory(db);
  const gate: OpenGate = {
    ...ports,
    db,
    changes: new Changes(),
    directory: () => directory,
    async refresh() {
      if ((await directoryVersion(db)) !== directory.version) directory = await loadDirectory(db);
    },
    batches: {
      payments: new Batcher({
        name: 'create payments',
        run: (items) => db.transaction((q) => createPayments(q, items)),
      }),
      payouts: new Batcher({ name: 'create payouts', run: (items) => db.transaction((q) => createPayouts(q, items)) }),
      learn: new Batcher<Learning, Learnt>({ name: 'learn outcomes', run: (items) => learnTogether(gate, items) }),
      notices: new Batcher({
        name: 'mark notices',
        // Only the next notice of a busy host waits for a mark: fewer and larger transactions are the better bargain.
        lanes: 2,
        maxRows: 256,
        run: (items) =>
          db.transaction(async (query) => {
            await markNotices(query, items);
            return items.map(() => null);
          }),
      }),
    },
  };
  return gate;
}
