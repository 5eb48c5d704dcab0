/** Commands to flows: one row each. A command without a row is one that Kanal does not carry out for merchants. */
import type { Answer, Ask, CommandName } from '../core/commands.ts';
import { type BankColumn, banksOf } from '../core/banks.ts';
import { Refusal } from '../core/refusal.ts';
import { cancelAgreement } from '../flows/cancel-agreement.ts';
import { cancelPayment } from '../flows/cancel-payment.ts';
import { closePayment } from '../flows/close-payment.ts';
import { confirmAgreement } from '../flows/confirm-agreement.ts';
import { confirmPayment } from '../flows/confirm-payment.ts';
import type { Caller, Gate } from '../flows/gate.ts';
import { getStatement } from '../flows/get-statement.ts';
import { pay } from '../flows/pay.ts';
import { payOut } from '../flows/pay-out.ts';
import { refund } from '../flows/refund.ts';
import { queryAgreement } from '../flows/query-agreement.ts';
import { queryBalance, queryOrder, queryPayment, queryPayout, queryRefund } from '../flows/query.ts';
import { resendCode } from '../flows/resend-code.ts';
import { signAgreement } from '../flows/sign-agreement.ts';
import { DatabaseAway } from '../store/database.ts';

type Carrier<C extends CommandName> = (
  gate: Gate,
  caller: Caller,
  ask: Ask<C>,
  fingerprint: Uint8Array,
) => Promise<Answer<C>>;
type Carriers = { readonly [C in CommandName]?: Carrier<C> };

const carriers: Carriers = {
  pay,
  'pay-out': payOut,
  refund,
  'confirm-payment': confirmPayment,
  'resend-code': resendCode,
  'close-payment': closePayment,
  'cancel-payment': cancelPayment,
  'sign-agreement': signAgreement,
  'confirm-agreement': confirmAgreement,
  'query-agreement': queryAgreement,
  'cancel-agreement': cancelAgreement,
  'get-statement': getStatement,
  'query-payment': queryPayment,
  'query-payout': queryPayout,
  'query-order': queryOrder,
  'query-refund': queryRefund,
  'query-balance': (gate, caller, ask) => queryBalance(gate, caller, ask.currency ?? 'IDR'),
  'list-banks': (_gate, caller, ask) => {
    const column = `${caller.credential.protocol}.bankId` as BankColumn;
    return Promise.resolve(
      banksOf(column, ask.purpose).map((row) => ({ id: row.code, code: row.code, name: row.name })),
    );
  },
};

function asksOnly(command: CommandName): boolean {
  return /^(query|list|get)-/.test(command);
}

/** Requests of one merchant that may be under way at once; beyond it the protocol's busy word, with nothing done (T112). */
const inFlightPerMerchant = 512;
const inFlight = new WeakMap<Gate, Map<bigint, number>>();

export async function carryOut<C extends CommandName>(
  gate: Gate,
  caller: Caller,
  command: C,
  ask: Ask<C>,
  fingerprint: Uint8Array,
): Promise<Answer<C>> {
  const carrier = carriers[command] as Carrier<C> | undefined;
  if (!carrier) throw new Refusal('invalid-request', { why: 'unsupported', text: `${command} is not offered` });
  const counts = inFlight.get(gate) ?? new Map<bigint, number>();
  inFlight.set(gate, counts);
  const { id } = caller.merchant;
  const before = counts.get(id) ?? 0;
  if (before >= inFlightPerMerchant) throw new Refusal('busy', { text: 'too many requests at once' });
  counts.set(id, before + 1);
  try {
    return await carrier(gate, caller, ask, fingerprint);
  } catch (error) {
    // Whoever only asks may simply ask again (T114); what was begun says itself how far it came.
    if (error instanceof DatabaseAway && asksOnly(command)) throw new Refusal('busy', { text: 'the database is away' });
    throw error;
  } finally {
    const left = (counts.get(id) ?? 1) - 1;
    if (left > 0) counts.set(id, left);
    else counts.delete(id);
  }
}
