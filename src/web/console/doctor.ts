/** The signature doctor: what was refused, and for a request: what had to be signed, what was, and which usual mistake fits. */
import { type Explanation, type RawMessage, shownExplanation } from '../../core/inspection.ts';
import { Refusal } from '../../core/refusal.ts';
import { listRefused, refusedById, type RefusedRequest } from '../../store/refused-requests.ts';
import { masked } from '../api/mask.ts';
import { type Html, html } from '../html.ts';
import { idIn } from './order.ts';
import { area, card, choose, copyable, facts, headed, post, table, time } from './parts.ts';
import { everybody, type Eyes, page, type Row, type Visit } from './row.ts';
import { sayValue } from './words.ts';

const examiners: Row['roles'] = ['support', 'admin'];

async function doctor(visit: Visit) {
  const { desk, eyes, person } = visit;
  const { say } = eyes;
  const rows = await listRefused(desk.gate.db, person.merchantId, 100);
  const { merchants } = desk.gate.directory();
  return page(
    say('doctor'),
    html`${headed(say('doctor'))}<section class="card flush"><header><h2>${say('doctorRefused')}</h2></header>${table<RefusedRequest>(
      [
        {
          head: say('when'),
          cell: ({ at, id }) => html`<a href="/console/doctor/${String(id)}">${time(eyes, at)}</a>`,
          look: 'code',
        },
        ...(person.merchantId === null
          ? [
              {
                head: say('merchant'),
                cell: ({ merchantId }: RefusedRequest) =>
                  merchantId === null ? '–' : (merchants.get(merchantId)?.name ?? '–'),
              },
            ]
          : []),
        { head: say('protocol'), cell: ({ protocol }) => protocol },
        { head: say('reason'), cell: ({ why }) => why },
        {
          head: say('doctorRequest'),
          cell: ({ method, target }) => html`<span class="long">${method} ${target.split('?')[0]}</span>`,
          look: 'code',
          isExtra: true,
        },
        { head: say('from'), cell: ({ remote }) => remote, look: 'code', isExtra: true },
      ],
      rows,
      say('doctorNone'),
    )}</section>${examiners.includes(person.role) && person.merchantId === null && pasteCard(visit, '')}`,
  );
}

function pasteCard({ desk, eyes }: Visit, text: string): Html {
  const { say } = eyes;
  const protocols = desk.admissions.protocols().map(({ name }) => ({ value: name, label: name }));
  return card(
    say('doctorPaste'),
    html`<p class="hint">${say('doctorHelp')}</p>${post(eyes, '/console/doctor', html`${choose(say('protocol'), 'protocol', protocols)}${text === '' ? area(say('doctorRequest'), 'request', 10) : html`<label class="wide"><span>${say('doctorRequest')}</span><textarea name="request" rows="10" spellcheck="false">${text}</textarea></label>`}<button class="primary">${say('doctorAsk')}</button>`)}`,
  );
}

/** A request as people paste it; a body alone is one too. Throws Refusal `invalid-request` when nothing is there. */
function readPasted(protocol: string, text: string): RawMessage {
  const [head = '', ...rest] = text.split('\n\n');
  const lines = head.split('\n');
  const first = /^([A-Z]{3,7}) (\S+)(?: HTTP\/[\d.]+)?$/.exec(lines[0]?.trim() ?? '');
  if (!first)
    return {
      protocol,
      method: 'POST',
      target: '/',
      headers: [['content-type', 'application/json']],
      body: Buffer.from(text),
    };
  const headers = lines.slice(1).flatMap((one) => {
    const at = one.indexOf(':');
    return at > 0 ? [[one.slice(0, at).trim().toLowerCase(), one.slice(at + 1).trim()] as const] : [];
  });
  const target = first[2] ?? '/';
  const path = URL.canParse(target) ? new URL(target).pathname + new URL(target).search : target;
  return { protocol, method: first[1] ?? 'POST', target: path, headers, body: Buffer.from(rest.join('\n\n')) };
}

async function examine(visit: Visit) {
  const { desk, eyes, form } = visit;
  const { say } = eyes;
  // Not trimmed: blanks at the end may be the very mistake.
  const text = form.raw('request').replaceAll('\r\n', '\n');
  if (text.trim() === '') throw new Refusal('invalid-request', { field: 'request', text: 'is missing' });
  const found = desk.inspections.explain(readPasted(form.required('protocol', 40), text));
  return page(
    say('doctor'),
    html`<p class="crumb"><a href="/console/doctor">${say('doctor')}</a></p>${findings(eyes, found)}${pasteCard(visit, text)}`,
  );
}

async function refused({ desk, eyes, person, params }: Visit) {
  const { say } = eyes;
  const row = await refusedById(desk.gate.db, idIn(params), person.merchantId);
  if (!row) throw new Refusal('not-found');
  const { protocol, method, target, headers, body } = row;
  const found = desk.inspections.explain({ protocol, method, target, headers, body });
  const text = [
    `${method} ${masked(target)}`,
    ...headers.map(([name, value]) => masked(`${name}: ${value}`)),
    '',
    masked(body.toString('utf8')),
  ].join('\n');
  return page(
    say('doctor'),
    html`<p class="crumb"><a href="/console/doctor">${say('doctor')}</a></p>${findings(eyes, found)}${card(
      say('raw'),
      html`${facts([
        [say('when'), time(eyes, row.at)],
        [say('from'), row.remote],
        [say('reason'), row.why],
      ])}<pre class="raw">${text}</pre>`,
    )}`,
  );
}

function findings(eyes: Eyes, found: Explanation): Html {
  const { say } = eyes;
  const isWell = found.verdict === 'fits' || found.verdict === 'unsigned';
  return html`${headed(html`${sayValue(say, 'verdict', found.verdict)}`, html`<span class="badge ${isWell ? 'good' : 'bad'}">${found.protocol}</span>`)}
${found.verdict === 'differs' && html`<p class="${found.mistake === null ? 'note' : 'alarm'}" role="status"><strong>${say('mistake')}:</strong> ${found.mistake ?? say('noMistake')}</p>`}
${card(
  say('verdict'),
  html`${facts([
    [say('sender'), found.sender && html`<code>${found.sender}</code>`],
    [
      say('expectedSign'),
      found.expected !== null && html`<code class="long">${shownExplanation(found).expected}</code>`,
    ],
    [say('receivedSign'), found.received !== null && html`<code class="long">${found.received}</code>`],
  ])}${found.advice.map((one) => html`<p>${one}</p>`)}`,
)}
${found.signedText !== null && card(say('signedText'), html`<pre class="raw">${found.signedText}</pre>`, copyable(eyes, found.signedText))}`;
}

export const doctorRows: readonly Row[] = [
  { method: 'GET', path: '/console/doctor', roles: everybody, tenant: 'merchant-bound', answer: doctor },
  { method: 'POST', path: '/console/doctor', roles: examiners, tenant: 'operator-only', answer: examine },
  { method: 'GET', path: '/console/doctor/{id}', roles: everybody, tenant: 'merchant-bound', answer: refused },
];
