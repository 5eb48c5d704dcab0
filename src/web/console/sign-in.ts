/**
 * The way in: user, password and code in one form, one answer for everything that does not fit, tries counted before they are
 * looked at (T088). A one-time code opens the set-up page and nothing else (T102).
 */
import { networkOf } from '../../core/network.ts';
import type { Instant } from '../../core/world.ts';
import { completeSetup, note, readSetupCode } from '../../flows/users.ts';
import { openSession, type SessionRow } from '../../store/sessions.ts';
import {
  forgetTries,
  mayTry,
  opensSetup,
  takeTryBack,
  type TryRule,
  type UserRow,
  userById,
  userNamed,
  useTotpStep,
} from '../../store/users.ts';
import { needsTotp } from '../../store/tokens.ts';
import { qrCode } from '../cashier/qr.ts';
import { type Html, html } from '../html.ts';
import type { Form } from './form.ts';
import { copyable, post } from './parts.ts';
import { checkPassword, hashPassword, longestPassword, shortestPassword } from './password.ts';
import type { ConsoleDesk, Eyes } from './row.ts';
import { base32, otpauth, secretBytes, stepOf } from './totp.ts';
import type { Word } from './words.ts';

/** Per account and per address; an address may be that of a whole office. */
const rules: Readonly<Record<'account' | 'address', TryRule>> = {
  account: { free: 5, firstWaitMs: 30_000, longestWaitMs: 900_000, memoryMs: 3_600_000 },
  address: { free: 30, firstWaitMs: 30_000, longestWaitMs: 900_000, memoryMs: 3_600_000 },
};

const totpPlace = (userId: bigint): string => `console-user/${userId}/totp`;

function newToken(desk: ConsoleDesk): string {
  return Buffer.from(desk.gate.world.nonce(32)).toString('base64url');
}

/** → the value of a new session's cookie, or null for whatever did not fit. */
export async function signIn(desk: ConsoleDesk, form: Form, remote: string): Promise<string | null> {
  const { gate } = desk;
  const now = gate.world.now();
  const name = form.text('user', 200).toLowerCase();
  const [account, address] = [`account/${name}`, `address/${networkOf(remote)}`];
  const [isAddressFree, isAccountFree] = [
    await mayTry(gate.db, address, now, rules.address),
    await mayTry(gate.db, account, now, rules.account),
  ];
  if (!isAddressFree || !isAccountFree) return null;
  const user = await userNamed(gate.db, name);
  const stage = await stageOf(desk, user, form.raw('password'), form.text('code', 20), now);
  if (stage === null || user === null) return null;
  const token = newToken(desk);
  const pending = stage === 'setup' ? desk.seal(totpPlace(user.id), gate.world.nonce(secretBytes)) : null;
  await openSession(gate.db, token, { userId: user.id, stage, remote, pending }, now);
  await forgetTries(gate.db, account);
  await takeTryBack(gate.db, address, now);
  await note(gate, user.name, 'user.sign-in', { remote, stage });
  return token;
}

/** All of it is done for everybody, so that time tells nothing. */
async function stageOf(
  desk: ConsoleDesk,
  user: UserRow | null,
  password: string,
  code: string,
  now: Instant,
): Promise<'setup' | 'full' | null> {
  const isPassword = await checkPassword(password, user?.password ?? null);
  if (user === null || user.state !== 'active') return null;
  if (user.password === null) return opensSetup(user, readSetupCode(password.slice(0, 100)), now) ? 'setup' : null;
  if (!isPassword) return null;
  // A money role without a second factor does not exist: whoever became one sets up anew.
  if (user.totp === null) return needsTotp(user.role) ? null : 'full';
  const step = stepOf(desk.open(totpPlace(user.id), user.totp), code, now);
  return step !== null && (await useTotpStep(desk.gate.db, user.id, step)) ? 'full' : null;
}

export function signInPage({ isSandbox }: ConsoleDesk, eyes: Eyes, what: 'first' | 'failed' | 'ended'): Html {
  const { say } = eyes;
  return html`<section class="gate"><h1>${say('signInTitle')}</h1>${what === 'failed' && html`<p class="alarm" role="alert">${say('signInFailed')}</p>`}${what === 'ended' && html`<p class="note" role="status">${say('signInEnded')}</p>`}
<form method="post" action="/console/sign-in" class="form">
<label class="wide"><span>${say('userName')}</span><input name="user" autocomplete="username" autocapitalize="none" required maxlength="200" autofocus></label>
<label class="wide"><span>${say('password')}</span><input name="password" type="password" autocomplete="current-password" required maxlength="200"></label>
<label class="wide"><span>${say('totpCode')} <small>${say('totpMaybe')}</small></span><input name="code" inputmode="numeric" autocomplete="one-time-code" maxlength="10"></label>
<button class="primary wide">${say('signInTitle')}</button>
<p class="hint wide">${say('signInHelp')}</p>
${isSandbox && html`<p class="hint wide">${say('signInSandbox')} <code>bin/kanal sandbox</code></p>`}
</form></section>`;
}

export function setupPage(desk: ConsoleDesk, eyes: Eyes, session: SessionRow, wrong: Word | null): Html {
  const { say } = eyes;
  const must = needsTotp(session.role);
  const secret = pendingSecret(desk, session);
  const host = URL.canParse(desk.publicUrl()) ? new URL(desk.publicUrl()).host : 'kanal';
  const least = String(shortestPassword);
  return html`<section class="gate"><h1>${say('setupTitle')}</h1><p>${say('setupHelp', { least })}</p>${wrong !== null && html`<p class="alarm" role="alert">${say(wrong, { least })}</p>`}
${post(
  eyes,
  '/console/setup',
  html`<input type="hidden" name="username" value="${session.name}" autocomplete="username">
<label class="wide"><span>${say('newPassword')}</span><input name="password" type="password" autocomplete="new-password" required minlength="${shortestPassword}" maxlength="${longestPassword}"></label>
<label class="wide"><span>${say('newPasswordAgain')}</span><input name="again" type="password" autocomplete="new-password" required maxlength="${longestPassword}"></label>
<p class="wide">${say(must ? 'setupTotpMust' : 'setupTotpMay')}</p>
<div class="wide scan">${qrCode(otpauth(secret, session.name, host), say('totpCode'))}<div><small>${say('setupSecret')}</small><code class="secret">${base32(secret)}</code>${copyable(eyes, base32(secret))}</div></div>
<label class="wide"><span>${say('totpCode')}</span><input name="code" inputmode="numeric" autocomplete="one-time-code" maxlength="10" ${must && html`required`}></label>
${desk.isSandbox && html`<p class="hint wide">${say('setupNoPhone')} <code>bin/kanal user code ${base32(secret)}</code></p>`}
<button class="primary wide">${say('setupDone')}</button>`,
)}</section>`;
}

function pendingSecret(desk: ConsoleDesk, session: SessionRow): Uint8Array {
  if (session.pending === null) throw new Error('a set-up session without a secret');
  return desk.open(totpPlace(session.userId), session.pending);
}

/** → the cookie's new value, or what was wrong. The old session ends with all others of the user. */
export async function setUp(
  desk: ConsoleDesk,
  session: SessionRow,
  form: Form,
  remote: string,
): Promise<{ readonly token: string } | { readonly wrong: Word }> {
  const { gate } = desk;
  const now = gate.world.now();
  const password = form.raw('password');
  if (password.length < shortestPassword || password.length > longestPassword) return { wrong: 'setupShort' };
  if (password !== form.raw('again')) return { wrong: 'setupDiffer' };
  const code = form.text('code', 20);
  const secret = pendingSecret(desk, session);
  const isWanted = needsTotp(session.role) || code !== '';
  if (isWanted && !(await mayTry(gate.db, `setup/${session.userId}`, now, rules.account)))
    return { wrong: 'setupCodeWrong' };
  const step = isWanted ? stepOf(secret, code, now) : 0;
  if (step === null) return { wrong: 'setupCodeWrong' };
  const user = await userById(gate.db, session.userId);
  if (user === null) return { wrong: 'setupCodeWrong' };
  await completeSetup(gate, user, {
    password: await hashPassword(password, gate.world.nonce(16)),
    totp: isWanted ? desk.seal(totpPlace(user.id), secret) : null,
    totpStep: step,
  });
  const token = newToken(desk);
  await openSession(gate.db, token, { userId: user.id, stage: 'full', remote, pending: null }, now);
  return { token };
}
