/** The states each list may be filtered by: what `state` takes in the operator API, the command line and the console. */
import { paymentRules, payoutRules, refundRules } from '../core/rules.ts';

export const listStates = {
  payments: Object.keys(paymentRules),
  payouts: Object.keys(payoutRules),
  refunds: Object.keys(refundRules),
  agreements: ['sending', 'unknown', 'wait-confirm', 'active', 'cancelled', 'failed'],
  attempts: ['sending', 'accepted', 'unknown', 'declined', 'not-sent', 'done'],
  notices: ['pending', 'done', 'exhausted'],
  callbacks: [
    'changed',
    'repeated',
    'contradiction',
    'mismatch',
    'second-success',
    'unmatched',
    'foreign',
    'forged',
    'unusable',
  ],
  reviews: ['open', 'closed'],
} as const satisfies Readonly<Record<string, readonly string[]>>;

export type ListName = keyof typeof listStates;
