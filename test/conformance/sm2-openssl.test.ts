/**
 * SM2 against the OpenSSL command line, at random and in both directions: a dozen pairs of key and message, with KANAL_LONG=1 ten
 * thousand (22,000 runs of OpenSSL: two minutes on two idle cores). OpenSSL runs from two shell loops, so that nothing but itself costs time.
 */
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { generateKeyPairSync, randomBytes, randomInt } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { DerReader, derPair } from '../../src/protocols/der.ts';
import { signSm2, verifySm2 } from '../../src/protocols/sm2.ts';

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;
const count = process.env['KANAL_LONG'] === '1' ? 10_000 : 12;
/** Messages signed with one key: a new key costs us its table. */
const perKey = count > 100 ? 20 : 3;

const run = promisify(execFile);
const id = 'distid:1234567812345678';
/** Lines "key number" on stdin's file; each makes a signature or a verdict of its own. */
const signing = `while read k n; do openssl dgst -sm3 -sign $k.pem -sigopt ${id} -out $n.theirs $n.text || echo "no $n"; done`;
const verifying = `while read k n; do if openssl dgst -sm3 -verify $k.pub -sigopt ${id} -signature $n.$1 $n.$2 >/dev/null 2>&1; then echo "$n"; fi; done`;

interface Pair {
  readonly no: number;
  readonly key: string;
  readonly publicKey: ReturnType<typeof generateKeyPairSync>['publicKey'];
  readonly text: Buffer;
  readonly flippedText: Buffer;
  readonly signature: Uint8Array;
  readonly flippedSignature: Uint8Array;
}

test(`SM2 and OpenSSL agree on ${count} random pairs of key and message, both ways`, {
  skip: hasOpenssl ? false : 'no openssl command',
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'kanal-sm2-many-'));
  const file = (name: string) => join(folder, name);
  const numbers = (pairs: readonly Pair[]) => pairs.map(({ no }) => String(no));
  try {
    const pairs = await makePairs(file);
    assert.equal(pairs.length, count);

    // Ours, read by OpenSSL: taken as they are; refused with a bit of the text or of r or s turned (of ten thousand, every tenth).
    const some = pairs.filter(({ no }) => count < 100 || no % 10 === 0);
    assert.deepEqual(await inShells(folder, pairs, verifying, 'ours', 'text'), numbers(pairs));
    assert.deepEqual(await inShells(folder, some, verifying, 'ours', 'flipped'), []);
    assert.deepEqual(await inShells(folder, some, verifying, 'turned', 'text'), []);
    for (const { no, publicKey, text, flippedSignature } of pairs)
      assert.ok(!verifySm2(publicKey, text, flippedSignature), `pair ${no}`);

    // Theirs, read by us.
    assert.deepEqual(await inShells(folder, pairs, signing), []);
    for (const { no, publicKey, text, flippedText } of pairs) {
      const theirs = await readFile(file(`${no}.theirs`));
      assert.ok(verifySm2(publicKey, text, theirs), `pair ${no}: ${text.toString('hex')} ${theirs.toString('hex')}`);
      assert.ok(!verifySm2(publicKey, flippedText, theirs), `pair ${no}`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

async function makePairs(file: (name: string) => string): Promise<Pair[]> {
  const pairs: Pair[] = [];
  for (let no = 0; no < count; ) {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'SM2' });
    const key = `key${no}`;
    await writeFile(file(`${key}.pem`), privateKey.export({ type: 'pkcs8', format: 'pem' }));
    await writeFile(file(`${key}.pub`), publicKey.export({ type: 'spki', format: 'pem' }));
    for (const end = Math.min(no + perKey, count); no < end; no += 1) {
      const text = randomBytes(randomInt(0, 700) + 1);
      const signature = signSm2(privateKey, text, randomBytes);
      const pair: Pair = {
        no,
        key,
        publicKey,
        text,
        flippedText: flipped(text),
        signature,
        flippedSignature: turned(signature),
      };
      await writeFile(file(`${no}.text`), text);
      await writeFile(file(`${no}.flipped`), pair.flippedText);
      await writeFile(file(`${no}.ours`), signature);
      await writeFile(file(`${no}.turned`), pair.flippedSignature);
      pairs.push(pair);
    }
  }
  return pairs;
}

function flipped(text: Buffer): Buffer {
  const copy = Buffer.from(text);
  const at = randomInt(copy.length);
  copy[at] = (copy[at] ?? 0) ^ (1 << randomInt(8));
  return copy;
}

/** One bit of r or s is another. */
function turned(signature: Uint8Array): Uint8Array {
  const sequence = new DerReader(signature).enter(0x30);
  const [r, s] = [sequence.integer(), sequence.integer()];
  const bit = 1n << BigInt(randomInt(256));
  return randomInt(2) === 0 ? derPair(r ^ bit, s) : derPair(r, s ^ bit);
}

/** What the loops printed, by number. */
async function inShells(folder: string, pairs: readonly Pair[], loop: string, ...args: string[]): Promise<string[]> {
  const shells = Math.min(availableParallelism(), 4);
  const outputs = Array.from({ length: shells }, async (_, shell) => {
    const list = join(folder, `list${shell}`);
    const lines = pairs.filter(({ no }) => no % shells === shell).map(({ key, no }) => `${key} ${no}\n`);
    await writeFile(list, lines.join(''));
    const script = `exec < "$0"; ${loop}`;
    const { stdout } = await run('sh', ['-c', script, list, ...args], { cwd: folder, maxBuffer: 64 * 1024 * 1024 });
    return stdout.split('\n').filter((line) => line !== '');
  });
  const all = (await Promise.all(outputs)).flat();
  return all.toSorted((a, b) => Number(a) - Number(b));
}
