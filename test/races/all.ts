/** Every race, by what it is about. */
import { paymentRaces } from './payments.ts';
import { payoutRaces } from './payouts.ts';
import { refundRaces } from './refunds.ts';
import type { Race } from './race.ts';

export const allRaces: Readonly<Record<'payments' | 'payouts' | 'refunds', readonly Race[]>> = {
  payments: paymentRaces,
  payouts: payoutRaces,
  refunds: refundRaces,
};
