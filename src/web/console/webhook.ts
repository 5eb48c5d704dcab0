/** The webhook tester: one signed notice about nothing, to see what a receiver makes of it. */
import type { NoticeTrial } from '../../core/integration.ts';
import { note } from '../../flows/users.ts';
import { type Html, html } from '../html.ts';
import { credentialHead, credentialOf, credentialPath } from './credential.ts';
import { card, copyable, facts, post } from './parts.ts';
import { everybody, type Eyes, may, page, type Row, type Visit } from './row.ts';

const testers: Row['roles'] = ['support', 'admin'];

async function tester(visit: Visit) {
  return shown(visit, '', null);
}

function shown(visit: Visit, url: string, trial: NoticeTrial | null) {
  const { desk, eyes, person } = visit;
  const { say } = eyes;
  const row = credentialOf(visit);
  const reach = desk.isSandbox ? 'webhookLoopback' : 'webhookPublic';
  const form = post(
    eyes,
    `${credentialPath(row)}/webhook`,
    html`<label class="wide"><span>${say('webhookAddress')} <small>${say(reach)}</small></span><input name="url" type="url" value="${url}" autocomplete="off" required></label><button class="primary">${say('webhookSend')}</button>`,
  );
  return page(
    `${row.protocol} · ${say('webhook')}`,
    html`${credentialHead(visit, row, 'webhook')}${card(
      say('webhookSend'),
      html`<p class="hint">${say('webhookHelp')}</p>${may(person, { roles: testers, tenant: 'merchant-bound' }) && form}`,
    )}${trial && told(eyes, trial)}`,
  );
}

/** Wrapped: it is read, not run. */
function message(label: string, text: string): Html {
  return html`<pre tabindex="0" role="region" aria-label="${label}">${text}</pre>`;
}

function told(eyes: Eyes, trial: NoticeTrial): Html {
  const { say } = eyes;
  const code = (label: string, text: string) => html`<h3 class="part">${label}</h3>${message(label, text)}`;
  const verdict = say(trial.isAcknowledged ? 'webhookTaken' : 'webhookNotTaken');
  return html`<p class="${trial.isAcknowledged ? 'note good' : 'alarm'}" role="status">${verdict}</p><div class="columns">${card(
    say('webhookAnswered'),
    html`${facts([
      [
        say('httpStatus'),
        trial.status === null ? say('nothingHeard', { why: trial.answer }) : html`<code>${trial.status}</code>`,
      ],
      [say('latency'), `${trial.tookMs} ms`],
    ])}${trial.status !== null && code(say('bodyText'), trial.answer)}`,
  )}${card(
    say('webhookSent'),
    html`${facts([[say('address'), html`<code class="long">${trial.url}</code>`]])}${code(
      say('headers'),
      trial.headers.map(([name, value]) => `${name}: ${value}`).join('\n'),
    )}${code(say('bodyText'), trial.body)}`,
    copyable(eyes, trial.body),
  )}</div>${trial.signedText !== null && card(say('signedText'), message(say('signedText'), trial.signedText), copyable(eyes, trial.signedText))}`;
}

async function tryNow(visit: Visit) {
  const { desk, person, form } = visit;
  const row = credentialOf(visit);
  const url = form.required('url', 1024);
  // Who knocked at which door through us is on the record, whatever came of it.
  await note(desk.gate, person.name, 'notice.try', { credential: String(row.id), url });
  return shown(visit, url, await desk.integrations.tryNotice(row.id, url));
}

export const webhookRows: readonly Row[] = [
  {
    method: 'GET',
    path: '/console/integration/{id}/webhook',
    roles: everybody,
    tenant: 'merchant-bound',
    answer: tester,
  },
  {
    method: 'POST',
    path: '/console/integration/{id}/webhook',
    roles: testers,
    tenant: 'merchant-bound',
    answer: tryNow,
  },
];
