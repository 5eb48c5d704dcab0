/** The flight recorder: everything that happened to an order, in one line of time, in words. */
import type { Order } from '../../core/order.ts';
import { idOf } from '../api/desk.ts';
import type { Entry } from '../api/show.ts';
import { type Html, html, type Piece } from '../html.ts';
import { accountName, postingName } from './books.ts';
import { resenders } from './traffic.ts';
import { badge, copyable, money, post, rawRequest, time, timeThere } from './parts.ts';
import { heard, reasonText, retold } from './retell.ts';
import { type Eyes, may, type Visit } from './row.ts';
import { sayValue } from './words.ts';

/** Members that the headline of an entry has told already. */
const told: Readonly<Record<string, readonly string[]>> = {
  exchange: ['id', 'side', 'party', 'endpoint', 'outcome', 'status', 'tookMs', 'request', 'reply'],
  created: ['state'],
  attempt: ['channel', 'channelName', 'state', 'id', 'answeredAt'],
  event: ['id', 'outcome', 'from', 'to', 'source', 'event', 'channel', 'reference', 'reason'],
  move: ['amount', 'from', 'to', 'reason'],
  notice: ['id', 'event', 'state', 'target', 'body', 'url', 'dueAt'],
  'notice-attempt': ['notice', 'no', 'outcome', 'status', 'tookMs'],
  callback: ['id', 'channel', 'verdict', 'body', 'method', 'target'],
  review: ['id', 'reason', 'state'],
  'review-closed': ['id'],
};

function word(value: unknown): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value as string | number | boolean);
}

interface Line {
  readonly title: Piece;
  readonly tone: string;
  /** Behind the headline, in small letters. */
  readonly small: Piece;
  readonly body: Piece;
}

type Writer = (visit: Visit, entry: Entry, order: Order) => Line;

const writers: Readonly<Record<string, Writer>> = {
  exchange: ({ eyes }, entry) => exchangeLine(eyes, entry),
  created: ({ eyes }, _entry, order) => line(eyes.say('entry.created'), 'quiet', `${order.protocol} ${order.orderNo}`),
  attempt: ({ eyes }, entry, order) => {
    const { say } = eyes;
    // Above the limit: the attempt is written down, and nothing left yet.
    if (order.state === 'requested')
      return line(say('entry.held', { channel: word(entry['channelName'] ?? entry['channel']) }), 'wait', '');
    const title = say('entry.attempt', { channel: word(entry['channelName'] ?? entry['channel']) });
    const answered = word(entry['answeredAt']);
    const took =
      answered === '' ? null : say('answeredIn', { ms: String(Date.parse(answered) - Date.parse(entry.at)) });
    const state = word(entry['state']);
    return line(title, state === 'declined' ? 'bad' : 'wait', html`${badge(eyes, state, 'attempt')} ${took}`);
  },
  event: ({ eyes }, entry) => {
    const [from, to] = [word(entry['from']), word(entry['to'])];
    const name = (state: string) => sayValue(eyes.say, 'state', state);
    const title =
      from === to
        ? eyes.say('entry.same', { to: name(to) })
        : eyes.say('entry.event', { from: name(from), to: name(to) });
    const outcome = word(entry['outcome']);
    const odd = outcome === 'changed' || outcome === 'repeated' ? '' : sayValue(eyes.say, 'state', outcome);
    const said = `${sayValue(eyes.say, 'source', word(entry['source']))}: ${sayValue(eyes.say, 'said', word(entry['event']))}`;
    const reason = to === 'paid' || to === 'succeeded' ? '' : reasonText(eyes, entry['reason'] ?? {});
    return line(title, toneOf(to, outcome), [said, odd, reason].filter(Boolean).join(' · '));
  },
  move: ({ desk, eyes }, entry) =>
    line(
      eyes.say('entry.move', { amount: amountText(entry['amount']) }),
      'quiet',
      `${postingName(eyes, word(entry['reason']))}: ${accountName(desk, eyes, word(entry['from']))} → ${accountName(desk, eyes, word(entry['to']))}`,
    ),
  notice: (visit, entry) => {
    const { eyes } = visit;
    return line(
      eyes.say('entry.notice', { event: sayValue(eyes.say, 'event', word(entry['event'])) }),
      'wait',
      badge(eyes, word(entry['state'])),
      noticeBody(visit, entry),
    );
  },
  'notice-attempt': ({ eyes }, entry) =>
    line(
      eyes.say('entry.notice-attempt', {
        no: word(entry['no']),
        outcome: sayValue(eyes.say, 'told', word(entry['outcome'])),
      }),
      entry['outcome'] === 'acknowledged' ? 'good' : 'bad',
      [entry['status'] === null ? '' : `HTTP ${word(entry['status'])}`, `${word(entry['tookMs'])} ms`]
        .filter(Boolean)
        .join(' · '),
    ),
  callback: ({ desk, eyes, person }, entry) => {
    const channel =
      desk.gate.directory().channels.get(idOf(word(entry['channel'])) ?? -1n)?.name ?? word(entry['channel']);
    return line(
      eyes.say('entry.callback', { channel }),
      toneOf('', word(entry['verdict'])),
      badge(eyes, word(entry['verdict'])),
      person.merchantId === null ? rawRequest(word(entry['method']), word(entry['target']), word(entry['body'])) : null,
    );
  },
  review: ({ eyes, person }, entry) => {
    const isOperator = person.merchantId === null;
    return line(
      eyes.say('entry.review', { reason: sayValue(eyes.say, 'review', word(entry['reason'])) }),
      'bad',
      isOperator ? html`<a href="/console/reviews/${word(entry['id'])}">${word(entry['id'])}</a>` : null,
    );
  },
  'review-closed': ({ eyes }) => line(eyes.say('entry.review-closed'), 'good', null),
};

/** What was said, and what was answered; the signature's verdict is the outcome's first word. */
function exchangeLine(eyes: Eyes, entry: Entry): Line {
  const { say } = eyes;
  const isAsked = entry['side'] === 'merchant';
  const title = say(isAsked ? 'entry.asked' : 'entry.called', {
    party: word(entry['party']),
    endpoint: word(entry['endpoint']),
  });
  const outcome = word(entry['outcome']);
  const small = [
    entry['status'] === null ? say('heardNothing') : `HTTP ${word(entry['status'])}`,
    `${word(entry['tookMs'])} ms`,
    outcome === 'answered' ? '' : retold(eyes, outcome),
  ];
  const raw = (name: 'theRequest' | 'theReply', text: string) =>
    text === ''
      ? null
      : html`<details class="raw"><summary>${say(name)}</summary><pre tabindex="0" role="region" aria-label="${say(name)}">${text}</pre></details>`;
  return line(
    title,
    outcome === 'answered' ? 'quiet' : 'wait',
    small.filter(Boolean).join(' · '),
    html`${raw('theRequest', word(entry['request']))}${raw('theReply', word(entry['reply']))}`,
  );
}

function line(title: Piece, tone: string, small: Piece, body: Piece = null): Line {
  return { title, tone, small, body };
}

function toneOf(state: string, outcome: string): string {
  if (outcome === 'contradiction' || outcome === 'mismatch' || outcome === 'second-success' || outcome === 'forged')
    return 'bad';
  if (state === 'paid' || state === 'succeeded' || outcome === 'changed') return state === 'failed' ? 'bad' : 'good';
  return state === 'failed' || state === 'returned' ? 'bad' : 'wait';
}

function amountText(value: unknown): string {
  const { minor, currency } = (value ?? {}) as { minor?: unknown; currency?: unknown };
  return typeof minor === 'string' && typeof currency === 'string' ? money(BigInt(minor), currency) : word(value);
}

/** In single quotes for a shell. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function noticeBody({ eyes, person }: Visit, entry: Entry): Html {
  const body = word(entry['body']);
  const curl = `curl -X POST ${quoted(word(entry['url']))} -H 'content-type: application/json' --data ${quoted(body)}`;
  const canResend = may(person, { roles: resenders, tenant: 'merchant-bound' });
  return html`<div class="acts">${canResend && post(eyes, '/console/notices/resend', html`<input type="hidden" name="id" value="${word(entry['id'])}"><input type="hidden" name="back" value="order"><button class="small">${eyes.say('resend')}</button>`, 'inline')}${copyable(eyes, curl, eyes.say('copyCurl'))}</div><details class="raw"><summary>${word(entry['url'])}</summary><pre>${body}</pre></details>`;
}

export function recorder(visit: Visit, order: Order, entries: readonly Entry[]): Html {
  const { eyes } = visit;
  const { currency } = order.amount;
  return html`<ol class="timeline">${entries.map((entry) => {
    const write = writers[entry.what];
    const { title, tone, small, body } = write ? write(visit, entry, order) : line(entry.what, 'quiet', null);
    const at = Date.parse(entry.at);
    return html`<li class="${tone}"><div class="moment">${time(eyes, at)}${timeThere(eyes, at, currency)}</div><div class="happened"><strong>${title}</strong> <small>${small}</small>${rest(eyes, entry)}${body}</div></li>`;
  })}</ol>`;
}

/** Members in one row; what was written down as a whole is told member by member. */
function rest(eyes: Eyes, entry: Entry): Html | null {
  const { say } = eyes;
  const skipped = new Set(['at', 'what', ...(told[entry.what] ?? [])]);
  const pairs = Object.entries(entry).filter(
    ([name, value]) => !skipped.has(name) && word(value) !== '' && word(value) !== '0',
  );
  if (pairs.length === 0) return null;
  const shown = pairs.flatMap(([name, value]) => {
    if (name === 'amount' || typeof value !== 'object' || value === null)
      return html`<span>${sayValue(say, 'member', name)} <code>${name === 'amount' ? amountText(value) : word(value)}</code></span>`;
    return Object.entries(value)
      .filter(([member, one]) => one !== null && member !== 'mark')
      .map(([member, one]) => html`<span>${sayValue(say, 'heard', member)} ${heard(eyes, member, one)}</span>`);
  });
  return html`<p class="rest">${shown}</p>`;
}
