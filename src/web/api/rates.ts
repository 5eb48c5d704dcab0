/** Rates of foreign currencies. */
import { z } from 'zod';
import { directions } from '../../core/exchange.ts';
import { setRate } from '../../flows/set-rate.ts';
import { type ApiRoute, many, one } from '../route-table.ts';
import type { Desk } from './desk.ts';
import * as shapes from './shapes.ts';

const shownRate = z.object({
  currency: z.string(),
  day: z.string(),
  rate: z.string(),
  direction: z.enum(directions),
});

export const rateTable: readonly ApiRoute<Desk>[] = [
  many({
    method: 'GET',
    path: '/admin/v1/rates',
    about: 'Rates of foreign currencies, newest day first',
    roles: ['viewer', 'support', 'finance', 'approver', 'admin'],
    tenant: 'operator-only',
    answers: shownRate,
    async *rows(desk: Desk) {
      yield* desk.gate.directory().rates;
    },
  }),
  one({
    method: 'PUT',
    path: '/admin/v1/rates',
    about: 'Sets the rate of a currency for a day (today in China); orders keep the one they were made with',
    roles: ['finance', 'admin'],
    tenant: 'operator-only',
    body: z.strictObject({
      currency: shapes.currency,
      rate: z.string().max(24),
      day: z.string().max(10).optional(),
      direction: z.enum(directions).optional(),
    }),
    answers: shownRate,
    run: (desk: Desk, { actor, body }) =>
      setRate(desk.gate, actor.name, {
        currency: body.currency,
        rate: body.rate,
        day: body.day ?? null,
        direction: body.direction ?? 'foreign-per-unit',
      }),
  }),
];
