/** Channels, routes, fees, and what the protocols take: how payments find their way. */
import { z } from 'zod';
import { type Ask, methods, type Pay, type PayOut } from '../../core/commands.ts';
import { formatDecimal, type Money } from '../../core/money.ts';
import type { Route } from '../../core/routing.ts';
import {
  addChannel,
  addRoute,
  amountOf,
  removeRoute,
  setChannelState,
  setChannelZone,
  setFee,
} from '../../flows/administer.ts';
import { explainRoutes, feeFor } from '../../flows/route.ts';
import type { ChannelRow, FeeRow } from '../../store/directory.ts';
import { type ApiRoute, many, one } from '../route-table.ts';
import { channelBy, type Desk, merchantBy, merchantOrAll, requiredId } from './desk.ts';
import { keyList } from './merchants.ts';
import * as shapes from './shapes.ts';

const everybody = ['viewer', 'support', 'finance', 'approver', 'admin'] as const;
const admins = ['admin'] as const;

function shownChannel(desk: Desk, row: ChannelRow): z.infer<typeof shapes.channel> {
  const { id, name, protocol, baseUrl, sender, state, settings, secrets } = row;
  const callbackUrl = desk.gate.facts.callbackUrl(row);
  return {
    id: String(id),
    name,
    protocol,
    baseUrl,
    sender,
    state,
    settings: { ...settings },
    keys: keyList(secrets),
    callbackUrl,
  };
}

const channelRoutes: readonly ApiRoute<Desk>[] = [
  many({
    method: 'GET',
    path: '/admin/v1/channels',
    about: 'Channels without their secrets',
    roles: everybody,
    tenant: 'operator-only',
    answers: shapes.channel,
    async *rows(desk: Desk) {
      const rows = [...desk.gate.directory().channels.values()].sort((a, b) => (a.id < b.id ? 1 : -1));
      yield* rows.map((row) => shownChannel(desk, row));
    },
  }),
  one({
    method: 'POST',
    path: '/admin/v1/channels',
    about: 'Adds a channel with the keys its owner was given',
    roles: admins,
    tenant: 'operator-only',
    body: z.strictObject({
      protocol: z.string(),
      name: shapes.name.optional(),
      baseUrl: z.url({ protocol: /^https?$/ }).max(1024),
      sender: z.string().max(200).optional(),
      key: z.string().max(4096).optional(),
      publicKey: z.string().max(16_384).optional(),
      keys: shapes.texts.optional(),
      file: z.record(z.string(), z.unknown()).optional(),
      settings: shapes.texts.optional(),
    }),
    answers: shapes.channel,
    async run(desk: Desk, { actor, body }) {
      const channel = await addChannel(desk, actor.name, {
        protocol: body.protocol,
        name: body.name ?? null,
        baseUrl: body.baseUrl,
        sender: body.sender ?? null,
        key: body.key ?? null,
        publicKey: body.publicKey ?? null,
        keys: body.keys ?? {},
        file: body.file ?? {},
        settings: body.settings ?? {},
      });
      return shownChannel(desk, channel);
    },
  }),
  one({
    method: 'POST',
    path: '/admin/v1/channels/{id}/zone',
    about: 'In which time zone its statements count days',
    roles: admins,
    tenant: 'operator-only',
    body: z.strictObject({ zone: z.string().max(40) }),
    answers: shapes.channel,
    async run(desk: Desk, { actor, params, body }) {
      const { id } = channelBy(desk, params['id'] ?? '');
      await setChannelZone(desk, actor.name, id, body.zone);
      return shownChannel(desk, channelBy(desk, String(id)));
    },
  }),
  ...(['disable', 'enable'] as const).map((verb) =>
    one({
      method: 'POST',
      path: `/admin/v1/channels/{id}/${verb}`,
      about: verb === 'disable' ? 'Nothing new goes there; what is under way is still followed up' : 'It is used again',
      roles: admins,
      tenant: 'operator-only',
      answers: shapes.channel,
      async run(desk: Desk, { actor, params }) {
        const { id } = channelBy(desk, params['id'] ?? '');
        await setChannelState(desk, actor.name, id, verb === 'disable' ? 'disabled' : 'active');
        return shownChannel(desk, channelBy(desk, String(id)));
      },
    }),
  ),
  many({
    method: 'GET',
    path: '/admin/v1/protocols',
    about: 'What every protocol takes: keys, settings, methods',
    roles: everybody,
    tenant: 'merchant-bound',
    answers: shapes.protocolFacts,
    async *rows(desk: Desk) {
      yield* desk.admissions.protocols().map((sheet) => ({
        ...sheet,
        title: sheet.title.en,
        sides: [...sheet.sides],
        keys: sheet.keys.map((one) => ({ ...one, about: one.about.en })),
        settings: sheet.settings.map((one) => ({ ...one, about: one.about.en })),
        methods: [...sheet.methods],
      }));
    },
  }),
];

function shownRoute(desk: Desk, row: Route): z.infer<typeof shapes.route> {
  const text = (minor: bigint | null) => (minor === null ? null : String(minor));
  return {
    id: String(row.id),
    merchant: row.merchantId === null ? '*' : String(row.merchantId),
    protocol: row.protocol,
    method: row.method,
    channel: String(row.channelId),
    channelName: desk.gate.directory().channels.get(row.channelId)?.name ?? null,
    weight: row.weight,
    min: text(row.min),
    max: text(row.max),
    currency: row.currency,
    hours: row.hours,
    dailyCap: text(row.dailyCap),
  };
}

const nobody = { name: null, phone: '6281234567890', email: null, country: null };
const nothingElse = { subject: null, notify: null, extras: {} };

/** An order as plain as can be, to ask routes about. */
export function plainPay(amount: Money, method: Pay['method'], option: string | null): Ask<'pay'> {
  const rest = { returnUrl: null, expiresInS: null, authCode: null, agreementNo: null };
  return { orderNo: 'explain', amount, method, option, payer: nobody, ...rest, ...nothingElse };
}

export function plainPayOut(amount: Money, bank: string): Ask<'pay-out'> {
  const payee: PayOut['payee'] = {
    ...nobody,
    bank,
    account: '1234567890',
    accountName: 'EXPLAIN',
    kind: 'person',
    accountKind: 'bank-account',
  };
  return { orderNo: 'explain', amount, payee, ...nothingElse };
}

const explained = z.object({
  route: shapes.route,
  taken: z.boolean(),
  why: z.string().nullable().meta({ description: 'null = usable; else why it is not' }),
});

const routeRoutes: readonly ApiRoute<Desk>[] = [
  many({
    method: 'GET',
    path: '/admin/v1/routes',
    about: 'Routes; with a merchant, those that apply to it',
    roles: everybody,
    tenant: 'operator-only',
    query: z.strictObject({ merchant: shapes.reference.optional() }),
    answers: shapes.route,
    async *rows(desk: Desk, { actor, query }) {
      const merchantId = merchantOrAll(desk, actor, query.merchant);
      const rows = [...desk.gate.directory().routes].sort((a, b) => (a.id < b.id ? 1 : -1));
      yield* rows
        .filter((row) => merchantId === null || row.merchantId === null || row.merchantId === merchantId)
        .map((row) => shownRoute(desk, row));
    },
  }),
  one({
    method: 'POST',
    path: '/admin/v1/routes',
    about: 'Sends a method of a merchant (or of all: *) to a channel',
    roles: admins,
    tenant: 'operator-only',
    body: z.strictObject({
      merchant: shapes.reference.optional(),
      protocol: z.string().max(64).nullable().optional(),
      method: shapes.method,
      channel: shapes.reference,
      weight: z.int().min(1).max(100_000).optional(),
      min: shapes.givenMinor.nullable().optional(),
      max: shapes.givenMinor.nullable().optional(),
      currency: shapes.currency.nullable().optional(),
      hours: z
        .string()
        .regex(/^[0-2]\d:[0-5]\d-[0-2]\d:[0-5]\d[+-][0-1]\d:[0-5]\d$/, 'HH:MM-HH:MM+hh:mm')
        .nullable()
        .optional()
        .meta({ description: 'When it is open: "01:00-23:00+07:00"' }),
      dailyCap: shapes.givenMinor.nullable().optional(),
    }),
    answers: shapes.route,
    async run(desk: Desk, { actor, body }) {
      const minor = (text: string | null | undefined) => (text === null || text === undefined ? null : BigInt(text));
      const route = await addRoute(desk, actor.name, {
        merchantId: merchantOrAll(desk, actor, body.merchant),
        protocol: body.protocol ?? null,
        method: body.method,
        channelId: channelBy(desk, body.channel).id,
        weight: body.weight ?? 1,
        min: minor(body.min),
        max: minor(body.max),
        currency: body.currency ?? null,
        hours: body.hours ?? null,
        dailyCap: minor(body.dailyCap),
      });
      return shownRoute(desk, route);
    },
  }),
  one({
    method: 'DELETE',
    path: '/admin/v1/routes/{id}',
    about: 'Removes a route',
    roles: admins,
    tenant: 'operator-only',
    answers: shapes.done,
    async run(desk: Desk, { actor, params }) {
      await removeRoute(desk, actor.name, requiredId(params['id'], 'route'));
      return { ok: true as const };
    },
  }),
  many({
    method: 'GET',
    path: '/admin/v1/routes/explain',
    about: 'Which routes an order would find, in order, and why each is or is not taken',
    roles: everybody,
    tenant: 'merchant-bound',
    query: z.strictObject({
      merchant: shapes.reference,
      protocol: z.string(),
      method: z.enum(methods),
      amount: z.string(),
      currency: z.string(),
      option: z.string().optional(),
      command: z.enum(['pay', 'pay-out']).optional(),
    }),
    answers: explained,
    async *rows(desk: Desk, { actor, query }) {
      const { id } = merchantBy(desk, actor, query.merchant);
      const amount = amountOf(query.amount, query.currency);
      const verdicts =
        query.command === 'pay-out'
          ? explainRoutes(
              desk.gate,
              id,
              query.protocol,
              'pay-out',
              query.method,
              plainPayOut(amount, query.option ?? 'BCA'),
            )
          : explainRoutes(
              desk.gate,
              id,
              query.protocol,
              'pay',
              query.method,
              plainPay(amount, query.method, query.option ?? null),
            );
      const taken = verdicts.find(({ why }) => why === null);
      yield* verdicts.map((verdict) => ({
        route: shownRoute(desk, verdict.route),
        taken: verdict === taken,
        why: verdict.why,
      }));
    },
  }),
];

function shownFee(row: FeeRow): z.infer<typeof shapes.fee> {
  return {
    id: String(row.id),
    merchant: row.merchantId === null ? '*' : String(row.merchantId),
    method: row.method,
    currency: row.currency,
    fixed: String(row.fixed),
    percent: formatDecimal(row.percentPpm, 4),
    min: String(row.min),
    max: row.max === null ? null : String(row.max),
  };
}

const feeRoutes: readonly ApiRoute<Desk>[] = [
  many({
    method: 'GET',
    path: '/admin/v1/fees',
    about: 'Fee rules; with a merchant, those that apply to it',
    roles: everybody,
    tenant: 'operator-only',
    query: z.strictObject({ merchant: shapes.reference.optional() }),
    answers: shapes.fee,
    async *rows(desk: Desk, { actor, query }) {
      const merchantId = merchantOrAll(desk, actor, query.merchant);
      yield* desk.gate
        .directory()
        .fees.filter((row) => merchantId === null || row.merchantId === null || row.merchantId === merchantId)
        .map(shownFee);
    },
  }),
  one({
    method: 'PUT',
    path: '/admin/v1/fees',
    about: 'Sets the rule of a merchant (or of all: *), a method and a currency; orders keep what they were quoted',
    roles: ['finance', 'admin'],
    tenant: 'operator-only',
    body: z.strictObject({
      merchant: shapes.reference.optional(),
      method: shapes.method.optional(),
      currency: shapes.currency,
      fixed: shapes.givenMinor.optional(),
      percent: z.string().max(16).optional(),
      min: shapes.givenMinor.optional(),
      max: shapes.givenMinor.nullable().optional(),
    }),
    answers: shapes.fee,
    async run(desk: Desk, { actor, body }) {
      const row = await setFee(desk, actor.name, {
        merchantId: merchantOrAll(desk, actor, body.merchant),
        method: body.method ?? 'any',
        currency: body.currency,
        fixed: BigInt(body.fixed ?? '0'),
        percent: body.percent ?? '0',
        min: BigInt(body.min ?? '0'),
        max: body.max === null || body.max === undefined ? null : BigInt(body.max),
      });
      return shownFee(row);
    },
  }),
  one({
    method: 'GET',
    path: '/admin/v1/fees/quote',
    about: 'What an order would cost its merchant',
    roles: everybody,
    tenant: 'merchant-bound',
    query: z.strictObject({
      merchant: shapes.reference,
      method: shapes.method,
      amount: z.string(),
      currency: z.string(),
    }),
    answers: z.object({ fee: shapes.amount }),
    async run(desk: Desk, { actor, query }) {
      const amount = amountOf(query.amount, query.currency);
      const fee = feeFor(desk.gate, merchantBy(desk, actor, query.merchant).id, query.method, amount);
      return { fee: shapes.moneyText(fee, amount.currency) };
    },
  }),
];

export const channelTable: readonly ApiRoute<Desk>[] = [...channelRoutes, ...routeRoutes, ...feeRoutes];
