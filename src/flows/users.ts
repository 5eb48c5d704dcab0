/** People of the console: each change is one transaction with its audit entry. A one-time code is shown once and opens the set-up page. */
import { Refusal } from '../core/refusal.ts';
import type { World } from '../core/world.ts';
import { recorded } from '../store/admin.ts';
import { appendAudit } from '../store/audit.ts';
import { endSessionsOf } from '../store/sessions.ts';
import { needsTotp, type Role } from '../store/tokens.ts';
import { finishSetup, insertUser, lockUser, noteAccess, resetUser, updateUser } from '../store/users.ts';
import type { Gate } from './gate.ts';

type Office = Pick<Gate, 'db' | 'world'>;

const letters = 'ABCDEFGHJKMNPQRSTUVWXYZ123456789';
const groups = 4;
const lettersPerGroup = 5;
/** A code of a new or forgetful user is good for three days; that of the very first user has no end. */
const codeMs = 3 * 86_400_000;

/** "7KQ2M-…": four groups of five letters, a hundred random bits. */
export function setupCode(world: Pick<World, 'nonce'>): string {
  const made = [...world.nonce(groups * lettersPerGroup)].map((byte) => letters.charAt(byte & 31)).join('');
  return made.replace(/(.{5})(?=.)/g, '$1-');
}

/** As people copy it: blanks around, small letters, no dashes. */
export function readSetupCode(typed: string): string {
  const plain = typed.toUpperCase().replace(/[^A-Z0-9]/g, '');
  return plain.replace(/(.{5})(?=.)/g, '$1-');
}

/** Lower case, no blanks. Throws Refusal `invalid-request`. */
export function readUserName(text: string): string {
  const name = text.trim().toLowerCase();
  if (!/^[a-z0-9][a-z0-9._@+-]{0,99}$/.test(name))
    throw new Refusal('invalid-request', { field: 'name', text: 'letters, digits and . _ @ + -' });
  return name;
}

export interface UserAsk {
  readonly name: string;
  readonly role: Role;
  readonly merchantId: bigint | null;
}

function asConflict(error: unknown): unknown {
  const { code } = (error ?? {}) as { code?: unknown };
  return code === '23505' ? new Refusal('conflict', { field: 'name', text: 'that name is taken' }) : error;
}

/** Who lets somebody in: the name for the audit log, and which people of the console took part (none = the machine's owner). */
export interface Hand {
  readonly actor: string;
  readonly people: readonly bigint[];
}

/** → the one-time code of the new user. */
export async function addUser({ db, world }: Office, { actor, people }: Hand, ask: UserAsk): Promise<string> {
  const code = setupCode(world);
  const now = world.now();
  const id = world.newId();
  const detail = { user: id, ...ask };
  await recorded(db, { at: now, actor, action: 'user.add', detail }, async (query) => {
    await insertUser(query, { id, ...ask, setupCode: code, setupUntil: BigInt(now + codeMs) }, now);
    await noteAccess(query, id, people, now);
  }).catch((error: unknown) => {
    throw asConflict(error);
  });
  return code;
}

/** Forgets password and second factor, ends every session. → a new one-time code. */
export async function renewUser({ db, world }: Office, { actor, people }: Hand, id: bigint): Promise<string> {
  const code = setupCode(world);
  const now = world.now();
  await recorded(db, { at: now, actor, action: 'user.renew', detail: { user: id } }, async (query) => {
    if (!(await resetUser(query, id, code, now + codeMs))) throw new Refusal('not-found', { text: 'no such user' });
    await noteAccess(query, id, people, now);
    await endSessionsOf(query, id, now);
  });
  return code;
}

/**
 * Ends every session. Whoever gets a money role for the first time sets up anew, so that nobody who knew the old way in has
 * the new one: → the one-time code, else null.
 */
export async function setRole(
  { db, world }: Office,
  { actor, people }: Hand,
  id: bigint,
  role: Role,
): Promise<string | null> {
  const now = world.now();
  return recorded(db, { at: now, actor, action: 'user.change', detail: { user: id, role } }, async (query) => {
    const before = await lockUser(query, id);
    if (before === null) throw new Refusal('not-found', { text: 'no such user' });
    const code = needsTotp(role) && !needsTotp(before.role) ? setupCode(world) : null;
    await updateUser(query, id, { role });
    if (code !== null) {
      await resetUser(query, id, code, now + codeMs);
      await noteAccess(query, id, people, now);
    }
    await endSessionsOf(query, id, now);
    return code;
  });
}

/** A disabled user is signed out everywhere. */
export async function setUserState(
  { db, world }: Office,
  actor: string,
  id: bigint,
  state: 'active' | 'disabled',
): Promise<void> {
  const now = world.now();
  await recorded(db, { at: now, actor, action: 'user.change', detail: { user: id, state } }, async (query) => {
    if (!(await updateUser(query, id, { state }))) throw new Refusal('not-found', { text: 'no such user' });
    await endSessionsOf(query, id, now);
  });
}

export async function completeSetup(
  { db, world }: Office,
  user: { readonly id: bigint; readonly name: string },
  made: { readonly password: string; readonly totp: Uint8Array | null; readonly totpStep: number },
): Promise<void> {
  const now = world.now();
  const detail = { user: user.id, secondFactor: made.totp === null ? 'no' : 'yes' };
  await recorded(db, { at: now, actor: user.name, action: 'user.set-up', detail }, async (query) => {
    if (!(await finishSetup(query, user.id, made))) throw new Refusal('conflict', { text: 'it is set up already' });
    await endSessionsOf(query, user.id, now);
  });
}

/** Something that changes no row of the directory, on the record: a sign-in, an export, a look at something raw. */
export async function note(
  { db, world }: Office,
  actor: string,
  action: string,
  detail: Readonly<Record<string, string>>,
): Promise<void> {
  await db.transaction((query) => appendAudit(query, { at: world.now(), actor, action, detail }));
}
