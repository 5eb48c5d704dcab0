/**
 * Access to money is money: whoever can make a second person has no need of one (T039). So a new user with a money role, a
 * better role, a new way in for such a user and letting one in again take two persons, unless there has never been a second.
 */
import { Refusal } from '../core/refusal.ts';
import { needsTotp, type Role, roles } from '../store/tokens.ts';
import { othersCouldDecide, type UserRow, userById, userNamed } from '../store/users.ts';
import type { Office } from './administer.ts';
import { askSecond, type Asking } from './approve.ts';
import type { Gate } from './gate.ts';
import { addUser, renewUser, setRole, setUserState, type UserAsk } from './users.ts';

/** Somebody else has to agree, or it is done: with a one-time code where there is a new one. */
export type Given = { readonly kind: 'asked' } | { readonly kind: 'done'; readonly code: string | null };

/** Does it take a second person when this one (null = a token, which is no person) lets somebody have that role? */
export async function takesTwo({ db }: Pick<Gate, 'db'>, asker: bigint | null, role: Role): Promise<boolean> {
  return needsTotp(role) && (await othersCouldDecide(db, asker));
}

export async function giveAccount(office: Office, who: Asking, ask: UserAsk, reason: () => string): Promise<Given> {
  const { gate } = office;
  const { name, role, merchantId } = ask;
  if (!(await takesTwo(gate, who.userId, role))) {
    const code = await addUser(gate, { actor: who.name, people: [who.userId] }, ask);
    return { kind: 'done', code };
  }
  if ((await userNamed(gate.db, name)) !== null)
    throw new Refusal('conflict', { field: 'name', text: 'that name is taken' });
  await askSecond(office, who, 'user.add', { name, role, merchant: String(merchantId ?? '*') }, reason());
  return { kind: 'asked' };
}

export async function giveRole(
  office: Office,
  who: Asking,
  id: bigint,
  role: Role,
  reason: () => string,
): Promise<Given> {
  const { gate } = office;
  const user = await known(gate, id);
  const isRaise = roles.indexOf(role) > roles.indexOf(user.role);
  if (!isRaise || !(await takesTwo(gate, who.userId, role)))
    return { kind: 'done', code: await setRole(gate, { actor: who.name, people: [who.userId] }, id, role) };
  await askSecond(office, who, 'user.role', { user: String(id), name: user.name, role }, reason());
  return { kind: 'asked' };
}

export async function giveNewCode(office: Office, who: Asking, id: bigint, reason: () => string): Promise<Given> {
  const { gate } = office;
  const { name, role } = await known(gate, id);
  if (!(await takesTwo(gate, who.userId, role)))
    return { kind: 'done', code: await renewUser(gate, { actor: who.name, people: [who.userId] }, id) };
  await askSecond(office, who, 'user.renew', { user: String(id), name, role }, reason());
  return { kind: 'asked' };
}

/** Lets somebody in again who was disabled. */
export async function giveBack(office: Office, who: Asking, id: bigint, reason: () => string): Promise<Given> {
  const { gate } = office;
  const { name, role } = await known(gate, id);
  if (!(await takesTwo(gate, who.userId, role))) {
    await setUserState(gate, who.name, id, 'active');
    return { kind: 'done', code: null };
  }
  await askSecond(office, who, 'user.enable', { user: String(id), name, role }, reason());
  return { kind: 'asked' };
}

async function known({ db }: Pick<Gate, 'db'>, id: bigint): Promise<UserRow> {
  const user = await userById(db, id);
  if (user === null) throw new Refusal('not-found', { text: 'no such user' });
  return user;
}
