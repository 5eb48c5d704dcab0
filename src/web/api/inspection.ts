/** The signature doctor and the doctor's round, over HTTP. */
import { z } from 'zod';
import { shownExplanation } from '../../core/inspection.ts';
import { examine } from '../../flows/examine.ts';
import { inEnglish } from '../console/words/sayings.ts';
import { type ApiRoute, many, one } from '../route-table.ts';
import type { Desk } from './desk.ts';

const check = z.object({ check: z.string(), ok: z.boolean(), found: z.string(), todo: z.string() });

const explanation = z.object({
  protocol: z.string(),
  sender: z.string(),
  verdict: z.enum(['fits', 'differs', 'missing', 'unknown-sender', 'unsigned', 'not-this-protocol']),
  signedText: z.string().nullable().meta({ description: 'What has to be signed; the key stands as ***' }),
  expected: z.string().nullable(),
  received: z.string().nullable(),
  theirText: z.string().nullable().meta({ description: 'What the sender has signed instead, where that is known' }),
  mistake: z.string().nullable(),
  mistakes: z.array(z.string()).meta({ description: 'The mistakes by name, the same in every language' }),
  advice: z.array(z.string()),
});

const message = z.strictObject({
  protocol: z.string(),
  method: z.string().max(10).optional(),
  target: z.string().max(16_384).optional(),
  headers: z
    .array(z.tuple([z.string(), z.string()]))
    .max(200)
    .optional(),
  body: z.base64().optional(),
});

export const inspectionTable: readonly ApiRoute<Desk>[] = [
  one({
    method: 'POST',
    path: '/admin/v1/explain',
    about: 'What was signed, what should have been, and which usual mistake fits; never a key',
    roles: ['support', 'admin'],
    tenant: 'operator-only',
    body: message,
    answers: explanation,
    run: async (desk: Desk, { body }) => {
      const found = shownExplanation(
        desk.inspections.explain(
          {
            protocol: body.protocol,
            method: body.method ?? 'POST',
            target: body.target ?? '/',
            headers: (body.headers ?? []).map(([name, value]) => [name.toLowerCase(), value] as const),
            body: Buffer.from(body.body ?? '', 'base64'),
          },
          null,
        ),
      );
      return inEnglish(found);
    },
  }),
  many({
    method: 'GET',
    path: '/admin/v1/doctor',
    about: 'Database, clock, keys, routes, channels: what is wrong and what to do',
    roles: ['support', 'admin'],
    tenant: 'operator-only',
    answers: check,
    async *rows(desk: Desk) {
      const checks = await examine(desk.gate, desk.inspections);
      yield* checks.map(({ check: name, ok, found, todo }) => ({ check: name, ok, found, todo }));
    },
  }),
];
