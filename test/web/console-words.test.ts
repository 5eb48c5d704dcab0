/** The console speaks of every value the core has, in three languages, and no two topics use one name for different words. */
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { methods } from '../../src/core/commands.ts';
import { directions } from '../../src/core/exchange.ts';
import { events } from '../../src/core/rules.ts';
import { options } from '../../src/config.ts';
import { packageRoot } from '../../src/store/package-root.ts';
import { roles } from '../../src/store/tokens.ts';
import { languages } from '../../src/web/cashier/words.ts';
import { sayValue, wordsOf } from '../../src/web/console/words.ts';
import { listStates } from '../../src/web/list-states.ts';

const source = (place: string) => readFile(join(packageRoot, 'src', place), 'utf8');

test('no name stands in two topics: the later one would silently take its place', async () => {
  const folder = 'web/console/words';
  const seen = new Map<string, string>();
  const twice: string[] = [];
  for (const file of await readdir(join(packageRoot, 'src', folder))) {
    const text = await source(`${folder}/${file}`);
    for (const [, name = ''] of text.matchAll(/^ {2}'?([\w. -]+?)'?:\s+\{ /gm)) {
      if (seen.has(name)) twice.push(`${name}: ${seen.get(name)}, ${file}`);
      seen.set(name, file);
    }
  }
  assert.ok(seen.size > 400, String(seen.size));
  assert.deepEqual(twice, []);
});

/** Values as they are written down in flows: `change(office, actor, 'route.add', …`, `action: 'user.add'`. */
async function actions(): Promise<string[]> {
  const texts: string[] = [];
  for (const folder of ['flows', 'web/console'])
    for (const file of await readdir(join(packageRoot, 'src', folder)))
      if (file.endsWith('.ts')) texts.push(await source(`${folder}/${file}`));
  const noted = /\b(?:action:|actor,|person\.name,|person,)[^;\n]*?'([a-z]+\.[a-z-]+)'/g;
  const deeds = /^ {2}'([a-z]+\.[a-z]+)': async \(/gm;
  const found = texts.flatMap((text) => [...text.matchAll(noted), ...text.matchAll(deeds)]);
  return [...new Set(found.map(([, name = '']) => name))];
}

/** The table of docs/operating.md, which another test keeps complete. */
async function reasons(): Promise<string[]> {
  const page = await readFile(join(packageRoot, 'docs/operating.md'), 'utf8');
  const [, table = ''] = page.split('| reason | what happened');
  const [rows = ''] = table.split('\n\n');
  return [...rows.matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, name = '']) => name);
}

describe('every value has a word', () => {
  const groups: readonly (readonly [
    Parameters<typeof sayValue>[1],
    () => readonly string[] | Promise<readonly string[]>,
  ])[] = [
    ['state', () => Object.entries(listStates).flatMap(([list, states]) => (list === 'attempts' ? [] : [...states]))],
    ['attempt', () => listStates.attempts],
    ['method', () => [...methods, 'any']],
    ['role', () => roles],
    ['said', () => events],
    ['direction', () => directions],
    ['option', () => options.map(({ key }) => key)],
    ['review', reasons],
    ['advice', reasons],
    ['action', actions],
  ];
  for (const [group, values] of groups)
    test(group, async () => {
      const list = await values();
      assert.ok(list.length > 1);
      for (const language of languages) {
        const say = wordsOf(language);
        assert.deepEqual(
          list.filter((value) => sayValue(say, group, value) === value && !/^[a-z]+$/.test(value)),
          [],
        );
        assert.deepEqual(
          list.filter((value) => language === 'zh' && !/\p{Script=Han}/u.test(sayValue(say, group, value))),
          [],
        );
      }
    });
});
