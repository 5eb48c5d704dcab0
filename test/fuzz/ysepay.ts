/**
 * Random and damaged input for the ysepay readers: form, charsets, node cutter. Nothing may throw anything but a Refusal, hang, or
 * accept what was not signed. A test runs a sample; the long run is
 *
 *     npm run build && node dist/test/fuzz/ysepay.js 200000 [seed]
 */
import assert from 'node:assert/strict';
import { pathToFileURL } from 'node:url';
import { Refusal } from '../../src/core/refusal.ts';
import { fields, writeJson } from '../../src/protocols/json.ts';
import { decodeText, encodeText } from '../../src/protocols/ysepay/charset.ts';
import { canonicalForm, parseForm } from '../../src/protocols/ysepay/form.ts';
import { ysepay } from '../../src/protocols/ysepay/protocol.ts';
import { arrived, keysOf, replyOf, rowOf, sceneOf } from '../conformance/ysepay-party.ts';

/** mulberry32: the same seed, the same run. */
function chanceOf(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296) * below);
  };
}

type Chance = ReturnType<typeof chanceOf>;

/** Bytes that mean something somewhere: separators, escapes, quotes, lead and trail bytes. */
const telling = Buffer.from('&=+%{}[]":,\\/ \n\0aZ09', 'latin1');

function bytesOf(chance: Chance, most: number): Buffer {
  const bytes = Buffer.alloc(chance(most));
  for (let at = 0; at < bytes.length; at += 1)
    bytes[at] = chance(2) === 0 ? (telling[chance(telling.length)] ?? 0) : chance(256);
  return bytes;
}

/** A good message with a few bytes changed, dropped, doubled or moved. */
function damaged(chance: Chance, good: Uint8Array): Buffer {
  let bytes = Buffer.from(good);
  for (let i = 1 + chance(4); i > 0; i -= 1) {
    const at = chance(bytes.length);
    const few = bytesOf(chance, 4);
    const cut = at + chance(3);
    const turns = [
      () => Buffer.concat([bytes.subarray(0, at), few, bytes.subarray(cut)]),
      () => Buffer.concat([bytes.subarray(0, cut), bytes.subarray(at)]),
      () => Buffer.concat([bytes.subarray(at), Buffer.from('&'), bytes.subarray(0, at)]),
      () => bytes.subarray(0, at),
    ];
    bytes = turns[chance(turns.length)]?.() ?? bytes;
  }
  return bytes;
}

const platform = keysOf('platform', {}, ['RSA']);
const row = rowOf('ysepay.online.trade.query', 'query-payment');
const longestMs = 2_000;
const blank = { kind: 'request', method: 'POST', target: '/gateway.do', headers: [], remote: '' } as const;

const seeds = ['UTF-8', 'GBK'].map((charset) => {
  const keys = keysOf('merchant', { charset }, ['RSA']);
  const members = fields({
    notify_url: 'http://m.test/n?a=1',
    biz_content: fields({ out_trade_no: '20260102x', subject: '测试 a+b%{}' }),
  });
  const body = ysepay.request.seal(members, sceneOf(keys, row)).body;
  const opened = ysepay.request.open(arrived({ ...blank, body }), sceneOf(platform, row));
  const told = fields({
    ysepay_online_trade_query_response: fields({ code: '10000', trade_status: 'TRADE_SUCCESS', x: '中"\\{}' }),
  });
  const reply = ysepay.reply.seal(told, sceneOf(platform, row, opened)).body;
  const node = writeJson(ysepay.reply.open(replyOf(reply), sceneOf(keys, row)).fields);
  return { keys, body, genuine: signedText(body), reply, node };
});

function signedText(body: Uint8Array): string {
  return Buffer.from(canonicalForm(parseForm(body) ?? [])).toString('latin1');
}

/** Runs; true when it was accepted. Anything but a Refusal is a find. */
function accepts(run: () => void): boolean {
  try {
    run();
    return true;
  } catch (error) {
    if (error instanceof Refusal) return false;
    throw error;
  }
}

function tryRequest(body: Buffer, genuine: string): boolean {
  const wire = { ...blank, body };
  accepts(() => void ysepay.identify(wire));
  const taken = accepts(() => void ysepay.request.open(wire, sceneOf(platform, row)));
  // The very signed text may come escaped in other ways; nothing else may pass.
  if (taken) assert.equal(signedText(body), genuine, 'accepted a text that nobody signed');
  return taken;
}

function tryText(bytes: Buffer): void {
  for (const charset of ['UTF-8', 'GBK'] as const) {
    const text = decodeText(bytes, charset);
    if (text === null) continue;
    const back = encodeText(text, charset);
    if (charset === 'UTF-8') assert.deepEqual(Buffer.from(back ?? []), bytes);
  }
}

/** How many inputs were accepted, of how many. Throws with seed and number at the first find. */
export function fuzz(count: number, seed: number): { readonly inputs: number; readonly accepted: number } {
  const chance = chanceOf(seed);
  let accepted = 0;
  for (let no = 0; no < count; no += 1) {
    const began = performance.now();
    const one = seeds[chance(seeds.length)];
    if (!one) throw new Error('no seeds');
    try {
      const kind = chance(4);
      if (kind === 0) {
        const bytes = bytesOf(chance, 400);
        tryText(bytes);
        tryRequest(bytes, one.genuine);
      } else if (kind === 1) {
        if (tryRequest(damaged(chance, one.body), one.genuine)) accepted += 1;
      } else {
        const bytes = kind === 2 ? damaged(chance, one.reply) : bytesOf(chance, 300);
        let node = '';
        const open = () => {
          node = writeJson(ysepay.reply.open(replyOf(bytes), sceneOf(one.keys, row)).fields);
        };
        if (accepts(open)) {
          assert.equal(node, one.node, 'accepted a node that nobody signed');
          accepted += 1;
        }
      }
      const took = performance.now() - began;
      assert.ok(took < longestMs, `took ${took} ms`);
    } catch (error) {
      throw new Error(`input ${no} of seed ${seed}: ${error instanceof Error ? error.message : String(error)}`, {
        cause: error,
      });
    }
  }
  return { inputs: count, accepted };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [, , count = '200000', seed = String(Date.now() % 1_000_000)] = process.argv;
  const began = performance.now();
  const result = fuzz(Number(count), Number(seed));
  console.log(`${JSON.stringify(result)}, seed ${seed}, ${Math.round(performance.now() - began)} ms`);
}
