/** The frame around every page: navigation, search, language, what just happened. */
import type { Refusal } from '../../core/refusal.ts';
import { deciderRoles, moneyRoles } from '../../store/tokens.ts';
import { languageNames, languageTags, languages } from '../cashier/words.ts';
import { type Html, html, type Piece } from '../html.ts';
import { quarantineBanner } from './quarantine.ts';
import { capital, retold } from './retell.ts';
import type { ConsoleDesk, Eyes, Person, Row } from './row.ts';
import { everybody, may } from './row.ts';
import { sayValue, type Word } from './words.ts';

interface Place extends Pick<Row, 'roles' | 'tenant'> {
  readonly word: Word;
  readonly path: string;
}

interface Group {
  readonly word: Word | null;
  readonly places: readonly Place[];
}

const operators = { roles: everybody, tenant: 'operator-only' } as const;
const all = { roles: everybody, tenant: 'merchant-bound' } as const;
const deciders = { roles: deciderRoles, tenant: 'operator-only' } as const;

export const navigation: readonly Group[] = [
  { word: null, places: [{ word: 'home', path: '/console', ...all }] },
  {
    word: 'groupMoney',
    places: [
      { word: 'payments', path: '/console/payments', ...all },
      { word: 'refunds', path: '/console/refunds', ...all },
      { word: 'payouts', path: '/console/payouts', ...all },
      { word: 'agreements', path: '/console/agreements', ...all },
      { word: 'ledger', path: '/console/ledger', ...operators },
      { word: 'reconciliation', path: '/console/reconciliation', ...operators },
    ],
  },
  {
    word: 'groupTraffic',
    places: [
      { word: 'notices', path: '/console/notices', ...all },
      { word: 'callbacks', path: '/console/callbacks', ...operators },
      { word: 'reviews', path: '/console/reviews', ...operators },
      { word: 'approvals', path: '/console/approvals', roles: moneyRoles, tenant: 'operator-only' },
      { word: 'doctor', path: '/console/doctor', ...all },
    ],
  },
  {
    word: 'groupSetup',
    places: [
      { word: 'merchants', path: '/console/merchants', ...all },
      { word: 'integration', path: '/console/integration', ...all },
      { word: 'channels', path: '/console/channels', ...operators },
      { word: 'routes', path: '/console/routes', ...operators },
      { word: 'fees', path: '/console/fees', ...operators },
      { word: 'rates', path: '/console/rates', ...operators },
    ],
  },
  {
    word: 'groupSystem',
    places: [
      { word: 'users', path: '/console/users', roles: ['admin'], tenant: 'operator-only' },
      { word: 'audit', path: '/console/audit', ...deciders },
      { word: 'configuration', path: '/console/settings', roles: ['admin'], tenant: 'operator-only' },
      { word: 'health', path: '/console/health', roles: ['support', 'admin'], tenant: 'operator-only' },
    ],
  },
];

export interface Shell {
  readonly desk: ConsoleDesk;
  readonly eyes: Eyes;
  /** null = nobody is signed in. */
  readonly person: Person | null;
  readonly path: string;
  readonly title: string;
  /** What came of the last click; null = nothing to say. */
  readonly note: string | null;
}

export function shell({ desk, eyes, person, path, title, note }: Shell, content: Html): Html {
  const { assets } = desk;
  return html`<!doctype html>
<html lang="${languageTags[eyes.language]}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<meta name="color-scheme" content="light dark">
<title>${title} · Kanal</title>
<link rel="stylesheet" href="${assets.url('console.css')}" integrity="${assets.integrity('console.css')}">
<link rel="icon" href="data:,">
<script defer src="${assets.url('console.js')}" integrity="${assets.integrity('console.js')}"></script>
</head>
<body class="${person === null ? 'outside' : 'inside'}" data-zone="${eyes.zone}">
<a class="skip" href="#content">${eyes.say('skip')}</a>
${person && side(eyes, person, path, desk.isSandbox)}
<div class="main">
${person ? top(eyes) : html`<header class="hall">${brand(desk.isSandbox, eyes)}</header>`}
<main id="content">
${person && desk.gate.directory().quarantine && quarantineBanner(eyes, person.merchantId === null)}
${note !== null && html`<p class="note" role="status">${note}</p>`}
${content}
</main>
<footer>${languageLinks(eyes, path)}</footer>
</div>
</body>
</html>
`;
}

function brand(isSandbox: boolean, eyes: Eyes): Html {
  return html`<a class="brand" href="/console"><svg viewBox="0 0 24 24" aria-hidden="true"><path d="M4 4h4v6l6-6h6l-8 8 8 8h-6l-6-6v6H4z" fill="currentColor"/></svg>Kanal</a>${isSandbox && html`<span class="badge warn">${eyes.say('sandbox')}</span>`}`;
}

function side(eyes: Eyes, person: Person, path: string, isSandbox: boolean): Html {
  const { say, csrf } = eyes;
  const groups = navigation
    .map(({ word, places }) => ({ word, places: places.filter((place) => may(person, place)) }))
    .filter(({ places }) => places.length > 0);
  const links = groups.map(
    ({ word, places }) =>
      html`${word !== null && html`<p>${say(word)}</p>`}<ul>${places.map((place) => html`<li><a href="${place.path}" ${isHere(place.path, path) && html`aria-current="page"`}>${say(place.word)}</a></li>`)}</ul>`,
  );
  const leave = html`<div class="who"><span><strong>${person.name}</strong><br>${sayValue(say, 'role', person.role)}</span><form method="post" action="/console/sign-out"><input type="hidden" name="csrf" value="${csrf}"><button class="small">${say('signOut')}</button></form></div>`;
  return html`<aside class="side"><div class="bar">${brand(isSandbox, eyes)}<button type="button" class="menu small" aria-expanded="false" aria-controls="menu" hidden>${say('menu')}</button></div><nav id="menu" aria-label="${say('menu')}">${links}${leave}</nav></aside>`;
}

function isHere(place: string, path: string): boolean {
  return place === '/console' ? path === place : path === place || path.startsWith(`${place}/`);
}

function top({ say }: Eyes): Html {
  return html`<form class="search" role="search" action="/console/search"><input type="search" name="q" placeholder="${say('searchAny')}" aria-label="${say('searchAny')}" maxlength="200" required><button class="small">${say('searchGo')}</button></form>`;
}

function languageLinks({ language, say }: Eyes, path: string): Html {
  return html`<nav class="languages" aria-label="${say('language')}">${languages.map((one) =>
    one === language
      ? html`<span lang="${languageTags[one]}" aria-current="true">${languageNames[one]}</span>`
      : html`<a href="/console/language?to=${one}&back=${encodeURIComponent(path)}" lang="${languageTags[one]}" hreflang="${languageTags[one]}">${languageNames[one]}</a>`,
  )}</nav>`;
}

export function plain(title: string, text: Piece): Html {
  return html`<section class="gate"><h1>${title}</h1><p>${text}</p></section>`;
}

/** Why something was not done: in the reader's language what kind of thing it is, then the field and the words of the flow. */
export function notDone(eyes: Eyes, { code, detail }: Refusal, back: string | null): Html {
  const { say } = eyes;
  const known = sayValue(say, 'wrong', detail.why ?? '');
  const isKnown = known !== (detail.why ?? '');
  const lead = isKnown ? known : sayValue(say, 'code', code);
  const field = detail.field === undefined ? null : sayValue(say, 'detail', detail.field);
  const more = isKnown || detail.text === undefined ? '' : capital(retold(eyes, detail.text));
  return html`<section class="gate"><h1>${say('refusedTitle')}</h1><p class="alarm" role="alert">${field !== null && isKnown && html`<strong>${field}</strong> `}${lead}</p>${more !== '' && html`<p>${field !== null && html`<strong>${field}:</strong> `}${more}</p>`}${back !== null && html`<p><a class="button back" href="${back}">${say('goBack')}</a></p>`}</section>`;
}

/** The page of the console a form stood on; null for anything else. */
export function placeOf(referer: string | undefined): string | null {
  if (referer === undefined || !URL.canParse(referer)) return null;
  const { pathname, searchParams } = new URL(referer);
  if (!/^\/console(?:\/[A-Za-z0-9/_-]*)?$/.test(pathname)) return null;
  searchParams.delete('note');
  return searchParams.size === 0 ? pathname : `${pathname}?${searchParams.toString()}`;
}
