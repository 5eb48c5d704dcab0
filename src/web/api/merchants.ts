/** Merchants and their credentials. */
import { z } from 'zod';
import { Refusal } from '../../core/refusal.ts';
import {
  addCredential,
  addMerchant,
  amountOf,
  changeMerchant,
  fundMerchant,
  rotateCredential,
  rotateWebhookSecret,
  setCredentialState,
} from '../../flows/administer.ts';
import type { CredentialRow, MerchantRow, SealedSecrets } from '../../store/directory.ts';
import { balancesOf } from '../../store/ledger.ts';
import { type Actor, type ApiRoute, many, one } from '../route-table.ts';
import { type Desk, merchantBy, merchantScope, requiredId } from './desk.ts';
import * as shapes from './shapes.ts';

const everybody = ['viewer', 'support', 'finance', 'approver', 'admin'] as const;
const admins = ['admin'] as const;

function shownMerchant(row: MerchantRow): z.infer<typeof shapes.merchant> {
  const { id, name, home, state, payouts, settings } = row;
  return { id: String(id), name, home, state, payouts, settings: { ...settings } };
}

/** Names and times of secrets, never the secrets. */
export function keyList(secrets: SealedSecrets): z.infer<typeof shapes.credential>['keys'] {
  return Object.entries(secrets).flatMap(([name, list]) =>
    list.map(({ addedAt, until }) => ({ name, addedAt: shapes.iso(addedAt), until: shapes.isoOrNull(until) })),
  );
}

function shownCredential(row: CredentialRow): z.infer<typeof shapes.credential> {
  const { id, merchantId, protocol, sender, state, settings, addresses, secrets } = row;
  return {
    id: String(id),
    merchant: String(merchantId),
    protocol,
    sender,
    state,
    settings: { ...settings },
    addresses: [...addresses],
    keys: keyList(secrets),
  };
}

/** The credential, if the asking token may know that it exists. */
function visibleCredential(desk: Desk, actor: Actor, text: string | undefined): CredentialRow {
  const row = desk.gate.directory().credentials.get(requiredId(text, 'credential'));
  if (!row || (actor.merchantId !== null && row.merchantId !== actor.merchantId))
    throw new Refusal('not-found', { text: 'no such credential' });
  return row;
}

const givenKeys = {
  key: z.string().max(4096).optional(),
  publicKey: z.string().max(16_384).optional(),
  keys: shapes.texts.optional(),
  file: z.record(z.string(), z.unknown()).optional(),
  allowWeakKey: z.boolean().optional(),
};

const newCredential = z.strictObject({
  merchant: shapes.reference,
  protocol: z.string(),
  sender: z.string().max(200).optional(),
  ...givenKeys,
  settings: shapes.texts.optional(),
  addresses: z.array(z.string()).max(100).optional(),
});

type GivenKeys = Pick<z.infer<typeof newCredential>, keyof typeof givenKeys>;

function keysOf(given: GivenKeys) {
  return {
    key: given.key ?? null,
    publicKey: given.publicKey ?? null,
    keys: given.keys ?? {},
    file: given.file ?? {},
    allowWeakKey: given.allowWeakKey ?? false,
  };
}

const merchantDetail = shapes.merchant.extend({
  balances: z.array(z.object({ account: z.string(), currency: z.string(), available: shapes.minor })),
});

async function detailOf(desk: Desk, row: MerchantRow): Promise<z.infer<typeof merchantDetail>> {
  const balances = await balancesOf(desk.gate.db, row.home, row.id);
  return {
    ...shownMerchant(row),
    balances: balances.map((balance) => ({ ...balance, available: String(balance.available) })),
  };
}

async function setState(desk: Desk, actor: Actor, text: string | undefined, state: 'active' | 'disabled') {
  const { id } = merchantBy(desk, actor, text ?? '');
  await changeMerchant(desk, actor.name, id, { state });
  return shownMerchant(merchantBy(desk, actor, String(id)));
}

const merchantRoutes: readonly ApiRoute<Desk>[] = [
  many({
    method: 'GET',
    path: '/admin/v1/merchants',
    about: 'All merchants; a bound token sees its own',
    roles: everybody,
    tenant: 'merchant-bound',
    answers: shapes.merchant,
    async *rows(desk: Desk, { actor }) {
      const rows = [...desk.gate.directory().merchants.values()].sort((a, b) => (a.id < b.id ? 1 : -1));
      yield* rows.filter(({ id }) => actor.merchantId === null || actor.merchantId === id).map(shownMerchant);
    },
  }),
  one({
    method: 'POST',
    path: '/admin/v1/merchants',
    about: 'Adds a merchant; its webhook secret is shown once',
    roles: admins,
    tenant: 'operator-only',
    body: z.strictObject({ name: shapes.name, payouts: z.boolean().optional() }),
    answers: shapes.merchant.extend({ webhookSecret: z.string() }),
    async run(desk: Desk, { actor, body }) {
      const { merchant, webhookSecret } = await addMerchant(desk, actor.name, {
        ...body,
        payouts: body.payouts ?? false,
      });
      return { ...shownMerchant(merchant), webhookSecret };
    },
  }),
  one({
    method: 'GET',
    path: '/admin/v1/merchants/{id}',
    about: 'One merchant with its balances, by id or name',
    roles: everybody,
    tenant: 'merchant-bound',
    answers: merchantDetail,
    run: (desk: Desk, { actor, params }) => detailOf(desk, merchantBy(desk, actor, params['id'] ?? '')),
  }),
  one({
    method: 'PATCH',
    path: '/admin/v1/merchants/{id}',
    about: 'Changes what is named: name, payouts, settings, overdraft of one currency',
    roles: admins,
    tenant: 'operator-only',
    body: z.strictObject({
      name: shapes.name.optional(),
      payouts: z.boolean().optional(),
      settings: shapes.texts.optional(),
      overdraft: z.strictObject({ minor: shapes.givenMinor, currency: shapes.currency }).optional(),
    }),
    answers: merchantDetail,
    async run(desk: Desk, { actor, params, body }) {
      const { id } = merchantBy(desk, actor, params['id'] ?? '');
      const { overdraft, name, payouts, settings } = body;
      await changeMerchant(desk, actor.name, id, {
        ...(name === undefined ? {} : { name }),
        ...(payouts === undefined ? {} : { payouts }),
        ...(settings === undefined ? {} : { settings }),
        ...(overdraft ? { overdraft: { minor: BigInt(overdraft.minor), currency: overdraft.currency } } : {}),
      });
      return detailOf(desk, merchantBy(desk, actor, String(id)));
    },
  }),
  one({
    method: 'POST',
    path: '/admin/v1/merchants/{id}/disable',
    about: 'Its requests are refused and payouts that were not sent yet stop',
    roles: admins,
    tenant: 'operator-only',
    answers: shapes.merchant,
    run: (desk: Desk, { actor, params }) => setState(desk, actor, params['id'], 'disabled'),
  }),
  one({
    method: 'POST',
    path: '/admin/v1/merchants/{id}/enable',
    about: 'Lets a disabled merchant in again',
    roles: admins,
    tenant: 'operator-only',
    answers: shapes.merchant,
    run: (desk: Desk, { actor, params }) => setState(desk, actor, params['id'], 'active'),
  }),
  one({
    method: 'POST',
    path: '/admin/v1/merchants/{id}/webhook-secret',
    about:
      'A new webhook secret, shown once; notices are signed with the old one too for the overlap (seconds, default one day)',
    roles: admins,
    tenant: 'operator-only',
    body: z.strictObject({ overlapSeconds: z.int().min(0).max(31_536_000).optional() }),
    answers: z.strictObject({ webhookSecret: z.string(), oldUntil: shapes.time }),
    async run(desk: Desk, { actor, params, body }) {
      const { id } = merchantBy(desk, actor, params['id'] ?? '');
      const oldUntil = desk.gate.world.now() + (body.overlapSeconds ?? 86_400) * 1000;
      const webhookSecret = await rotateWebhookSecret(desk, actor.name, id, oldUntil);
      return { webhookSecret, oldUntil: shapes.iso(oldUntil) };
    },
  }),
  one({
    method: 'POST',
    path: '/admin/v1/merchants/{id}/fund',
    about: "Posts from the operator's account to the merchant's available balance",
    roles: ['finance', 'admin'],
    tenant: 'operator-only',
    body: z.strictObject({ amount: shapes.givenMinor, currency: z.string() }),
    answers: merchantDetail.extend({ posting: shapes.id }),
    async run(desk: Desk, { actor, params, body }) {
      const merchant = merchantBy(desk, actor, params['id'] ?? '');
      const posting = await fundMerchant(desk, actor.name, merchant.id, amountOf(body.amount, body.currency));
      return { ...(await detailOf(desk, merchant)), posting: String(posting) };
    },
  }),
];

const credentialRoutes: readonly ApiRoute<Desk>[] = [
  many({
    method: 'GET',
    path: '/admin/v1/credentials',
    about: 'Credentials without their secrets',
    roles: everybody,
    tenant: 'merchant-bound',
    query: z.strictObject({ merchant: shapes.reference.optional(), protocol: z.string().optional() }),
    answers: shapes.credential,
    async *rows(desk: Desk, { actor, query }) {
      const merchantId = merchantScope(desk, actor, query.merchant);
      const rows = [...desk.gate.directory().credentials.values()].sort((a, b) => (a.id < b.id ? 1 : -1));
      yield* rows
        .filter((row) => merchantId === null || row.merchantId === merchantId)
        .filter((row) => query.protocol === undefined || row.protocol === query.protocol)
        .map(shownCredential);
    },
  }),
  one({
    method: 'POST',
    path: '/admin/v1/credentials',
    about: 'Adds a credential: its secrets are given or made, and shown once',
    roles: admins,
    tenant: 'operator-only',
    body: newCredential,
    answers: shapes.credential.extend(shapes.shownOnce.shape),
    async run(desk: Desk, { actor, body }) {
      const { credential, admitted } = await addCredential(desk, actor.name, {
        ...keysOf(body),
        merchantId: merchantBy(desk, actor, body.merchant).id,
        protocol: body.protocol,
        sender: body.sender ?? null,
        settings: body.settings ?? {},
        addresses: body.addresses ?? [],
      });
      return { ...shownCredential(credential), shown: { ...admitted.shown }, document: { ...admitted.document } };
    },
  }),
  one({
    method: 'POST',
    path: '/admin/v1/credentials/{id}/rotate',
    about: 'New secrets now; the old ones are accepted for the overlap (seconds, default one day)',
    roles: admins,
    tenant: 'operator-only',
    body: z.strictObject({ ...givenKeys, overlapSeconds: z.int().min(0).max(31_536_000).optional() }),
    answers: shapes.shownOnce.extend({ oldUntil: shapes.time }),
    async run(desk: Desk, { actor, params, body }) {
      const { id } = visibleCredential(desk, actor, params['id']);
      const oldUntil = desk.gate.world.now() + (body.overlapSeconds ?? 86_400) * 1000;
      const { shown, document } = await rotateCredential(desk, actor.name, id, { ...keysOf(body), oldUntil });
      return { shown: { ...shown }, document: { ...document }, oldUntil: shapes.iso(oldUntil) };
    },
  }),
  ...(['disable', 'enable'] as const).map((verb) =>
    one({
      method: 'POST',
      path: `/admin/v1/credentials/{id}/${verb}`,
      about: verb === 'disable' ? 'It opens nothing any more' : 'It is accepted again',
      roles: admins,
      tenant: 'operator-only',
      answers: shapes.credential,
      async run(desk: Desk, { actor, params }) {
        const { id } = visibleCredential(desk, actor, params['id']);
        await setCredentialState(desk, actor.name, id, verb === 'disable' ? 'disabled' : 'active');
        return shownCredential(visibleCredential(desk, actor, String(id)));
      },
    }),
  ),
];

export const merchantTable: readonly ApiRoute<Desk>[] = [...merchantRoutes, ...credentialRoutes];
