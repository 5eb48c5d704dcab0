/** The shapes of the operator API: what is taken, what is answered. Ids and amounts are decimal text, times ISO 8601 text. */
import { z } from 'zod';
import { methods } from '../../core/commands.ts';
import { type Currency, exponents, isCurrency } from '../../core/money.ts';
import { roles } from '../../store/tokens.ts';

export const id = z
  .string()
  .regex(/^[0-9]{1,19}$/)
  .meta({ description: 'Decimal text' });
export const time = z.string().meta({ description: 'ISO 8601, UTC', format: 'date-time' });
export const minor = z
  .string()
  .regex(/^-?[0-9]{1,19}$/)
  .meta({ description: 'Smallest units, decimal text' });
/** Smallest units on the way in: also as a JSON number, as long as it is a whole one. */
export const givenMinor = z
  .union([z.string(), z.int().nonnegative()])
  .transform(String)
  .pipe(z.string().regex(/^(?:0|[1-9][0-9]{0,17})$/, 'a whole number of smallest units'));
export const currency = z
  .string()
  .refine((text): text is Currency => isCurrency(text), `one of ${Object.keys(exponents).join(', ')}`);
export const amount = z.object({ minor, currency: z.string() });
export const name = z
  .string()
  .min(1)
  .max(200)
  .regex(/^[^\p{Cc}\p{Cs}]+$/u, 'no control characters');
/** What a person writes down: several lines are fine. */
export const words = z
  .string()
  .min(1)
  .max(4000)
  .regex(/^[^\0\p{Cs}]+$/u);
export const method = z.enum([...methods, 'any']);
export const role = z.enum(roles);
export const texts = z.record(z.string(), z.string());
/** Texts that become ids: what does not exist is told by 404, not here. */
export const reference = z.string().min(1).max(200);
export const done = z.object({ ok: z.literal(true) });

export const merchant = z.object({
  id,
  name: z.string(),
  home: z.int(),
  state: z.enum(['active', 'disabled']),
  payouts: z.boolean(),
  settings: texts,
});

/** No secrets, ever: only which there are, and until when. */
export const credential = z.object({
  id,
  merchant: id,
  protocol: z.string(),
  sender: z.string(),
  state: z.enum(['active', 'disabled']),
  settings: texts,
  addresses: z.array(z.string()),
  keys: z.array(z.object({ name: z.string(), addedAt: time, until: time.nullable() })),
});

export const shownOnce = z.object({
  shown: texts.meta({ description: 'Secrets: shown now and never again' }),
  document: z.record(z.string(), z.unknown()).meta({ description: "The protocol's part of the sandbox document" }),
});

export const channel = z.object({
  id,
  name: z.string(),
  protocol: z.string(),
  baseUrl: z.string(),
  sender: z.string(),
  state: z.enum(['active', 'disabled']),
  settings: texts,
  keys: z.array(z.object({ name: z.string(), addedAt: time, until: time.nullable() })),
  callbackUrl: z.string(),
});

export const route = z.object({
  id,
  merchant: z.string().meta({ description: 'An id, or * for every merchant' }),
  protocol: z.string().nullable(),
  method,
  channel: id,
  channelName: z.string().nullable(),
  weight: z.int(),
  min: minor.nullable(),
  max: minor.nullable(),
  currency: z.string().nullable(),
  hours: z.string().nullable(),
  dailyCap: minor.nullable(),
});

export const fee = z.object({
  id,
  merchant: z.string(),
  method,
  currency: z.string(),
  fixed: minor,
  percent: z.string(),
  min: minor,
  max: minor.nullable(),
});

export const token = z.object({
  id,
  name: z.string(),
  role,
  merchant: id.nullable(),
  createdAt: time,
  revokedAt: time.nullable(),
});

/** What every list has in common (interface.md). */
const listed = {
  id,
  merchant: id.nullable(),
  protocol: z.string().nullable(),
  kind: z.string().nullable(),
  merchantOrderNo: z.string().nullable(),
  platformNo: z.string().nullable(),
  channel: id.nullable(),
  channelName: z.string().nullable(),
  reference: z.string().nullable(),
  amount: amount.nullable(),
  state: z.string(),
  createdAt: time,
};

const reason = z.object({ code: z.string(), text: z.string() }).nullable();
export const listedOrder = z.object({
  ...listed,
  amount,
  fee: amount,
  upstreamNo: z.string().nullable(),
  reason,
  finishedAt: time.nullable(),
  notifyUrl: z.string().nullable(),
  subject: z.string().nullable(),
});
export const listedPayment = listedOrder.extend({
  method: z.string(),
  option: z.string().nullable(),
  paid: amount,
  refunded: amount,
  refundPending: amount,
  payCode: z.string().nullable(),
  payUrl: z.string().nullable(),
  confirmNo: z.string().nullable(),
  cashierUrl: z.string().nullable(),
  expiresAt: time.nullable(),
});
export const listedRefund = listedOrder.extend({ payment: id, paymentOrderNo: z.string() });
export const listedAttempt = z.object({
  ...listed,
  order: id,
  answeredAt: time.nullable(),
  notFoundAnswers: z.int(),
});
export const listedNotice = z.object({
  ...listed,
  order: id,
  event: z.string(),
  url: z.string(),
  attempts: z.int(),
  lastAt: time.nullable(),
  lastOutcome: z.string().nullable(),
  lastStatus: z.int().nullable(),
  lastAnswer: z.string().nullable(),
  dueAt: time.nullable(),
});
export const listedCallback = z.object({
  ...listed,
  order: id.nullable(),
  method: z.string(),
  target: z.string(),
  body: z.string(),
});
export const listedReview = z.object({
  ...listed,
  order: id.nullable(),
  reason: z.string(),
  detail: z.unknown(),
  closedAt: time.nullable(),
  decision: z.unknown(),
});
export const listedAgreement = z.object({ ...listed, userId: z.string(), cardLast4: z.string(), scope: z.string() });

export const timelineEntry = z.looseObject({ at: time, what: z.string() });
export const ledger = z.object({
  balanced: z.boolean(),
  currencies: z.array(z.object({ currency: z.string(), debit: minor, credit: minor })),
  accounts: z.array(
    z.object({ account: z.string(), currency: z.string(), debit: minor, credit: minor, balance: minor }),
  ),
  findings: z.array(z.string()),
});
export const auditVerdict = z.object({ intact: z.boolean(), entries: z.int(), findings: z.array(z.string()) });
export const auditEntry = z.object({
  id,
  at: time,
  actor: z.string(),
  action: z.string(),
  detail: z.record(z.string(), z.unknown()),
});
export const protocolFacts = z.object({
  name: z.string(),
  title: z.string(),
  sides: z.array(z.string()),
  sender: z.string(),
  keys: z.array(
    z.object({ name: z.string(), kind: z.string(), issued: z.boolean(), required: z.boolean(), about: z.string() }),
  ),
  settings: z.array(
    z.object({ name: z.string(), side: z.string(), default: z.string().nullable(), about: z.string() }),
  ),
  methods: z.array(z.string()),
  hasStatements: z.boolean(),
});

export type Listed<T extends z.ZodType> = z.infer<T>;

/** Milliseconds as ISO text. */
export function iso(at: number | bigint): string {
  return new Date(Number(at)).toISOString();
}
export function isoOrNull(at: number | bigint | null): string | null {
  return at === null ? null : iso(at);
}
export function moneyText(minorUnits: bigint, code: string): { minor: string; currency: string } {
  return { minor: String(minorUnits), currency: code };
}
