/**
 * Exports of whole tables: every row once, memory that does not grow with them, and an event loop that goes on answering (T122).
 * A sample here; a million rows with `KANAL_LONG=1 node scripts/test.mjs web/export`.
 */
import assert from 'node:assert/strict';
import { setTimeout as wait } from 'node:timers/promises';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { after, before, describe, test } from 'node:test';
import { createInflateRaw } from 'node:zlib';
import type { WebReply } from '../../src/web/web.ts';
import { rowsOf } from '../gate.ts';
import { type ConsoleScene, consoleScene } from './console-scene.ts';

const isLong = process.env['KANAL_LONG'] === '1';
const count = isLong ? 1_000_000 : 20_000;
const mib = 1024 * 1024;

let c: ConsoleScene;
let cookie: string;
let inAll: number;

/** Copies of one payment, over both homes and the states, with numbers of their own. */
async function fill(): Promise<void> {
  const columns = await rowsOf(
    c.scene.t.database,
    `select string_agg(quote_ident(attname), ', ' order by attnum) as list from pg_attribute
     where attrelid = 'kanal.payments'::regclass and attnum > 0 and not attisdropped`,
  );
  const list = String(columns[0]?.['list']);
  const own: Readonly<Record<string, string>> = {
    // Below the oldest of its home, so that none is taken.
    id: 'p.id - n',
    order_no: "'BULK' || n",
    platform_no: "'B' || p.home || '-' || n",
    reference: 'md5(n::text || p.home)',
    upstream_no: 'null',
    state: "(array['paid', 'paid', 'paid', 'failed', 'closed'])[1 + n % 5]",
    created_at: 'p.created_at + n % 2592000000',
  };
  const values = list.split(', ').map((name) => own[name] ?? `p.${name}`);
  for (let from = 1; from <= count / 2; from += 10_000)
    await c.scene.t.database.owner.run({
      text: `insert into kanal.payments (${list}) select ${values.join(', ')}
        from (select distinct on (home) * from kanal.payments where order_no not like 'BULK%' order by home, id) p,
          generate_series(${from}, ${Math.min(from + 9_999, count / 2)}) n`,
      values: [],
    });
  await c.scene.t.database.owner.run({ text: 'analyze kanal.payments', values: [] });
}

before(async () => {
  c = await consoleScene();
  await fill();
  const browser = await c.person('viewer');
  cookie = `kanal-console=${browser.cookies.get('kanal-console') ?? ''}`;
  const [row] = await rowsOf(c.scene.t.database, 'select count(*)::int as n from kanal.payments');
  inAll = Number(row?.['n']);
});
after(() => c.close());

/** Read as fast as it comes, as a client near by does, while the loop is watched. */
async function download(format: 'csv' | 'xlsx', take: (piece: Uint8Array) => void) {
  const reply: WebReply | null = await c.room({
    method: 'GET',
    path: `/console/payments/export/${format}`,
    query: new URLSearchParams(),
    headers: { host: '127.0.0.1:8080', cookie },
    body: new Uint8Array(0),
    remote: '203.0.113.7',
  });
  if (reply === null || typeof reply.body === 'string' || reply.body instanceof Uint8Array)
    assert.fail('it comes as a stream');
  const delay = monitorEventLoopDelay({ resolution: 5 });
  const before = process.memoryUsage().rss;
  let most = before;
  const began = performance.now();
  const cpu = process.cpuUsage();
  delay.enable();
  let pieces = 0;
  for await (const piece of reply.body) {
    take(piece);
    pieces += 1;
    if (pieces % 64 === 0) most = Math.max(most, process.memoryUsage.rss());
  }
  delay.disable();
  const told = {
    p50: delay.percentile(50) / 1e6,
    p99: delay.percentile(99) / 1e6,
    max: delay.max / 1e6,
    tookS: (performance.now() - began) / 1000,
    cpuUsPerRow: process.cpuUsage(cpu).user / inAll,
    grownMiB: (most - before) / mib,
  };
  const shown = Object.entries(told).map(([name, value]) => `${name} ${value.toFixed(1)}`);
  console.log(`# ${format}, ${inAll} rows: ${shown.join(', ')}`);
  return told;
}

/** Without `KANAL_LONG` other tests use the machine as well: only what is far off is told then. */
const slowestMs = isLong ? 50 : 500;
const mostMiB = isLong ? 300 : 200;

describe(`${count} payments`, () => {
  test('as CSV: every row once, no long pause, no growing memory', async () => {
    let lines = 0;
    let sum = 0;
    let rest = '';
    const decoder = new TextDecoder();
    const { p99, grownMiB } = await download('csv', (piece) => {
      const parts = (rest + decoder.decode(piece, { stream: true })).split('\r\n');
      rest = parts.pop() ?? '';
      lines += parts.length;
      for (const line of parts) sum += Number(/"BULK(\d+)"/.exec(line)?.[1] ?? 0);
    });
    assert.equal(lines, inAll + 1);
    const each = count / 2;
    assert.equal(sum, each * (each + 1), 'none twice, none missing');
    assert.ok(p99 < slowestMs, `p99 of the loop's delay: ${p99} ms`);
    assert.ok(grownMiB < mostMiB, `${grownMiB} MiB more`);
  });

  test('as XLSX: the same', async () => {
    const pieces: Uint8Array[] = [];
    const { p99, grownMiB } = await download('xlsx', (piece) => {
      pieces.push(piece);
    });
    const file = Buffer.concat(pieces);
    assert.ok(p99 < slowestMs, `p99 of the loop's delay: ${p99} ms`);
    assert.ok(grownMiB - file.length / mib < mostMiB, `${grownMiB} MiB more`);
    assert.equal(await rowsIn(file), inAll + 1);
  });

  test('pages go on being answered while both are under way', async () => {
    const browser = await c.person('viewer');
    const all = Promise.all([download('csv', () => undefined), download('xlsx', () => undefined)]);
    let isDone = false;
    void all.finally(() => {
      isDone = true;
    });
    const took: number[] = [];
    while (!isDone) {
      const began = performance.now();
      assert.equal((await browser.get('/console/payments?state=paid')).status, 200);
      took.push(performance.now() - began);
      await wait(20);
    }
    await all;
    took.sort((a, b) => a - b);
    const p95 = took[Math.floor(took.length * 0.95)] ?? 0;
    console.log(`# ${took.length} pages meanwhile, p95 ${p95.toFixed(1)} ms`);
    assert.ok(p95 < (isLong ? 500 : 2_000), `${p95} ms`);
  });
});

/** Rows of the first sheet, counted without unpacking it all at once. */
async function rowsIn(file: Buffer): Promise<number> {
  const begin = 30 + file.readUInt16LE(26) + file.readUInt16LE(28);
  const inflate = createInflateRaw();
  inflate.end(file.subarray(begin));
  let rows = 0;
  let tail = '';
  for await (const piece of inflate as AsyncIterable<Buffer>) {
    const text = tail + piece.toString('latin1');
    rows += text.split('<row ').length - 1;
    tail = text.slice(-4).includes('<') ? text.slice(text.lastIndexOf('<')) : '';
    if (tail.startsWith('<row ')) tail = '';
  }
  return rows;
}
