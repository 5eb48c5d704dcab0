/** What the signature doctor says fills in the same things in every language, and says how to mend each mistake. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { packageRoot } from '../../src/store/package-root.ts';

const lines = readFileSync(join(packageRoot, 'src/web/console/words/sayings.ts'), 'utf8')
  .split('\n')
  .filter((line) => / en: '/.test(line));

test('each sentence has the same places to fill in, in English, Chinese and Indonesian', () => {
  assert.ok(lines.length > 150, String(lines.length));
  for (const line of lines) {
    const texts = ['en', 'zh', 'id'].map((language) => new RegExp(` ${language}: '([^']+)'`).exec(line)?.[1] ?? '');
    const places = texts.map((text) => [...new Set(text.match(/\{\w+\}/g) ?? [])].toSorted().join());
    assert.ok(
      texts.every((text) => text !== ''),
      line,
    );
    assert.equal(new Set(places).size, 1, line);
    assert.equal(new Set(texts).size, 3, line);
    assert.match(texts[1] ?? '', /\p{Script=Han}/u);
  }
});
