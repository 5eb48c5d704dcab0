/** Users, the audit log, and how the gateway itself does. */
import { type Check, examine } from '../../flows/examine.ts';
import { giveAccount, giveBack, type Given, giveNewCode, giveRole } from '../../flows/give-access.ts';
import { readUserName, setUserState } from '../../flows/users.ts';
import { type AuditRow, canonical, listAudit, verifyAudit } from '../../store/audit.ts';
import { needsTotp, roles } from '../../store/tokens.ts';
import { listUsers, type UserRow } from '../../store/users.ts';
import { Refusal } from '../../core/refusal.ts';
import { idOf } from '../api/desk.ts';
import { type Html, html, type Piece } from '../html.ts';
import { shownOnce } from './decisions.ts';
import { idIn } from './order.ts';
import { badge, card, choose, field, headed, post, table, time } from './parts.ts';
import { retold } from './retell.ts';
import { type Answer, type Eyes, page, type Row, type Visit } from './row.ts';
import { sayValue } from './words.ts';

const admins: Row['roles'] = ['admin'];
const operatorOnly = 'operator-only' as const;

async function users(visit: Visit) {
  const { desk, eyes } = visit;
  const { say } = eyes;
  const { merchants } = desk.gate.directory();
  const choices = [
    { value: '', label: say('everyone') },
    ...[...merchants.values()].map(({ id, name }) => ({ value: String(id), label: name })),
  ];
  return page(
    say('users'),
    html`${headed(say('users'))}<section class="card flush">${table<UserRow>(
      [
        { head: say('name'), cell: ({ name }) => html`<strong>${name}</strong>` },
        { head: say('role'), cell: ({ role }) => sayValue(say, 'role', role) },
        {
          head: say('merchant'),
          cell: ({ merchantId }) => (merchantId === null ? say('everyone') : merchants.get(merchantId)?.name),
        },
        {
          head: say('state'),
          look: 'state',
          cell: ({ state, password }) =>
            html`${badge(eyes, state)}${password === null && html` <small>${say('setUpYet')}</small>`}`,
        },
        { head: say('secondFactor'), cell: ({ totp }) => say(totp === null ? 'no' : 'yes'), isExtra: true },
        { head: say('created'), cell: ({ createdAt }) => time(eyes, createdAt), look: 'code', isExtra: true },
        { head: '', cell: (row) => acts(visit, row), look: 'action' },
      ],
      await listUsers(desk.gate.db),
      say('nothing'),
    )}</section>${card(say('addUser'), post(eyes, '/console/users', html`${field(say('name'), 'name')}${choose(say('role'), 'role', roleChoices(visit))}${choose(say('merchant'), 'merchant', choices)}${whyField(visit)}<button class="primary">${say('add')}</button>`))}`,
  );
}

/** Which of it takes two the form cannot know: the role is chosen in it. */
function whyField({ eyes: { say } }: Visit): Html {
  return field(say('why'), 'why', { isOptional: true, help: say('accessTwo') });
}

function roleChoices({ eyes: { say } }: Visit) {
  return roles.map((value) => ({ value, label: sayValue(say, 'role', value) }));
}

/** Nobody changes oneself: the last admin would be gone by a slip, and a role grows only by another's hand. */
function acts(visit: Visit, row: UserRow): Html | null {
  const { eyes, person } = visit;
  const { say } = eyes;
  if (row.id === person.userId) return null;
  const id = String(row.id);
  const next = row.state === 'active' ? 'disabled' : 'active';
  return html`<details class="drop"><summary>${say('actions')}</summary>${post(eyes, `/console/users/${id}/role`, html`${choose(say('role'), 'role', roleChoices(visit), row.role)}${whyField(visit)}<button class="small">${say('save')}</button>`)}${post(eyes, `/console/users/${id}/state`, html`<input type="hidden" name="state" value="${next}">${next === 'active' && needsTotp(row.role) && whyField(visit)}<button class="small">${say(next === 'active' ? 'enable' : 'disable')}</button>`, 'inline')}${post(eyes, `/console/users/${id}/renew`, html`${needsTotp(row.role) && whyField(visit)}<button class="small">${say('renew')}</button>`, 'inline')}</details>`;
}

/** A reason is asked for where somebody else has to read it. */
function whyOf({ form }: Visit): () => string {
  return () => form.required('why', 500);
}

/** What came of it: somebody else is asked, a code to hand over, or nothing more to say. */
function told({ eyes }: Visit, given: Given, title: string): Answer {
  const { say } = eyes;
  if (given.kind === 'asked') return { kind: 'go', to: '/console/users', note: say('asked') };
  if (given.code === null) return { kind: 'go', to: '/console/users', note: say('saved') };
  return page(say('setupCode'), shownOnce(eyes, { setupCode: given.code }, '/console/users', title));
}

async function add(visit: Visit) {
  const { desk, person, form } = visit;
  const name = readUserName(form.required('name', 100));
  const merchant = idOf(form.text('merchant'));
  if (merchant !== null && !desk.gate.directory().merchants.has(merchant))
    throw new Refusal('not-found', { field: 'merchant' });
  const ask = { name, role: form.oneOf('role', roles), merchantId: merchant };
  return told(visit, await giveAccount(desk, person, ask, whyOf(visit)), name);
}

function otherUser({ person, params }: Visit): bigint {
  const id = idIn(params);
  if (id === person.userId) throw new Refusal('conflict', { text: 'another admin changes your account' });
  return id;
}

async function changeRole(visit: Visit) {
  const { desk, eyes, person, form } = visit;
  const given = await giveRole(desk, person, otherUser(visit), form.oneOf('role', roles), whyOf(visit));
  return told(visit, given, eyes.say('userName'));
}

async function setState(visit: Visit) {
  const { desk, eyes, person, form } = visit;
  const id = otherUser(visit);
  if (form.oneOf('state', ['active', 'disabled']) === 'active')
    return told(visit, await giveBack(desk, person, id, whyOf(visit)), '');
  await setUserState(desk.gate, person.name, id, 'disabled');
  return { kind: 'go', to: '/console/users', note: eyes.say('saved') } as const;
}

async function renew(visit: Visit) {
  const { desk, eyes, person } = visit;
  return told(visit, await giveNewCode(desk, person, otherUser(visit), whyOf(visit)), eyes.say('userName'));
}

const pageSize = 100;

async function audit({ desk, eyes, query }: Visit) {
  const { say } = eyes;
  const before = idOf(query.get('before') ?? '');
  const rows = await listAudit(desk.gate.db, before, pageSize);
  const verdict = before === null ? await verifyAudit(desk.gate.db) : null;
  const oldest = rows.at(-1);
  return page(
    say('audit'),
    html`${headed(say('audit'))}${verdict && (verdict.intact ? html`<p class="note good" role="status">${say('chainIntact', { n: String(verdict.entries) })}</p>` : html`<div class="alarm" role="alert"><p>${say('chainBroken')}</p><ul>${verdict.findings.map((one) => html`<li>${one}</li>`)}</ul></div>`)}
<section class="card flush">${table<AuditRow>(
      [
        { head: say('when'), cell: ({ at }) => time(eyes, at), look: 'code' },
        { head: say('who'), cell: ({ actor }) => retold(eyes, actor) },
        {
          head: say('action'),
          cell: ({ action }) => html`<strong title="${action}">${sayValue(say, 'action', action)}</strong>`,
        },
        { head: say('what'), cell: ({ detail }) => html`<code class="long">${canonical(detail)}</code>` },
      ],
      rows,
      say('nothing'),
    )}</section><nav class="pages">${rows.length === pageSize && oldest && html`<a class="button" href="/console/audit?before=${String(oldest.id)}">${say('older')}</a>`}</nav>`,
  );
}

/** What a machine said itself is shown as it said it. */
function foundText(eyes: Eyes, { subject, values, found, ok }: Check): string {
  const { say } = eyes;
  if (subject === 'clock' || subject === 'routes' || subject === 'keys-all')
    return say(`checkFound.${subject}`, values);
  return subject === 'channel' && ok ? say('checkFound.channel') : retold(eyes, found);
}

function todo({ say }: Eyes, { subject, values }: Check): Piece {
  const text = say(`checkTodo.${subject}`, values);
  return subject === 'quarantine' ? html`<a href="/console/quarantine">${text}</a>` : text;
}

async function health({ desk, eyes }: Visit) {
  const { say } = eyes;
  const checks = await examine(desk.gate, desk.inspections);
  return page(
    say('health'),
    html`${headed(say('health'))}<section class="card flush">${table(
      [
        {
          head: say('state'),
          look: 'state',
          cell: ({ ok }) => html`<span class="badge ${ok ? 'good' : 'bad'}">${say(ok ? 'ok' : 'attention')}</span>`,
        },
        { head: say('check'), cell: ({ subject, values }) => say(`check.${subject}`, values) },
        { head: say('found'), cell: (check) => foundText(eyes, check) },
        { head: say('todo'), cell: (check) => (check.ok ? '' : todo(eyes, check)) },
      ],
      checks,
      say('nothing'),
    )}</section>`,
  );
}

export const peopleRows: readonly Row[] = [
  { method: 'GET', path: '/console/users', roles: admins, tenant: operatorOnly, answer: users },
  { method: 'POST', path: '/console/users', roles: admins, tenant: operatorOnly, answer: add },
  { method: 'POST', path: '/console/users/{id}/role', roles: admins, tenant: operatorOnly, answer: changeRole },
  { method: 'POST', path: '/console/users/{id}/state', roles: admins, tenant: operatorOnly, answer: setState },
  { method: 'POST', path: '/console/users/{id}/renew', roles: admins, tenant: operatorOnly, answer: renew },
  { method: 'GET', path: '/console/audit', roles: ['approver', 'admin'], tenant: operatorOnly, answer: audit },
  { method: 'GET', path: '/console/health', roles: ['support', 'admin'], tenant: operatorOnly, answer: health },
];
