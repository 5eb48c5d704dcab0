/** The signature doctor: what was refused, and for a request: what had to be signed, what was, and which usual mistake fits. */
import { type Explanation, shownExplanation } from '../../core/inspection.ts';
import { isMistake } from '../../core/mistakes.ts';
import { Refusal } from '../../core/refusal.ts';
import { listRefused, refusedById, type RefusedRequest } from '../../store/refused-requests.ts';
import { idOf } from '../api/desk.ts';
import { masked } from '../api/mask.ts';
import { type Html, html, type Piece } from '../html.ts';
import { type Pasted, readPasted } from '../pasted.ts';
import { difference, type Part } from './difference.ts';
import { idIn } from './order.ts';
import { takePace } from './pace.ts';
import { card, type Choice, choose, type Column, copyable, crumbs, facts, headed, post, table, time } from './parts.ts';
import { capital } from './retell.ts';
import { everybody, type Eyes, may, page, type Row, type Visit } from './row.ts';
import { sayValue } from './words.ts';
import { sentence } from './words/sayings.ts';

/** Merchants' own people too, for their own credentials: whoever may see what was refused may ask why. */
const examiners: Pick<Row, 'roles' | 'tenant'> = { roles: ['support', 'admin'], tenant: 'merchant-bound' };

/** As much of a request as is kept of those that were refused. */
const mostBytes = 32 * 1024;

// ── the list ──────────────────────────────────────────────────────────────────────────────────────────────────────────

async function doctor(visit: Visit) {
  const { desk, eyes, person, query } = visit;
  const { say } = eyes;
  const merchantId = person.merchantId ?? idOf(query.get('merchant') ?? '');
  const protocol = query.get('protocol') || null;
  const rows = await listRefused(desk.gate.db, { merchantId, protocol }, 100);
  return page(
    say('doctor'),
    html`${headed(say('doctor'))}<p class="hint">${say('doctorAbout')}</p>${filterForm(visit)}<section class="card flush"><header><h2>${say('doctorRefused')}</h2></header>${table(columns(visit), rows, say('doctorNone'))}</section>${may(person, examiners) && pasteCard(visit, '', '')}`,
  );
}

function protocolChoices({ desk }: Visit): readonly Choice[] {
  return desk.admissions.protocols().map(({ name }) => ({ value: name, label: name }));
}

function filterForm(visit: Visit): Html {
  const { desk, eyes, person, query } = visit;
  const { say } = eyes;
  const any = { value: '', label: say('any') };
  const merchants = [...desk.gate.directory().merchants.values()].map(({ id, name }) => ({
    value: String(id),
    label: name,
  }));
  return html`<form class="filter" action="/console/doctor">${person.merchantId === null && choose(say('merchant'), 'merchant', [any, ...merchants], query.get('merchant') ?? '')}${choose(say('protocol'), 'protocol', [any, ...protocolChoices(visit)], query.get('protocol') ?? '')}<div class="buttons"><button class="primary">${say('filter')}</button>${query.size > 0 && html`<a class="button" href="/console/doctor">${say('clear')}</a>`}</div></form>`;
}

function columns({ desk, eyes, person }: Visit): readonly Column<RefusedRequest>[] {
  const { say } = eyes;
  const { merchants } = desk.gate.directory();
  const merchant: Column<RefusedRequest> = {
    head: say('merchant'),
    cell: ({ merchantId }) => (merchantId === null ? '–' : (merchants.get(merchantId)?.name ?? '–')),
  };
  return [
    {
      head: say('when'),
      cell: ({ at, id }) => html`<a class="strong" href="/console/doctor/${String(id)}">${time(eyes, at)}</a>`,
      look: 'code',
    },
    ...(person.merchantId === null ? [merchant] : []),
    { head: say('protocol'), cell: ({ protocol }) => protocol },
    { head: say('reason'), cell: ({ why }) => reason(eyes, why) },
    {
      head: say('doctorRequest'),
      cell: ({ method, target }) => html`<span class="long">${method} ${target.split('?')[0]}</span>`,
      look: 'code',
      isExtra: true,
    },
    { head: say('from'), cell: ({ remote }) => remote, look: 'code', isExtra: true },
  ];
}

function reason({ say, language }: Eyes, why: string): string {
  return isMistake(why) ? capital(sentence({ key: why }, language)) : sayValue(say, 'why', why);
}

// ── one request ───────────────────────────────────────────────────────────────────────────────────────────────────────

async function refused({ desk, eyes, person, params }: Visit) {
  const { say } = eyes;
  const row = await refusedById(desk.gate.db, idIn(params), person.merchantId);
  if (!row) throw new Refusal('not-found');
  const { protocol, method, target, headers, body, at, why } = row;
  const message = { protocol, method, target, headers, body, receivedAt: Number(at) };
  const found = desk.inspections.explain(message, person.merchantId);
  const text = [
    `${method} ${masked(target)}`,
    ...headers.map(([name, value]) => masked(`${name}: ${value}`)),
    '',
    masked(body.toString('utf8')),
  ].join('\n');
  return page(
    say('doctor'),
    html`${crumbs(eyes, 'doctor', '/console/doctor', time(eyes, at))}${findings(eyes, isMistake(why) ? { ...found, mistakes: [{ key: why }] } : found)}${card(
      say('raw'),
      html`${facts([
        [say('when'), time(eyes, at)],
        [say('from'), row.remote],
        [say('reason'), reason(eyes, why)],
      ])}<pre class="raw">${text}</pre>`,
    )}`,
  );
}

// ── a pasted one ──────────────────────────────────────────────────────────────────────────────────────────────────────

function pasteCard(visit: Visit, text: string, protocol: string): Html {
  const { eyes } = visit;
  const { say } = eyes;
  const choices = [{ value: '', label: say('doctorGuess') }, ...protocolChoices(visit)];
  return card(
    say('doctorPaste'),
    html`<p class="hint">${say('doctorHelp')}</p>${post(eyes, '/console/doctor', html`${choose(say('protocol'), 'protocol', choices, protocol)}<label class="wide"><span>${say('doctorRequest')}</span><textarea name="request" rows="10" spellcheck="false" required maxlength="${mostBytes}" placeholder="curl -X POST https://…">${text}</textarea></label><button class="primary">${say('doctorAsk')}</button>`)}`,
  );
}

/** Nothing of it is stored, whatever it says. */
function examine(visit: Visit) {
  const { eyes, form } = visit;
  const { say } = eyes;
  // Not trimmed: blanks at the end may be the very mistake.
  const text = form.raw('request').replaceAll('\r\n', '\n');
  const bytes = Buffer.from(text);
  if (text.trim() === '') throw new Refusal('invalid-request', { field: 'request', text: 'is missing' });
  if (bytes.length > mostBytes)
    throw new Refusal('invalid-request', { field: 'request', text: `more than ${mostBytes} bytes` });
  const asked = form.text('protocol', 40);
  takePace(visit, 'doctor', mostPerMinute);
  const found = examinePasted(visit, bytes, asked);
  const told = found === null ? html`<p class="note" role="status">${say('doctorWhich')}</p>` : findings(eyes, found);
  return Promise.resolve(
    page(
      say('doctor'),
      html`${crumbs(eyes, 'doctor', '/console/doctor', say('doctorPaste'))}${told}${pasteCard(visit, text, asked)}`,
    ),
  );
}

/** Each examination may take a quarter of a second from the payments. */
const mostPerMinute = 20;

/** Null when nobody can tell of which protocol it is. */
function examinePasted({ desk, person }: Visit, bytes: Buffer, asked: string): Explanation | null {
  const explained = (pasted: Pasted) => {
    const [likeliest] = asked === '' ? desk.inspections.protocolsOf(pasted, person.merchantId) : [asked];
    if (likeliest === undefined) return null;
    return desk.inspections.explain({ protocol: likeliest, ...pasted }, person.merchantId);
  };
  const whole = explained(readPasted(bytes));
  const bare = bytes.subarray(0, lengthWithoutNewlines(bytes));
  if (whole?.verdict !== 'differs' || bare.length === bytes.length) return whole;
  // Pasting adds a newline that nobody sent.
  const trimmed = explained(readPasted(bare));
  return trimmed?.verdict === 'fits' ? trimmed : whole;
}

function lengthWithoutNewlines(bytes: Buffer): number {
  let length = bytes.length;
  while (length > 0 && bytes[length - 1] === 0x0a) length -= 1;
  return length;
}

// ── what was found ────────────────────────────────────────────────────────────────────────────────────────────────────

function findings(eyes: Eyes, whole: Explanation): Html {
  const { say, language } = eyes;
  const found = shownExplanation(whole);
  const isWell = found.verdict === 'fits' || found.verdict === 'unsigned';
  const mistakes = found.mistakes.map((one) => html`<li>${capital(sentence(one, language))}</li>`);
  const isUnknown = found.verdict === 'differs' && mistakes.length === 0;
  return html`${headed(html`${sayValue(say, 'verdict', found.verdict)}`, html`<span class="badge ${isWell ? 'good' : 'bad'}">${found.protocol}</span>`)}
${mistakes.length > 0 && html`<div class="alarm" role="status"><strong>${say('mistake')}</strong><ul>${mistakes}</ul></div>`}
${isUnknown && html`<p class="note" role="status">${say('noMistake')}</p>`}
${card(isWell ? say('verdict') : say('whatToDo'), html`<ul class="advice">${found.advice.map((one) => html`<li>${sentence(one, language)}</li>`)}</ul>`)}
${texts(eyes, found)}
${card(
  say('verdict'),
  facts([
    [say('sender'), found.sender && html`<code>${found.sender}</code>`],
    [say('expectedSign'), found.expected !== null && html`<code class="long">${found.expected}</code>`],
    [say('receivedSign'), found.received !== null && html`<code class="long">${found.received}</code>`],
  ]),
)}`;
}

/** Our text, and beside it what the sender has signed instead: what only one of them has is marked. */
function texts(eyes: Eyes, { signedText, theirText, verdict }: Explanation): Piece {
  const { say } = eyes;
  if (signedText === null) return null;
  const copy = copyable(eyes, masked(signedText));
  if (theirText === null) {
    const title = say(verdict === 'fits' ? 'signedTextBoth' : 'signedText');
    return card(title, html`<pre class="raw">${masked(signedText)}</pre>`, copy);
  }
  const parts = difference(signedText, theirText);
  return card(
    say('difference'),
    html`<p class="hint">${say('differenceHelp')}</p><div class="versus"><div><h3>${say('textOurs')}</h3><pre class="raw">${side(parts, 'ours')}</pre></div><div><h3>${say('textTheirs')}</h3><pre class="raw">${side(parts, 'theirs')}</pre></div></div>`,
    copy,
  );
}

function side(parts: readonly Part[], own: 'ours' | 'theirs'): Piece {
  return parts
    .filter(({ kind }) => kind === 'same' || kind === own)
    .map(({ kind, text }) => {
      if (kind === 'same') return text;
      return own === 'ours' ? html`<del>${visible(text)}</del>` : html`<ins>${visible(text)}</ins>`;
    });
}

const signs: Readonly<Record<string, string>> = { ' ': '␣', '\n': '↵\n', '\r': '␍', '\t': '⇥', '\ufeff': '[BOM]' };

/** Where a blank is the whole difference, it must be seen. */
function visible(text: string): string {
  return text.replaceAll(/[ \n\r\t\ufeff]/g, (char) => signs[char] ?? char);
}

export const doctorRows: readonly Row[] = [
  { method: 'GET', path: '/console/doctor', roles: everybody, tenant: 'merchant-bound', answer: doctor },
  { method: 'POST', path: '/console/doctor', ...examiners, answer: examine },
  { method: 'GET', path: '/console/doctor/{id}', roles: everybody, tenant: 'merchant-bound', answer: refused },
];
