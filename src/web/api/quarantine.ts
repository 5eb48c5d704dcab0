/** The quarantine after a restore: seen, begun, compared with the channels, lifted. */
import { z } from 'zod';
import { compareWithChannels, enterQuarantine, liftQuarantine } from '../../flows/quarantine.ts';
import { countUnknownReferences } from '../../store/quarantine.ts';
import { type ApiRoute, one } from '../route-table.ts';
import type { Desk } from './desk.ts';
import * as shapes from './shapes.ts';

const admins = ['admin'] as const;

const comparison = z.object({
  asked: z.int().meta({ description: 'Orders that were open at the backup or made in the day before it' }),
  answered: z.int().meta({ description: 'The channel told a state' }),
  changed: z.int().meta({ description: 'The state here is another one now' }),
  notKnown: z.int().meta({ description: 'The channel does not know the reference' }),
  unanswered: z.int().meta({ description: 'Nothing usable came back: compare again' }),
});

const quarantine = z.object({
  active: z.boolean(),
  begunAt: shapes.time.nullable(),
  backupAt: shapes.time.nullable(),
  cause: z.string().nullable(),
  comparedAt: shapes.time.nullable(),
  compared: comparison.nullable(),
  unknownReferences: z.int().meta({ description: 'Open reviews of callbacks about references that nobody here knows' }),
});

async function shown({ gate }: Desk): Promise<z.infer<typeof quarantine>> {
  const present = gate.directory().quarantine;
  return {
    active: present !== null,
    begunAt: shapes.isoOrNull(present?.begunAt ?? null),
    backupAt: shapes.isoOrNull(present?.backupAt ?? null),
    cause: present?.cause ?? null,
    comparedAt: shapes.isoOrNull(present?.comparedAt ?? null),
    compared: present?.compared ?? null,
    unknownReferences: await countUnknownReferences(gate.db),
  };
}

export const quarantineTable: readonly ApiRoute<Desk>[] = [
  one({
    method: 'GET',
    path: '/admin/v1/quarantine',
    about: 'Is there a quarantine, since when, what was compared, and what is still open',
    roles: ['viewer', 'support', 'finance', 'approver', 'admin'],
    tenant: 'operator-only',
    answers: quarantine,
    run: shown,
  }),
  one({
    method: 'POST',
    path: '/admin/v1/quarantine',
    about: 'Begins one: the database was restored to that time with other tools',
    roles: admins,
    tenant: 'operator-only',
    body: z.strictObject({ backupAt: z.iso.datetime({ offset: true }), reason: shapes.words }),
    answers: quarantine,
    async run(desk: Desk, { actor, body }) {
      await enterQuarantine(desk, actor.name, Date.parse(body.backupAt), body.reason);
      return shown(desk);
    },
  }),
  one({
    method: 'POST',
    path: '/admin/v1/quarantine/compare',
    about: 'Asks the channels about every order that may have moved since the backup; what they say is learnt',
    roles: admins,
    tenant: 'operator-only',
    answers: comparison,
    async run(desk: Desk, { actor }) {
      return compareWithChannels(desk, actor.name);
    },
  }),
  one({
    method: 'POST',
    path: '/admin/v1/quarantine/lift',
    about: 'Lets money leave again, with a reason; after a comparison in which every channel answered',
    roles: admins,
    tenant: 'operator-only',
    body: z.strictObject({ reason: shapes.words, anyway: z.boolean().optional() }),
    answers: quarantine,
    async run(desk: Desk, { actor, body }) {
      await liftQuarantine(desk, actor.name, body.reason, body.anyway ?? false);
      return shown(desk);
    },
  }),
];
