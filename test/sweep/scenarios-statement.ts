/** The script of finance: a bank that never calls and does not know its own payout when asked, and whose statement says how it ended (T062). */
import { createHash } from 'node:crypto';
import { dayText } from '../../src/core/days.ts';
import { money } from '../../src/core/money.ts';
import { reconcileDay } from '../../src/flows/reconcile-day.ts';
import { sql } from '../../src/store/database.ts';
import { statementLinesOf } from '../../src/twin/bill.ts';
import { fault, plainCallback } from '../../src/twin/faults.ts';
import { began } from '../simulation/books.ts';
import type { Scenario } from './scenario.ts';
import type { Stage } from './stage.ts';

const noCallback = fault('callback', { callback: { ...plainCallback, times: 0 } });
const zone = 'Asia/Shanghai';
const mostTries = 20;

/** A line about nobody's money: suspense, once. */
const foreign = {
  kind: 'payment',
  reference: 'NOBODYS',
  upstreamNo: null,
  money: money(4_200n, 'IDR'),
  state: 'paid',
  at: null,
  fee: null,
} as const;

/** Until somebody has seen the result: what the process was doing when it died is done again. */
async function handIn(stage: Stage, day: string): Promise<void> {
  const bank = stage.bank('bluepay');
  const lines = [...[...bank.orders.values()].flatMap(statementLinesOf), foreign].map((line, index) => ({
    ...line,
    at: null,
    no: index + 2,
  }));
  const digest = createHash('sha256').update(String(lines.length)).digest();
  const given = { source: 'file', digest, lines } as const;
  for (let i = 0; i < mostTries; i += 1) {
    const { open = null } = await stage.operators.visit(async (office) => {
      const channel = [...office.gate.directory().channels.values()].find(({ protocol }) => protocol === 'bluepay');
      if (!channel) throw new Error('no such channel');
      return reconcileDay(office, 'finance', channel, day, given, { learns: true, isAnyway: true });
    });
    if (open !== null) return;
    await stage.clock.sleep(5_000);
  }
  stage.fail('the statement cannot be compared');
}

async function counted(stage: Stage): Promise<Readonly<Record<string, bigint>>> {
  const [row] = await stage.books.owner.run<Record<string, bigint>>(sql`
    select (select count(*) from reconciliations) as runs,
      (select count(*) from reviews where reason = 'statement-unknown-here') as reviews,
      (select count(*) from moves where reason = 'suspense-in/statement' and amount = 4200) as entries,
      (select count(*) from differences d where d.outcome is null and d.order_id is not null and d.line_no is not null) as unlearnt`);
  return row ?? {};
}

export const statementScenarios: readonly Scenario[] = [
  {
    name: 'statement',
    about: 'the bank is silent about a payout that it has made; its statement, handed in by finance, ends it',
    ends: { payout: ['succeeded'] },
    async play(stage) {
      stage.network.trouble({ edge: 'call', match: /bluepay\.twin/, what: 'lost-answer', times: 1 });
      stage.bank('bluepay').plan('pay-out', [fault('not-found', { ms: 86_400_000 }), noCallback]);
      const order = stage.shopA.payout('unified');
      await stage.shopA.create(order);
      const day = dayText(began + stage.clock.now, zone);
      await stage.clock.sleep(1_000_000);
      // Somebody has paid into our account there, for no order.
      stage.bank('bluepay').movements.push({ reference: foreign.reference, ...foreign.money });
      await handIn(stage, day);
    },
    async check(stage) {
      const { runs, reviews, entries, unlearnt } = await counted(stage);
      const found = [runs, reviews, entries, unlearnt].join();
      if (found !== '1,1,1,0') stage.fail(`runs, reviews, suspense entries and unlearnt lines: ${found}`);
    },
  },
];
