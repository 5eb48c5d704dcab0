/**
 * The operator console: `/console…`, rendered here, without a framework. One way through for every row: session → row → role
 * and tenant → where did the form come from → do it. Everything is refused that no row allows (T087–T090).
 */
import { Refusal } from '../../core/refusal.ts';
import { endSession, type SessionRow, sessionOf } from '../../store/sessions.ts';
import { type Language, languageOf, languages } from '../cashier/words.ts';
import type { Html } from '../html.ts';
import { checkActor, matchRoute } from '../route-table.ts';
import { checkNoNul } from '../nul.ts';
import type { Room, WebReply, WebRequest } from '../web.ts';
import {
  cookiesOf,
  csrfToken,
  isCsrfToken,
  isFromHere,
  languageCookie,
  markedNote,
  noSessionCookie,
  noteOf,
  sessionCookie,
  sessionToken,
} from './cookies.ts';
import { type Form, readForm } from './form.ts';
import { notDone, placeOf, plain, shell } from './frame.ts';
import { isZone } from './parts.ts';
import type { Answer, ConsoleDesk, Eyes, Person } from './row.ts';
import { rows } from './rows.ts';
import { setUp, setupPage, signIn, signInPage } from './sign-in.ts';
import { wordsOf } from './words.ts';

const policy = [
  "default-src 'none'",
  "style-src 'self'",
  "script-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

const guards = {
  'content-security-policy': policy,
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'same-origin',
  'x-frame-options': 'DENY',
  'cross-origin-opener-policy': 'same-origin',
} as const;

/** One request on its way: who it is, how they see, and how to answer. */
interface Call {
  readonly desk: ConsoleDesk;
  readonly request: WebRequest;
  readonly isSecure: boolean;
  readonly eyes: Eyes;
  readonly token: string | null;
  readonly session: SessionRow | null;
}

export function consoleRoom(desk: ConsoleDesk): Room {
  return async (request) => {
    const asset = desk.assets.answer(request);
    if (asset) return asset;
    if (request.path !== '/console' && !request.path.startsWith('/console/')) return null;
    let call: Call | null = null;
    try {
      call = await callOf(desk, request);
      return await answer(call);
    } catch (error) {
      return failed(
        call ?? { desk, request, isSecure: false, eyes: eyesOf(request, ''), token: null, session: null },
        error,
      );
    }
  };
}

async function callOf(desk: ConsoleDesk, request: WebRequest): Promise<Call> {
  const isSecure = desk.publicUrl().startsWith('https:');
  const token = sessionToken(request, isSecure);
  const session = token === null ? null : await sessionOf(desk.gate.db, token, desk.gate.world.now());
  return { desk, request, isSecure, eyes: eyesOf(request, token === null ? '' : csrfToken(token)), token, session };
}

function eyesOf(request: WebRequest, csrf: string): Eyes {
  const cookies = cookiesOf(request);
  const language = languageOf(cookies.get('kanal-language') ?? null, request.headers['accept-language'] ?? '');
  const zone = decoded(cookies.get('kanal-zone') ?? '');
  return { language, say: wordsOf(language), zone: isZone(zone) ? zone : 'UTC', csrf };
}

/** A cookie is whatever somebody put there: what cannot be read must not take the page with it. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return '';
  }
}

type Gate = (call: Call, form: Form) => Promise<WebReply>;

/** Addresses that need no full session. */
const doors: Readonly<Record<string, Gate>> = {
  'GET /console/sign-in': (call) =>
    Promise.resolve(
      outside(call, 200, signInPage(call.desk, call.eyes, call.request.query.has('ended') ? 'ended' : 'first')),
    ),
  'POST /console/sign-in': enter,
  'POST /console/sign-out': leave,
  'GET /console/setup': (call) => Promise.resolve(showSetup(call)),
  'POST /console/setup': finishSetup,
  'GET /console/language': (call) => Promise.resolve(speak(call)),
};

async function answer(call: Call): Promise<WebReply> {
  const { desk, request, session } = call;
  const method = request.method === 'HEAD' ? 'GET' : request.method;
  if (method !== 'GET' && method !== 'POST') return outside(call, 405, plain('405', ''), { allow: 'GET, HEAD, POST' });
  for (const [name, value] of request.query) checkNoNul(value, name);
  if (method === 'POST' && !isFromHere(request, desk.publicUrl())) throw new Refusal('forbidden', { why: 'origin' });
  const form = readForm({ ...request, method });
  const key = `${method} ${request.path}`;
  const door = Object.hasOwn(doors, key) ? doors[key] : undefined;
  if (door) return door(call, form);
  if (session === null)
    return goOutside(call, method === 'GET' && call.token === null ? '/console/sign-in' : '/console/sign-in?ended');
  if (session.stage === 'setup') return goOutside(call, '/console/setup');
  return inside(call, session, method, form);
}

async function inside(call: Call, session: SessionRow, method: 'GET' | 'POST', form: Form): Promise<WebReply> {
  const { desk, request, eyes } = call;
  const person = personOf(session);
  const { route, params } = matchRoute(rows, method, request.path);
  checkActor(route, person);
  if (method === 'POST') checkCsrf(call, form);
  const visit = { desk, person, eyes, request, params, query: request.query, form };
  return shown(call, person, await route.answer(visit));
}

function personOf({ userId, name, role, merchantId }: SessionRow): Person {
  return { userId, name, role, merchantId };
}

function checkCsrf({ token }: Call, form: Form): void {
  if (token === null || !isCsrfToken(form.text('csrf'), token)) throw new Refusal('forbidden', { why: 'csrf' });
}

function shown(call: Call, person: Person, given: Answer): WebReply {
  switch (given.kind) {
    case 'file':
      return { ...given.reply, headers: { ...guards, ...given.reply.headers } };
    case 'go':
      return go(given.note === undefined ? given.to : withNote(call, given.to, given.note));
    case 'page':
      return pageReply(call, person, given.status ?? 200, given.title, given.content);
  }
}

/** What happened is told on the page that follows; it is text there, never markup. */
function withNote({ token }: Call, to: string, note: string): string {
  if (token === null) return to;
  return `${to}${to.includes('?') ? '&' : '?'}note=${encodeURIComponent(markedNote(note, token))}`;
}

function givenNote({ token, request }: Call): string | null {
  const given = request.query.get('note');
  return token === null || given === null ? null : noteOf(given, token);
}

function pageReply(
  call: Call,
  person: Person | null,
  status: number,
  title: string,
  content: Html,
  more: Readonly<Record<string, string>> = {},
): WebReply {
  const { desk, eyes, request } = call;
  const note = person === null ? null : givenNote(call);
  return {
    status,
    headers: { ...guards, ...more, 'content-type': 'text/html; charset=utf-8', vary: 'cookie, accept-language' },
    body: shell({ desk, eyes, person, path: request.path, title, note }, content).toString(),
  };
}

function outside(call: Call, status: number, content: Html, more: Readonly<Record<string, string>> = {}): WebReply {
  return pageReply(call, null, status, call.eyes.say('signInTitle'), content, more);
}

/** 303: reloading the page that follows does nothing again. */
function go(location: string, more: Readonly<Record<string, string>> = {}): WebReply {
  return {
    status: 303,
    headers: { ...guards, ...more, location, 'content-type': 'text/plain; charset=utf-8' },
    body: '',
  };
}

function goOutside(call: Call, location: string): WebReply {
  // A script that asks for a state must not be shown a page to sign in on.
  return call.request.headers['sec-fetch-dest'] === 'empty' ? { ...go(location), status: 401 } : go(location);
}

async function enter(call: Call, form: Form): Promise<WebReply> {
  const { desk, request, isSecure, token } = call;
  const made = await signIn(desk, form, request.remote);
  if (made === null) return outside(call, 401, signInPage(call.desk, call.eyes, 'failed'));
  // Whatever session the browser came with is over: a new one has a new name (T087).
  if (token !== null) await endSession(desk.gate.db, token, desk.gate.world.now());
  return go('/console', { 'set-cookie': sessionCookie(made, isSecure) });
}

async function leave(call: Call, form: Form): Promise<WebReply> {
  const { desk, token, isSecure } = call;
  if (token !== null && call.session !== null) {
    checkCsrf(call, form);
    await endSession(desk.gate.db, token, desk.gate.world.now());
  }
  return go('/console/sign-in?ended', { 'set-cookie': noSessionCookie(isSecure) });
}

function showSetup(call: Call): WebReply {
  const { desk, eyes, session } = call;
  if (session?.stage !== 'setup') return go('/console');
  return outside(call, 200, setupPage(desk, eyes, session, null));
}

async function finishSetup(call: Call, form: Form): Promise<WebReply> {
  const { desk, eyes, request, session, isSecure } = call;
  if (session?.stage !== 'setup') return go('/console');
  checkCsrf(call, form);
  const made = await setUp(desk, session, form, request.remote);
  if ('wrong' in made) return outside(call, 400, setupPage(desk, eyes, session, made.wrong));
  return go('/console', { 'set-cookie': sessionCookie(made.token, isSecure) });
}

function speak({ request, isSecure }: Call): WebReply {
  const to = languages.find((one): one is Language => one === request.query.get('to')) ?? 'en';
  const back = request.query.get('back') ?? '';
  const place = /^\/console(?:\/[A-Za-z0-9/_-]*)?$/.test(back) ? back : '/console';
  return go(place, { 'set-cookie': languageCookie(to, isSecure) });
}

const statuses: Readonly<Partial<Record<Refusal['code'], number>>> = {
  'invalid-request': 400,
  forbidden: 403,
  'not-found': 404,
  conflict: 409,
  'insufficient-funds': 409,
  'limit-exceeded': 409,
  'channel-declined': 409,
  'channel-unavailable': 409,
  'outcome-unknown': 409,
  busy: 503,
};

/** Why somebody whose role may decide must not decide this: said, not hidden. */
const notTwo: ReadonlySet<string> = new Set(['same-person', 'one-hand', 'asker-gone', 'own-access']);

/** What is not a Refusal is our fault: logged here, told without a word of detail. */
function failed(call: Call, error: unknown): WebReply {
  const { say } = call.eyes;
  const person = call.session?.stage === 'full' ? personOf(call.session) : null;
  const status = error instanceof Refusal ? statuses[error.code] : undefined;
  if (!(error instanceof Refusal) || status === undefined) {
    call.desk.gate.world.log.error('console-failed', {
      path: call.request.path,
      error: error instanceof Error ? (error.stack ?? error.message) : String(error),
    });
    return pageReply(call, person, 500, say('brokenTitle'), plain(say('brokenTitle'), say('brokenText')));
  }
  const { why } = error.detail;
  if (status === 404)
    return pageReply(call, person, 404, say('missingTitle'), plain(say('missingTitle'), say('missingText')));
  if (why === 'csrf' || why === 'origin')
    return pageReply(call, person, 403, say('refusedTitle'), plain(say('refusedTitle'), say('staleForm')));
  if (status === 403 && !notTwo.has(why ?? ''))
    return pageReply(call, person, 403, say('forbiddenTitle'), plain(say('forbiddenTitle'), say('forbiddenText')));
  const back = call.request.method === 'POST' ? placeOf(call.request.headers['referer']) : null;
  return pageReply(call, person, status, say('refusedTitle'), notDone(call.eyes, error, back));
}
