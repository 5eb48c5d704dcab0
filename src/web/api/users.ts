/** People of the console, for whoever owns the data folder: who there is, one more, and a new set-up code for somebody locked out. */
import { z } from 'zod';
import { Refusal } from '../../core/refusal.ts';
import { takesTwo } from '../../flows/give-access.ts';
import { addUser, readUserName, renewUser, setUserState } from '../../flows/users.ts';
import type { Role } from '../../store/tokens.ts';
import { listUsers, type UserRow, userNamed } from '../../store/users.ts';
import { type Actor, type ApiRoute, many, one } from '../route-table.ts';
import { type Desk, merchantBy } from './desk.ts';
import * as shapes from './shapes.ts';

const admins = ['admin'] as const;

const user = z.object({
  id: shapes.id,
  name: z.string(),
  role: shapes.role,
  merchant: shapes.id.nullable(),
  state: z.enum(['active', 'disabled']),
  isSetUp: z.boolean(),
  hasSecondFactor: z.boolean(),
  createdAt: shapes.time,
});

function shown(row: UserRow): z.infer<typeof user> {
  return {
    id: String(row.id),
    name: row.name,
    role: row.role,
    merchant: row.merchantId === null ? null : String(row.merchantId),
    state: row.state,
    isSetUp: row.password !== null,
    hasSecondFactor: row.totp !== null,
    createdAt: shapes.iso(row.createdAt),
  };
}

async function named(desk: Desk, name: string | undefined): Promise<UserRow> {
  const row = await userNamed(desk.gate.db, (name ?? '').toLowerCase());
  if (!row) throw new Refusal('not-found', { text: 'no such user' });
  return row;
}

/** A token is no person: what takes two is asked for in the console, or done on the machine with the folder's own token. */
export async function mustNotTakeTwo(desk: Desk, actor: Actor, role: Role): Promise<void> {
  if (actor.isOwner || !(await takesTwo(desk.gate, null, role))) return;
  const text = `the role ${role} takes two persons: ask in the console, or use the command line on the machine`;
  throw new Refusal('forbidden', { text });
}

const withCode = user.extend({ setupCode: z.string() });

export const userTable: readonly ApiRoute<Desk>[] = [
  many({
    method: 'GET',
    path: '/admin/v1/users',
    about: 'People of the console',
    roles: admins,
    tenant: 'operator-only',
    answers: user,
    async *rows(desk: Desk) {
      yield* (await listUsers(desk.gate.db)).map(shown);
    },
  }),
  one({
    method: 'POST',
    path: '/admin/v1/users',
    about: 'One more person; the one-time set-up code is shown once',
    roles: admins,
    tenant: 'operator-only',
    body: z.strictObject({ name: shapes.name, role: shapes.role, merchant: shapes.reference.optional() }),
    answers: withCode,
    async run(desk: Desk, { actor, body }) {
      const merchantId = body.merchant === undefined ? null : merchantBy(desk, actor, body.merchant).id;
      const name = readUserName(body.name);
      await mustNotTakeTwo(desk, actor, body.role);
      const setupCode = await addUser(
        desk.gate,
        { actor: actor.name, people: [] },
        { name, role: body.role, merchantId },
      );
      return { ...shown(await named(desk, name)), setupCode };
    },
  }),
  one({
    method: 'POST',
    path: '/admin/v1/users/{name}/renew',
    about: 'Forgets password and second factor; a new one-time code is shown once',
    roles: admins,
    tenant: 'operator-only',
    answers: withCode,
    async run(desk: Desk, { actor, params }) {
      const { id, name, role } = await named(desk, params['name']);
      await mustNotTakeTwo(desk, actor, role);
      const setupCode = await renewUser(desk.gate, { actor: actor.name, people: [] }, id);
      return { ...shown(await named(desk, name)), setupCode };
    },
  }),
  ...(['disable', 'enable'] as const).map((verb) =>
    one({
      method: 'POST',
      path: `/admin/v1/users/{name}/${verb}`,
      about: verb === 'disable' ? 'Signed out at once, and not let in any more' : 'Let in again',
      roles: admins,
      tenant: 'operator-only',
      answers: user,
      async run(desk: Desk, { actor, params }) {
        const { id, name, role } = await named(desk, params['name']);
        if (verb === 'enable') await mustNotTakeTwo(desk, actor, role);
        await setUserState(desk.gate, actor.name, id, verb === 'disable' ? 'disabled' : 'active');
        return shown(await named(desk, name));
      },
    }),
  ),
];
