/** Every race. */
import { paymentRaces } from './payments.ts';
import { payoutRaces } from './payouts.ts';
import { refundRaces } from './refunds.ts';
import type { Race } from './race.ts';

export const allRaces: readonly Race[] = [...paymentRaces, ...payoutRaces, ...refundRaces];
