/** The part of `kanal demo` in which an answer is lost: a time-out is no failure, and a question settles it. */
import { call as askGateway, type Row, rows } from './gateway.ts';
import { type Cast, Otherwise, type Stage, until } from './demo-stage.ts';
import { shown } from './table.ts';

interface Lost {
  /** How the end was learnt, and that the money moved once. */
  told(order: Row): Promise<string>;
}

/** Whatever bank it will be: carried out, the answer broken off, no callback, and for a while not even known when asked. */
const faults = [
  { kind: 'truncate', bytes: 0 },
  { kind: 'not-found', ms: 3_000 },
  { kind: 'callback', times: 0 },
];

export async function loseReply({ document, input }: Stage, { orderNo }: Cast): Promise<Lost> {
  const plan = { match: { operation: 'pay', merchantOrderNo: orderNo }, times: 1, faults };
  const twins = Object.values(document.twins);
  await Promise.all(twins.map(({ controlUrl }) => control(`${controlUrl}/_twin/plan`, plan)));
  return {
    async told(order) {
      const { timeline } = await askGateway(input, 'GET', `/orders/${shown(order['id'])}`);
      const attempts: readonly Row[] = Array.isArray(timeline) ? timeline : [];
      const reference = shown(attempts.find(({ what }) => what === 'attempt')?.['reference']);
      const found = await Promise.all(
        twins.map(({ controlUrl }) => control(`${controlUrl}/_twin/executions?reference=${reference}`)),
      );
      const executions = found.flat();
      if (executions.length !== 1) throw new Otherwise(`the bank carried it out ${executions.length} times`);
      const state = shown(order['state']);
      return `the gateway asked the bank by its own reference until it knew: the order is ${state}, carried out once`;
    },
  };
}

async function control(url: string, body?: object): Promise<readonly unknown[]> {
  const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  const response = await fetch(url, body === undefined ? {} : init);
  if (!response.ok) throw new Otherwise(`the bank would not: ${await response.text()}`);
  const answer: unknown = await response.json();
  return Array.isArray(answer) ? answer : [answer];
}

/** Neither paid nor failed: that is what the books and the merchant are told until somebody knows. */
export async function isUnknown({ input, world }: Stage, { list, orderNo }: Cast): Promise<string> {
  const events = await until(world, 'the order did not become unknown', async () => {
    const [row] = await rows(input, `/${list}?number=${orderNo}`);
    if (!row) return null;
    const { timeline } = await askGateway(input, 'GET', `/orders/${shown(row['id'])}`);
    const found: readonly Row[] = Array.isArray(timeline) ? timeline : [];
    return found.some(({ what, to }) => what === 'event' && to === 'unknown') ? found : null;
  });
  if (events.some(({ what }) => what === 'move')) throw new Otherwise('money was booked although nobody knew');
  return 'sent, and the answer never came: the order is unknown, neither paid nor failed; nothing is booked, nothing is sent again';
}
