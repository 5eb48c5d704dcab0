/** Notices again, reviews, the books, tokens, the audit chain, and the sandbox document. */
import { z } from 'zod';
import { Refusal } from '../../core/refusal.ts';
import { decideReview, issueToken, resendNotices, withdrawToken } from '../../flows/administer.ts';
import { settleSuspense, settleTo } from '../../flows/settle-suspense.ts';
import { findOrders } from '../../store/lists.ts';
import { type AuditRow, listAudit, verifyAudit } from '../../store/audit.ts';
import { trialBalance } from '../../store/ledger.ts';
import { listTokens, type TokenRow } from '../../store/tokens.ts';
import { type ApiRoute, many, one } from '../route-table.ts';
import { type Desk, idOf, merchantBy, requiredId } from './desk.ts';
import * as shapes from './shapes.ts';
import { mustNotTakeTwo } from './users.ts';

const everybody = ['viewer', 'support', 'finance', 'approver', 'admin'] as const;
const admins = ['admin'] as const;

const queued = z.object({ queued: z.array(shapes.id) });

const noticeRoutes: readonly ApiRoute<Desk>[] = [
  one({
    method: 'POST',
    path: '/admin/v1/notices/{id}/resend',
    about: 'One more try of one notice, at once',
    roles: ['support', 'admin'],
    tenant: 'merchant-bound',
    answers: queued,
    async run(desk: Desk, { actor, params }) {
      const id = requiredId(params['id'], 'notice');
      return { queued: (await resendNotices(desk, actor.name, [id], actor.merchantId)).map(String) };
    },
  }),
  one({
    method: 'POST',
    path: '/admin/v1/notices/resend',
    about: 'One more try of many notices; those that do not exist are left out',
    roles: ['support', 'admin'],
    tenant: 'merchant-bound',
    body: z.strictObject({ ids: z.array(shapes.reference).min(1).max(10_000) }),
    answers: queued,
    async run(desk: Desk, { actor, body }) {
      const ids = body.ids.map(idOf).filter((id) => id !== null);
      return { queued: (await resendNotices(desk, actor.name, ids, actor.merchantId)).map(String) };
    },
  }),
];

const settled = z.object({
  settled: z.array(z.object({ minor: shapes.minor, currency: z.string() })).meta({ description: 'What left suspense' }),
});

const reviewRoutes: readonly ApiRoute<Desk>[] = [
  one({
    method: 'POST',
    path: '/admin/v1/orders/{id}/suspense',
    about: 'Money of an order that lies in suspense: to the merchant, or noted as given back at the channel',
    roles: ['approver', 'admin'],
    tenant: 'operator-only',
    body: z.strictObject({ to: z.enum(settleTo), reason: shapes.words }),
    answers: settled,
    async run(desk: Desk, { actor, params, body }) {
      const [order, another] = await findOrders(desk.gate.db, params['id'] ?? '', actor.merchantId);
      if (!order || another)
        throw new Refusal('not-found', { text: order ? 'several orders: use the id' : 'no such order' });
      const sums = await settleSuspense(desk, actor.name, order, body.to, body.reason);
      return { settled: sums.map(({ minor, currency }) => ({ minor: String(minor), currency })) };
    },
  }),
  one({
    method: 'POST',
    path: '/admin/v1/reviews/{id}/close',
    about: 'Closes a review with what was decided and why',
    roles: ['approver', 'admin'],
    tenant: 'operator-only',
    body: z.strictObject({ decision: shapes.words }),
    answers: shapes.done,
    async run(desk: Desk, { actor, params, body }) {
      const id = requiredId(params['id'], 'open review');
      await decideReview(desk, actor.name, id, null, body.decision);
      return { ok: true as const };
    },
  }),
];

function shownToken(row: TokenRow): z.infer<typeof shapes.token> {
  return {
    id: String(row.id),
    name: row.name,
    role: row.role,
    merchant: row.merchantId === null ? null : String(row.merchantId),
    createdAt: shapes.iso(row.createdAt),
    revokedAt: shapes.isoOrNull(row.revokedAt),
  };
}

const tokenRoutes: readonly ApiRoute<Desk>[] = [
  many({
    method: 'GET',
    path: '/admin/v1/tokens',
    about: 'Operator tokens, without the tokens',
    roles: admins,
    tenant: 'operator-only',
    answers: shapes.token,
    async *rows(desk: Desk) {
      yield* (await listTokens(desk.gate.db)).map(shownToken);
    },
  }),
  one({
    method: 'POST',
    path: '/admin/v1/tokens',
    about: 'A new token, shown once; with a merchant it sees that one only',
    roles: admins,
    tenant: 'operator-only',
    body: z.strictObject({ name: shapes.name, role: shapes.role, merchant: shapes.reference.optional() }),
    answers: shapes.token.extend({ token: z.string() }),
    async run(desk: Desk, { actor, body }) {
      const merchantId = body.merchant === undefined ? null : merchantBy(desk, actor, body.merchant).id;
      await mustNotTakeTwo(desk, actor, body.role);
      const { row, token } = await issueToken(desk, actor.name, { name: body.name, role: body.role, merchantId });
      return { ...shownToken(row), token };
    },
  }),
  one({
    method: 'DELETE',
    path: '/admin/v1/tokens/{id}',
    about: 'Revokes a token; it opens nothing from now on',
    roles: admins,
    tenant: 'operator-only',
    answers: shapes.done,
    async run(desk: Desk, { actor, params }) {
      await withdrawToken(desk, actor.name, requiredId(params['id'], 'token'));
      return { ok: true as const };
    },
  }),
];

function shownAudit(row: AuditRow): z.infer<typeof shapes.auditEntry> {
  const { id, at, actor, action, detail } = row;
  return { id: String(id), at: shapes.iso(at), actor, action, detail: { ...detail } };
}

const auditPage = 1000;

const bookRoutes: readonly ApiRoute<Desk>[] = [
  one({
    method: 'GET',
    path: '/admin/v1/ledger/check',
    about: 'The trial balance: all moves added up and compared with the balances and the orders',
    roles: everybody,
    tenant: 'operator-only',
    answers: shapes.ledger,
    async run(desk: Desk) {
      const { balanced, currencies, accounts, findings } = await trialBalance(desk.gate.db);
      return {
        balanced,
        currencies: currencies.map(({ currency, debit, credit }) => ({
          currency,
          debit: String(debit),
          credit: String(credit),
        })),
        accounts: accounts.map(({ account, currency, debit, credit, balance }) => ({
          account,
          currency,
          debit: String(debit),
          credit: String(credit),
          balance: String(balance),
        })),
        findings: [...findings],
      };
    },
  }),
  one({
    method: 'GET',
    path: '/admin/v1/audit/verify',
    about: 'Computes the audit chain again: an edit, a deletion or another order shows',
    roles: ['approver', 'admin'],
    tenant: 'operator-only',
    answers: shapes.auditVerdict,
    async run(desk: Desk) {
      const { intact, entries, findings } = await verifyAudit(desk.gate.db);
      return { intact, entries, findings: [...findings] };
    },
  }),
  many({
    method: 'GET',
    path: '/admin/v1/audit',
    about: 'What operators did, newest first',
    roles: ['approver', 'admin'],
    tenant: 'operator-only',
    answers: shapes.auditEntry,
    async *rows(desk: Desk) {
      let before: bigint | null = null;
      for (;;) {
        const rows: AuditRow[] = await listAudit(desk.gate.db, before, auditPage);
        yield* rows.map(shownAudit);
        if (rows.length < auditPage) return;
        before = rows.at(-1)?.id ?? null;
      }
    },
  }),
  one({
    method: 'GET',
    path: '/admin/v1/sandbox',
    about: 'The sandbox document: demo merchants with their keys, twins, console. Sandbox mode only',
    roles: admins,
    tenant: 'operator-only',
    answers: z.looseObject({ baseUrl: z.string() }),
    async run(desk: Desk) {
      const document = desk.sandbox && (await desk.sandbox());
      if (!document) throw new Refusal('not-found', { text: 'this gateway runs in production mode' });
      return z.looseObject({ baseUrl: z.string() }).parse(document);
    },
  }),
];

export const operationTable: readonly ApiRoute<Desk>[] = [
  ...noticeRoutes,
  ...reviewRoutes,
  ...tokenRoutes,
  ...bookRoutes,
];
