/** Everything the console has, as one table. */
import { bookRows } from './books.ts';
import { channelRows } from './channels.ts';
import { configurationRows } from './configuration.ts';
import { decisionRows } from './decisions.ts';
import { doctorRows } from './doctor.ts';
import { heldKeyRows } from './held-keys.ts';
import { homeRows } from './home.ts';
import { integrationRows } from './integration.ts';
import { listRows } from './lists.ts';
import { merchantRows } from './merchants.ts';
import { orderRows } from './order.ts';
import { peopleRows } from './people.ts';
import { quarantineRows } from './quarantine.ts';
import { reconciliationRows } from './reconciliation.ts';
import { routeRows } from './routes.ts';
import type { Row } from './row.ts';
import { tariffRows } from './tariffs.ts';
import { webhookRows } from './webhook.ts';

export const rows: readonly Row[] = [
  ...homeRows,
  ...listRows,
  ...orderRows,
  ...decisionRows,
  ...bookRows,
  ...reconciliationRows,
  ...merchantRows,
  ...channelRows,
  ...routeRows,
  ...tariffRows,
  ...peopleRows,
  ...configurationRows,
  ...quarantineRows,
  ...doctorRows,
  ...integrationRows,
  ...heldKeyRows,
  ...webhookRows,
];
