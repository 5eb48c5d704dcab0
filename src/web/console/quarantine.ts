/** The quarantine after a restore: since when and why, what waits, what to do, and its end. The rules are those of the command. */
import { askSecond } from '../../flows/approve.ts';
import { compareWithChannels, liftQuarantine } from '../../flows/quarantine.ts';
import { countHeldBack, countUnknownReferences, type Quarantine } from '../../store/quarantine.ts';
import { type Html, html } from '../html.ts';
import { card, crumbs, dangerous, facts, field, headed, post, time } from './parts.ts';
import { capital, retold } from './retell.ts';
import { everybody, type Eyes, may, page, type Row, type Visit } from './row.ts';

const path = '/console/quarantine';
const operatorOnly = 'operator-only' as const;
const admins: Row['roles'] = ['admin'];

/** Stands on every page while it lasts. A merchant's own people are told what it means to them, and no more. */
export function quarantineBanner({ say }: Eyes, isOperator: boolean): Html {
  return isOperator
    ? html`<p class="alarm banner" role="status"><span>${say('quarantineBanner')}</span> <a href="${path}">${say('quarantineSee')}</a></p>`
    : html`<p class="note banner" role="status">${say('quarantineMerchant')}</p>`;
}

async function quarantine(visit: Visit) {
  const { desk, eyes, person } = visit;
  const { say } = eyes;
  const present = desk.gate.directory().quarantine;
  if (!present)
    return page(say('quarantine'), html`${headed(say('quarantine'))}<p class="hint lead">${say('quarantineNone')}</p>`);
  const { db } = desk.gate;
  const [held, unknownReferences] = await Promise.all([countHeldBack(db), countUnknownReferences(db)]);
  const canAct = may(person, { roles: admins, tenant: operatorOnly });
  return page(
    say('quarantine'),
    html`${crumbs(eyes, 'home', '/console', say('quarantine'))}${headed(say('quarantine'))}
<div class="split"><div>${card(say('quarantineSteps'), steps(eyes, present, unknownReferences, canAct))}</div><div>${card(say('facts'), about(eyes, present))}${card(say('quarantineHeld'), heldBack(eyes, held))}</div></div>`,
  );
}

function about(eyes: Eyes, { begunAt, backupAt, cause, comparedAt, compared }: Quarantine): Html {
  const { say } = eyes;
  return facts([
    [say('quarantineCause'), capital(retold(eyes, cause))],
    [say('quarantineSince'), time(eyes, begunAt)],
    [say('quarantineKnown'), time(eyes, backupAt)],
    [say('comparedAt'), time(eyes, comparedAt) ?? say('comparedNever')],
    [say('comparedAsked'), compared && String(compared.asked)],
    [say('comparedAnswered'), compared && String(compared.answered)],
    [say('comparedChanged'), compared && String(compared.changed)],
    [say('comparedNotKnown'), compared && String(compared.notKnown)],
    [
      say('comparedUnanswered'),
      compared && html`<span class="badge ${compared.unanswered > 0 ? 'warn' : 'good'}">${compared.unanswered}</span>`,
    ],
  ]);
}

function heldBack({ say }: Eyes, { payouts, refunds }: Awaited<ReturnType<typeof countHeldBack>>): Html {
  return html`<ul class="advice"><li>${say('quarantineHeldNew')}</li><li><a href="/console/payouts?state=requested"><strong>${payouts}</strong> ${say('quarantineLimit')}</a></li><li><a href="/console/refunds?state=requested"><strong>${refunds}</strong> ${say('quarantineLate')}</a></li><li>${say('quarantineHeldAgain')}</li><li>${say('quarantineGoesOn')}</li></ul>`;
}

function steps(eyes: Eyes, present: Quarantine, unknownReferences: number, canAct: boolean): Html {
  const { say } = eyes;
  const isCompared = present.compared !== null && present.compared.unanswered === 0;
  const compare = post(
    eyes,
    `${path}/compare`,
    html`<button class="${isCompared ? '' : 'primary'}">${say('quarantineCompare')}</button>`,
    'inline',
  );
  return html`<ol class="steps"><li><h3>${say('quarantineCompare')}</h3><p>${say('quarantineCompareHelp')}</p>${canAct && compare}</li>
<li><h3>${say('quarantineStatements')}</h3><p>${say('quarantineStatementsHelp')}</p><p><a href="/console/reviews?state=open"><strong>${unknownReferences}</strong> ${say('quarantineUnknown')}</a></p></li>
<li><h3>${say('quarantineLift')}</h3><p>${say('quarantineLiftHelp')}</p>${isCompared ? canAct && liftForm(eyes, false) : html`<p class="hint">${say('quarantineNotYet')}</p>${canAct && html`<details><summary>${say('quarantineAnyway')}</summary><p class="alarm">${say('quarantineAnywayHelp')}</p>${liftForm(eyes, true)}</details>`}`}</li></ol>`;
}

function liftForm(eyes: Eyes, isAnyway: boolean): Html {
  const { say } = eyes;
  const content = html`${isAnyway && html`<input type="hidden" name="anyway" value="yes">`}${field(say('why'), 'why', { help: say('quarantineWhy') })}<button class="primary">${say(isAnyway ? 'askSecond' : 'quarantineLift')}</button>`;
  return isAnyway
    ? post(eyes, `${path}/lift`, content)
    : dangerous(eyes, `${path}/lift`, say('quarantineAsk'), content, 'form');
}

async function compare({ desk, eyes, person }: Visit) {
  const { asked, changed, unanswered } = await compareWithChannels(desk, person.name);
  const told = { asked: String(asked), changed: String(changed), unanswered: String(unanswered) };
  return { kind: 'go', to: path, note: eyes.say('quarantineCompared', told) } as const;
}

async function lift({ desk, eyes, person, form }: Visit) {
  const why = form.required('why', 500);
  // What nobody has compared takes two: money may leave a second time.
  if (form.text('anyway') === 'yes') {
    await askSecond(desk, person, 'quarantine.lift', { why }, why);
    return { kind: 'go', to: path, note: eyes.say('asked') } as const;
  }
  await liftQuarantine(desk, person.name, why, false);
  return { kind: 'go', to: path, note: eyes.say('quarantineDone') } as const;
}

export const quarantineRows: readonly Row[] = [
  { method: 'GET', path, roles: everybody, tenant: operatorOnly, answer: quarantine },
  { method: 'POST', path: `${path}/compare`, roles: admins, tenant: operatorOnly, answer: compare },
  { method: 'POST', path: `${path}/lift`, roles: admins, tenant: operatorOnly, answer: lift },
];
