/** The timeline of an order for people: a sentence each, and below it the message as it travelled. `--json` has every member. */
import type { Row } from './gateway.ts';
import { shown } from './table.ts';

type Sentence = (entry: Row) => string;

const sentences: Readonly<Record<string, Sentence>> = {
  created: () => '',
  attempt: ({ channelName, reference, state }) => `at ${shown(channelName)} as ${shown(reference)}: ${shown(state)}`,
  event: happened,
  callback: ({ method, target, verdict }) => `${shown(method)} ${shown(target)}: ${shown(verdict)}`,
  move: ({ amount, from, to, reason }) => `${shown(amount)} ${shown(from)} → ${shown(to)} (${shown(reason)})`,
  notice: ({ id, event, url, state, dueAt }) =>
    `${shown(id)}: ${shown(event)} to ${shown(url)}: ${shown(state)}${dueAt === null ? '' : `, next at ${shown(dueAt)}`}`,
  'notice-attempt': ({ no, outcome, status, answer, tookMs }) =>
    `no. ${shown(no)}: ${worded([outcome, status === null ? '' : `HTTP ${shown(status)}`, answer])} (${shown(tookMs)} ms)`,
  review: ({ id, reason, state, detail }) => `${shown(id)}: ${worded([reason, state])} ${shown(detail)}`.trimEnd(),
  'review-closed': ({ id, decision }) => `${shown(id)}: ${shown(decision)}`,
};

function worded(parts: readonly unknown[]): string {
  return parts
    .map(shown)
    .filter((part) => part !== '')
    .join(', ');
}

/** "succeeded by callback: pending → paid, IDR 20,000" */
function happened(entry: Row): string {
  const { event, source, outcome, from, to, amount, reason } = entry;
  if (event === undefined || source === undefined) return everything(entry);
  const change = outcome === 'changed' ? `${shown(from)} → ${shown(to)}` : `${shown(outcome)}, ${shown(to ?? from)}`;
  return `${shown(event)} by ${shown(source)}: ${worded([change, amount, reasonText(reason)])}`;
}

function reasonText(reason: unknown): string {
  if (typeof reason !== 'object' || reason === null) return shown(reason);
  const { code, text } = reason as Row;
  return [code, text].map(shown).join(' ').trim();
}

function everything(entry: Row): string {
  return Object.entries(entry)
    .filter(([name, value]) => name !== 'at' && name !== 'what' && value !== null && value !== '')
    .map(([name, value]) => `${name}=${shown(value)}`)
    .join(' ');
}

export function timelineText(entries: readonly Row[]): string {
  return entries
    .flatMap((entry) => {
      const what = shown(entry['what']);
      const line = `${shown(entry['at'])}  ${what.padEnd(14)}  ${(sentences[what] ?? everything)(entry)}`.trimEnd();
      const body = shown(entry['body']);
      return body === '' || sentences[what] === undefined ? [line] : [line, `    ${body}`];
    })
    .join('\n');
}
