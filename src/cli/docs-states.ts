/** docs/generated/states.md: the state rules of core/rules.ts as a picture and as a table. */
import {
  type Event,
  events,
  lateRefundRules,
  paymentRules,
  payoutRules,
  refundRules,
  type Rules,
} from '../core/rules.ts';
import { type Kind, isFinal, type Order } from '../core/order.ts';
import { markdownTable } from './markdown.ts';

type Table = Rules<string>;

const kinds: readonly { readonly kind: Kind; readonly title: string; readonly rules: Table }[] = [
  { kind: 'payment', title: 'Payments', rules: paymentRules },
  { kind: 'payout', title: 'Payouts', rules: payoutRules },
  { kind: 'refund', title: 'Refunds', rules: refundRules },
  { kind: 'refund', title: 'Refunds of late money', rules: lateRefundRules },
];

interface Change {
  readonly from: string;
  readonly event: Event;
  readonly to: string;
  readonly effects: string;
}

function changes(rules: Table): Change[] {
  return Object.entries(rules).flatMap(([from, row]) =>
    events.flatMap((event) => {
      const rule = row[event];
      if (!rule) return [];
      const effects = [
        rule.post === undefined ? '' : `posts ${rule.post}`,
        rule.tell === true ? 'tells the merchant' : '',
        rule.review === undefined ? '' : `review ${rule.review}`,
        rule.late === true ? "by the channel's policy" : '',
      ].filter((effect) => effect !== '');
      return [{ from, event, to: rule.to, effects: effects.join(', ') }];
    }),
  );
}

export function statesPage(): string {
  const parts = kinds.map(({ kind, title, rules }) => {
    const all = changes(rules);
    return [`## ${title}`, diagram(kind, rules, all), matrix(rules), effectsTable(all)].join('\n\n');
  });
  return [
    '# States',
    'What evidence makes of an order. A repetition changes nothing; an empty cell is a contradiction: nothing changes and a review opens.',
    ...parts,
  ].join('\n\n');
}

/** Arrows with the same ends share one line; repetitions are left out. */
function diagram(kind: Kind, rules: Table, all: readonly Change[]): string {
  const arrows = new Map<string, string[]>();
  for (const { from, to, event } of all.filter(({ from, to }) => from !== to)) {
    const key = `${from} --> ${to}`;
    arrows.set(key, [...(arrows.get(key) ?? []), event]);
  }
  const [start = ''] = Object.keys(rules);
  const ends = Object.keys(rules).filter((state) => isFinal({ kind, state } as Pick<Order, 'kind' | 'state'>));
  return [
    '```mermaid',
    'stateDiagram-v2',
    `  [*] --> ${start}`,
    ...[...arrows].map(([ends, names]) => `  ${ends} : ${names.join(', ')}`),
    ...ends.map((state) => `  ${state} --> [*]`),
    '```',
  ].join('\n');
}

function matrix(rules: Table): string {
  const rows = Object.entries(rules).map(([state, row]) => [
    `**${state}**`,
    ...events.map((event) => {
      const rule = row[event];
      if (!rule) return '';
      return rule.to === state ? '·' : rule.to;
    }),
  ]);
  return markdownTable(['state', ...events], rows);
}

function effectsTable(all: readonly Change[]): string {
  const rows = all
    .filter(({ effects }) => effects !== '')
    .map(({ from, event, to, effects }) => [from, event, to, effects]);
  return markdownTable(['from', 'event', 'to', 'effects'], rows);
}
