import { openBooks } from './books.ts';
import { runSeed } from './seed.ts';
const books = await openBooks();
const from = Number(process.argv[2] ?? '1');
const count = Number(process.argv[3] ?? '1');
const t = performance.now();
for (let s = from; s < from + count; s++) {
  const o = await runSeed(books, { seed: s, echo: process.argv[4] === 'v' });
  console.log(
    s,
    o.broken ?? 'ok',
    o.hash,
    o.events,
    Math.round(o.virtualMs / 1000),
    o.awaits,
    [...o.counters]
      .map(([k, v]) => `${k}=${v}`)
      .join(' ')
      .slice(0, 0),
  );
  if (o.broken && count === 1) console.log(o.last.slice(-40).join('\n'));
  if (process.argv[4] === 'r') {
    const b = await runSeed(books, { seed: s });
    if (b.hash !== o.hash) console.log(s, 'DIFFERS', b.hash, b.events, o.events);
  }
}
console.log('seeds/min', (60000 * count) / (performance.now() - t));
await books.close();
