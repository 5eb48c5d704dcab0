/** Everything the console has, as one table. */
import { bookRows } from './books.ts';
import { decisionRows } from './decisions.ts';
import { doctorRows } from './doctor.ts';
import { homeRows } from './home.ts';
import { listRows } from './lists.ts';
import { merchantRows } from './merchants.ts';
import { orderRows } from './order.ts';
import { pathRows } from './paths.ts';
import { peopleRows } from './people.ts';
import type { Row } from './row.ts';

export const rows: readonly Row[] = [
  ...homeRows,
  ...listRows,
  ...orderRows,
  ...decisionRows,
  ...bookRows,
  ...merchantRows,
  ...pathRows,
  ...peopleRows,
  ...doctorRows,
];
