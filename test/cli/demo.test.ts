/** `kanal demo` with a database of its own: the usual story of a protocol, and the one in which an answer is lost. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { packageRoot } from '../../src/store/package-root.ts';

interface Told {
  readonly ok: boolean;
  readonly balanced: boolean;
  readonly stories: readonly {
    readonly story: string;
    readonly ok: boolean;
    readonly steps: readonly { readonly text: string }[];
  }[];
}

test('an answer is lost: the order is unknown, nothing is booked, a question settles it, once', async () => {
  const data = await mkdtemp(join(tmpdir(), 'kanal-demo-test-'));
  try {
    const main = join(packageRoot, 'dist/src/cli/main.js');
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [main, 'demo', '--protocol', 'bestpay', '--json', '--data', data],
      { timeout: 240_000 },
    );
    const told = JSON.parse(stdout) as Told;
    assert.deepEqual([told.ok, told.balanced, told.stories.length], [true, true, 2]);
    const lost = told.stories.find(({ story }) => story.includes('answer is lost'));
    const texts = lost?.steps.map(({ text }) => text) ?? [];
    const [, unknown = '', ends = '', settled = '', posted = ''] = texts;
    assert.match(unknown, /unknown, neither paid nor failed; nothing is booked/);
    assert.match(ends, /call ends with the truth/);
    assert.match(settled, /by its own reference.*paid, carried out once/);
    assert.match(posted, /^posted: CNY/);
  } finally {
    await rm(data, { recursive: true, force: true });
  }
});
