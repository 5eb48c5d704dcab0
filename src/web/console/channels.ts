/** Channels: which there are, one with its settings, and a new one in two steps: which protocol, then what that protocol takes. */
import type { KeyFacts, ProtocolFactSheet } from '../../core/admissions.ts';
import { Refusal } from '../../core/refusal.ts';
import { addChannel, setChannelState } from '../../flows/administer.ts';
import { askSecond } from '../../flows/approve.ts';
import { channelHealth } from '../../store/figures.ts';
import { channelBy, homesFor } from '../api/desk.ts';
import { keyList } from '../api/merchants.ts';
import { type Html, html } from '../html.ts';
import { area, badge, card, copyable, crumbs, dangerous, facts, field, headed, post, table } from './parts.ts';
import { type Eyes, everybody, may, page, type Row, type Visit } from './row.ts';
import { sayValue } from './words.ts';

const admins: Row['roles'] = ['admin'];
const operatorOnly = 'operator-only' as const;
const dayMs = 86_400_000;

async function channels({ desk, eyes, person }: Visit) {
  const { say } = eyes;
  const { routes, channels: all } = desk.gate.directory();
  const seen = new Map(
    (await channelHealth(desk.gate.db, homesFor(desk, null), desk.gate.world.now() - dayMs)).map((one) => [
      one.channelId,
      one,
    ]),
  );
  const add = html`<a class="button primary small" href="/console/channels/add">${say('addChannel')}</a>`;
  return page(
    say('channels'),
    html`${headed(say('channels'), may(person, { roles: admins, tenant: operatorOnly }) && add)}<section class="card flush">${table(
      [
        {
          head: say('name'),
          cell: ({ name, id }) => html`<a class="strong" href="/console/channels/${String(id)}">${name}</a>`,
          look: 'name',
        },
        { head: say('state'), cell: ({ state }) => badge(eyes, state), look: 'state' },
        { head: say('protocol'), cell: ({ protocol }) => protocol },
        {
          head: say('routes'),
          cell: ({ id }) => routes.filter(({ channelId }) => channelId === id).length,
          look: 'number',
        },
        { head: say('attemptsToday'), cell: ({ id }) => seen.get(id)?.attempts ?? 0, look: 'number' },
        {
          head: say('baseUrl'),
          cell: ({ baseUrl }) => html`<span class="long">${baseUrl}</span>`,
          look: 'code',
          isExtra: true,
        },
      ],
      [...all.values()],
      say('channelNone'),
    )}</section>`,
  );
}

async function channel({ desk, eyes, person, params }: Visit) {
  const { say } = eyes;
  const row = channelBy(desk, params['id'] ?? '');
  const { secrets } = row;
  const id = String(row.id);
  const callbackUrl = desk.gate.facts.callbackUrl(row);
  const sheet = desk.admissions.protocols().find(({ name }) => name === row.protocol);
  return page(
    row.name,
    html`${crumbs(eyes, 'channels', '/console/channels', row.name)}${headed(html`${row.name} ${badge(eyes, row.state)}`, html`<a class="button small" href="/console/payments?channel=${id}">${say('payments')}</a>`)}
<div class="split"><div>${card(
      say('facts'),
      facts([
        ['ID', html`<code>${id}</code>`],
        [say('protocol'), row.protocol],
        [say('sender'), html`<code>${row.sender}</code>`],
        [say('baseUrl'), html`<span class="long">${row.baseUrl}</span>`],
        [say('callbackUrl'), html`<span class="long">${callbackUrl}</span> ${copyable(eyes, callbackUrl)}`],
        [
          say('methods'),
          sheet?.methods
            .map((one) => sayValue(say, 'method', one))
            .sort()
            .join(' · '),
        ],
      ]),
    )}<section class="card flush"><header><h2>${say('settings')}</h2></header>${settingTable(eyes, sheet, row.settings)}</section></div><div>${card(say('keys'), facts(keyList(secrets).map(({ name, addedAt }) => [name, addedAt.slice(0, 10)] as const)))}${may(person, { roles: admins, tenant: operatorOnly }) && card(say('actions'), stateForm({ eyes }, id, row.name, row.state))}</div></div>`,
  );
}

/** What is set, and what the rest is by default. */
function settingTable(
  { say, language }: Eyes,
  sheet: ProtocolFactSheet | undefined,
  settings: Readonly<Record<string, string>>,
): Html {
  const rows = (sheet?.settings ?? []).filter(({ side }) => side !== 'merchant');
  return table(
    [
      { head: say('name'), cell: (one) => html`<code>${one.name}</code>`, look: 'name' },
      {
        head: say('value'),
        cell: (one) =>
          settings[one.name] === undefined
            ? html`<span class="quiet">${one.default ?? '–'}</span>`
            : html`<code>${settings[one.name]}</code>`,
      },
      { head: say('meaning'), cell: (one) => html`<small>${one.about[language]}</small>`, isExtra: true },
    ],
    rows,
    say('nothing'),
  );
}

function stateForm({ eyes }: Pick<Visit, 'eyes'>, id: string, name: string, state: string): Html {
  const { say } = eyes;
  const action = `/console/channels/${id}/state`;
  if (state === 'active')
    return html`<p class="hint">${say('channelOffHelp')}</p>${dangerous(eyes, action, say('channelOffAsk', { name }), html`<input type="hidden" name="state" value="disabled"><button class="danger">${say('disable')}</button>`)}`;
  return html`<p class="hint">${say('enableHelp')}</p>${post(eyes, action, html`<input type="hidden" name="state" value="active">${field(say('why'), 'why')}<button class="primary">${say('askSecond')}</button>`)}`;
}

/** Stopping is anybody's with the role; letting money through again takes two. */
async function setState({ desk, eyes, person, params, form }: Visit) {
  const { id } = channelBy(desk, params['id'] ?? '');
  const to = `/console/channels/${id}`;
  if (form.oneOf('state', ['active', 'disabled']) === 'active') {
    await askSecond(desk, person, 'channel.enable', { channel: String(id) }, form.required('why', 500));
    return { kind: 'go', to, note: eyes.say('asked') } as const;
  }
  await setChannelState(desk, person.name, id, 'disabled');
  return { kind: 'go', to, note: eyes.say('saved') } as const;
}

async function addPage(visit: Visit) {
  const { desk, eyes, query } = visit;
  const { say } = eyes;
  const sheets = desk.admissions.protocols().filter(({ sides }) => sides.includes('channel'));
  const sheet = sheets.find(({ name }) => name === query.get('protocol'));
  const title = say('addChannel');
  const choices = html`<p>${say('channelWhich')}</p><ul class="choices">${sheets.map(({ name, title: about, methods }) => html`<li><a href="/console/channels/add?protocol=${name}" ${sheet?.name === name && html`aria-current="true"`}><strong>${name}</strong><span>${about[eyes.language]}</span><small>${methods.map((one) => sayValue(say, 'method', one)).join(' · ')}</small></a></li>`)}</ul>`;
  return page(
    title,
    html`${crumbs(eyes, 'channels', '/console/channels', title)}${headed(title)}${card(say('protocol'), choices)}${sheet && card(say('channelOf', { protocol: sheet.name }), addForm(visit, sheet))}`,
  );
}

function addForm({ eyes }: Visit, sheet: ProtocolFactSheet): Html {
  const { say } = eyes;
  const settings = sheet.settings.filter(({ side }) => side !== 'merchant');
  return post(
    eyes,
    '/console/channels',
    html`<input type="hidden" name="protocol" value="${sheet.name}">${field(say('name'), 'name')}${field(say('baseUrl'), 'baseUrl', { type: 'url' })}${field(say('sender'), 'sender', { hint: sheet.sender })}${sheet.keys.map((one) => keyField(eyes, one))}<details class="wide"><summary>${say('channelMore')}</summary><div class="form">${settings.map((one) => field(one.name, `set.${one.name}`, { isOptional: true, hint: one.default === null ? '' : say('byDefault', { value: one.default }), help: one.about[eyes.language] }))}</div></details><p class="hint wide">${say('channelTwo')}</p>${field(say('why'), 'why')}<button class="primary">${say('askSecond')}</button>`,
  );
}

function keyField({ language }: Eyes, { name, kind, required, about }: KeyFacts): Html {
  return kind === 'text'
    ? field(name, `key.${name}`, { isOptional: !required, help: about[language] })
    : area(name, `key.${name}`, 4, !required, about[language]);
}

/** The keys are sealed at once and stand in no request for approval; nothing goes there until a second person lets it. */
async function add({ desk, eyes, person, form }: Visit) {
  const protocol = form.required('protocol', 40);
  const sheet = desk.admissions.protocols().find(({ name }) => name === protocol);
  if (!sheet) throw new Refusal('invalid-request', { field: 'protocol', text: 'not one we know' });
  const given = (prefix: string, names: readonly { readonly name: string }[]) =>
    Object.fromEntries(names.map(({ name }) => [name, form.text(`${prefix}.${name}`)]).filter(([, value]) => value));
  const baseUrl = form.required('baseUrl', 1024);
  if (!URL.canParse(baseUrl) || !/^https?:/.test(baseUrl))
    throw new Refusal('invalid-request', { field: 'baseUrl', text: 'an address that begins with http:// or https://' });
  const why = form.required('why', 500);
  const channelRow = await addChannel(desk, person.name, {
    protocol,
    name: form.required('name', 200),
    baseUrl,
    sender: form.required('sender', 200),
    key: null,
    publicKey: null,
    keys: given('key', sheet.keys),
    file: {},
    settings: given('set', sheet.settings),
    state: 'disabled',
  });
  await askSecond(desk, person, 'channel.enable', { channel: String(channelRow.id) }, why);
  return { kind: 'go', to: `/console/channels/${channelRow.id}`, note: eyes.say('asked') } as const;
}

export const channelRows: readonly Row[] = [
  { method: 'GET', path: '/console/channels', roles: everybody, tenant: operatorOnly, answer: channels },
  { method: 'GET', path: '/console/channels/add', roles: admins, tenant: operatorOnly, answer: addPage },
  { method: 'POST', path: '/console/channels', roles: admins, tenant: operatorOnly, answer: add },
  { method: 'GET', path: '/console/channels/{id}', roles: everybody, tenant: operatorOnly, answer: channel },
  { method: 'POST', path: '/console/channels/{id}/state', roles: admins, tenant: operatorOnly, answer: setState },
];
