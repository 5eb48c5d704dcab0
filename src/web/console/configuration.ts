/** What this installation is set to. It comes from flags and environment, so it is shown here and changed there. */
import { html } from '../html.ts';
import { card, facts, headed, table } from './parts.ts';
import { longestPassword, shortestPassword } from './password.ts';
import { type Configured, page, type Row, type Visit } from './row.ts';
import { sayValue } from './words.ts';

async function configuration({ desk, eyes }: Visit) {
  const { say } = eyes;
  return page(
    say('configuration'),
    html`${headed(say('configuration'))}<p class="hint lead">${say('configurationHelp')}</p><section class="card flush">${table(
      [
        { head: say('name'), cell: ({ key }: Configured) => sayValue(say, 'option', key) },
        {
          head: say('value'),
          cell: ({ value }: Configured) =>
            value === '' ? html`<span class="quiet">–</span>` : html`<code class="long">${value}</code>`,
        },
        {
          head: say('setBy'),
          cell: ({ isDefault }: Configured) =>
            isDefault ? html`<span class="quiet">${say('default')}</span>` : say('you'),
          isExtra: true,
        },
        {
          head: say('setWhere'),
          cell: ({ flag, variable }: Configured) => html`<code>${variable}</code><br><code>--${flag}</code>`,
          look: 'code',
          isExtra: true,
        },
      ],
      desk.configured,
      say('nothing'),
    )}</section>${card(
      say('fixedRules'),
      facts([
        [say('ruleSessions'), say('ruleSessionsText')],
        [say('ruleTries'), say('ruleTriesText')],
        [say('secondFactor'), say('ruleTotpText')],
        [say('rulePassword'), `${shortestPassword}–${longestPassword}, argon2id`],
        [say('approvals'), say('ruleFourEyes')],
      ]),
    )}`,
  );
}

export const configurationRows: readonly Row[] = [
  {
    method: 'GET',
    path: '/console/settings',
    roles: ['admin'],
    tenant: 'operator-only',
    answer: configuration,
  },
];
