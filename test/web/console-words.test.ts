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
import { retold } from '../../src/web/console/retell.ts';
import { sayValue, wordsOf } from '../../src/web/console/words.ts';
import { told } from '../../src/web/console/words/told.ts';
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
async function reviewReasons(): Promise<string[]> {
  const page = await readFile(join(packageRoot, 'docs/operating.md'), 'utf8');
  const [, table = ''] = page.split('| reason | what happened');
  const [rows = ''] = table.split('\n\n');
  return [...rows.matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, name = '']) => name);
}

/** Flows that only merchants and payers reach: their words go out in a protocol, or are the payment page's own. */
const notForOperators =
  /^flows\/(?:agreement|bind-one-code|cancel-|card-texts|choose-method|codes|confirm-|desk-card|exchange|get-statement|leave-choice|pay\.|pay-out|payable|query\.|resend-code|route\.|sign-agreement|learn-outcome)/;
/** Where refusals stand as `new Refusal(…)`: whole folders, and what the operator's deeds reach beyond them. */
const refusing = ['flows', 'web/console'];
const refusingFiles = ['web/nul', 'web/pasted', 'web/shell-words', 'web/api/desk', 'store/ledger', 'store/create'];
const moreRefusing = [
  'edge/admission',
  'edge/admit-pem',
  'edge/party-file',
  'wiring/integrations',
  'wiring/inspections',
];
/** Where functions give back why not, as a text. */
const reasoning = [
  'core/routing',
  'wiring/ability',
  'edge/targets',
  'edge/admit-pem',
  'edge/send',
  'flows/settle-suspense',
];

const text = String.raw`('[^'\n]*'|\`[^\`\n]*\`)`;

/** Texts of refusals that are shown: nobody is told why something is not there, or not theirs. */
function* refusals(file: string): Generator<string> {
  const shown =
    /new Refusal\(\s*'(?!not-found|unauthenticated|forbidden|internal)[a-z-]+',\s*\{((?:\$\{[^}]*\}|[^}])*)\}/g;
  for (const [, detail = ''] of file.matchAll(shown)) {
    const [, why = ''] = /\bwhy: '([^']+)'/.exec(detail) ?? [];
    const [, said = ''] = new RegExp(`text: ${text}`).exec(detail) ?? [];
    if (said !== '' && sayValue(wordsOf('zh'), 'wrong', why) === why) yield said;
  }
  for (const [, said = ''] of file.matchAll(new RegExp(`invalid\\([\\w.']+,\\s*${text}`, 'g'))) yield said;
}

function* reasons(file: string): Generator<string> {
  const given = new RegExp(`(?:return|[?:]|\\?\\?|#fail\\() ?\\(?${text}`, 'g');
  for (const [, said = ''] of file.matchAll(given)) if (/[a-z] [a-z]/.test(said)) yield said;
}

async function said(): Promise<string[]> {
  const found: string[] = [];
  for (const folder of refusing)
    for (const file of await readdir(join(packageRoot, 'src', folder)))
      if (file.endsWith('.ts') && !notForOperators.test(`${folder}/${file}`))
        found.push(...refusals(await source(`${folder}/${file}`)));
  for (const file of [...refusingFiles, ...moreRefusing]) found.push(...refusals(await source(`${file}.ts`)));
  for (const file of reasoning) found.push(...reasons(await source(`${file}.ts`)));
  return [...new Set(found.map((one) => one.slice(1, -1)))];
}

test('what flows say when they refuse is said in Chinese and Indonesian', async () => {
  const all = await said();
  assert.ok(all.length > 80, String(all.length));
  for (const language of ['zh', 'id'] as const) {
    const eyes = { language, say: wordsOf(language), zone: 'UTC', csrf: '' };
    const untold = all.filter((one) => {
      const filledIn = one.replaceAll(/\$\{(?:[^{}]|\{[^}]*\})*\}/g, '17');
      return retold(eyes, filledIn) === filledIn;
    });
    assert.deepEqual(untold, [], language);
  }
});

test('what is filled in stands in every language, and states, ways and reasons in its words', () => {
  for (const { en, zh, id } of told)
    for (const other of [zh, id])
      for (const place of other.match(/\{\w+\}/g) ?? []) assert.ok(en.includes(place), other);
  const eyes = { language: 'zh', say: wordsOf('zh'), zone: 'UTC', csrf: '' } as const;
  for (const [from, to] of [
    ['the order is paid already', '订单已是“已支付”状态'],
    ['the channel cannot refund: its channel is gone', '渠道无法退款：渠道已不存在'],
    ['it cannot do virtual-account BCA in CNY', '不支持 CNY 的虚拟账户 BCA'],
    ['Nobody has said this', 'Nobody has said this'],
  ] as const)
    assert.equal(retold(eyes, from), to);
  assert.equal(retold({ ...eyes, language: 'en', say: wordsOf('en') }, 'is missing'), 'is missing');
});

/** Names of fields of the console's forms, which stand before what is wrong with them. Passwords and codes have pages of their own. */
async function fields(): Promise<string[]> {
  const found: string[] = [];
  for (const file of await readdir(join(packageRoot, 'src/web/console')))
    if (file.endsWith('.ts') && !/^(?:sign-in|password)/.test(file))
      for (const [, name = ''] of (await source(`web/console/${file}`)).matchAll(
        /\b(?:form|asked)\.(?:text|required|oneOf|amount|minorOrNull)\('(\w+)'/g,
      ))
        if (name !== 'csrf' && name !== 'anyway') found.push(name);
  return [...new Set(found)];
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
    ['review', reviewReasons],
    ['advice', reviewReasons],
    ['action', actions],
    ['detail', fields],
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
