import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { administerCommands } from '../../src/cli/administer.ts';
import { CliError, findCommand, helpOf, pairs, readInput } from '../../src/cli/command.ts';
import { pages } from '../../src/cli/docs.ts';
import { credentialText } from '../../src/cli/credential-text.ts';
import { lookCommands } from '../../src/cli/look.ts';
import { amountText, fields, table } from '../../src/cli/table.ts';
import { timelineText } from '../../src/cli/timeline.ts';
import { packageRoot } from '../../src/store/package-root.ts';

const commands = [...administerCommands, ...lookCommands];
const folder = mkdtempSync(join(tmpdir(), 'kanal-cli-'));
after(() => rmSync(folder, { recursive: true }));

/** The compiled program itself, on a folder where no gateway has run. */
function kanal(...args: string[]) {
  const program = join(packageRoot, 'dist/src/cli/main.js');
  return spawnSync(process.execPath, [program, ...args], {
    encoding: 'utf8',
    env: { ...process.env, KANAL_DATA: folder },
  });
}

describe('commands', () => {
  test('have names of their own, and each explains itself', () => {
    const names = commands.map(({ name }) => name);
    assert.ok(names.length > 25);
    assert.equal(new Set(names).size, names.length);
    for (const command of commands) {
      const help = helpOf(command, readInput(command, []));
      for (const option of Object.keys(command.options))
        assert.ok(help.includes(`--${option}`), `${command.name} --${option}`);
    }
  });

  test('the longest name that fits is taken', () => {
    assert.equal(findCommand(commands, ['merchant', 'add', 'x'])?.command.name, 'merchant add');
    assert.deepEqual(findCommand(commands, ['list', 'payments'])?.rest, ['payments']);
    assert.equal(findCommand(commands, ['merchant']), null);
  });

  test('options may stand before and behind, be repeated, and must exist', () => {
    const [command] = commands.filter(({ name }) => name === 'credential add');
    assert.ok(command);
    const input = readInput(command, ['--set', 'a=1', '--protocol=payin', '--set', 'b=2=3', '--json']);
    assert.deepEqual(pairs(input.all('set'), 'set'), { a: '1', b: '2=3' });
    assert.deepEqual([input.json, input.text('protocol'), input.text('sender')], [true, 'payin', undefined]);
    assert.throws(
      () => readInput(command, ['--nonsense']),
      (error) => error instanceof CliError && error.exitCode === 2,
    );
    assert.throws(() => input.needed('merchant'), /--merchant is needed/);
    assert.throws(() => pairs(['novalue'], 'set'), /name=value/);
  });
});

describe('the program', () => {
  test('without a gateway it says how to start one, on stderr, exit 1', () => {
    for (const args of [
      ['merchant', 'list'],
      ['list', 'payments', '--json'],
      ['ledger', 'check'],
    ]) {
      const { status, stdout, stderr } = kanal(...args);
      assert.equal(status, 1);
      assert.equal(stdout, '');
      assert.match(stderr, /no gateway has run .*kanal start/s);
    }
  });

  test('a gateway that is gone is told from one that never was', () => {
    writeFileSync(join(folder, 'gateway.json'), JSON.stringify({ url: 'http://127.0.0.1:9', token: 'kop_x' }));
    const { status, stderr } = kanal('merchant', 'list');
    rmSync(join(folder, 'gateway.json'));
    assert.equal(status, 1);
    assert.match(stderr, /no gateway answers at/);
    assert.ok(!stderr.includes('kop_x'));
  });

  test('mistakes of use are exit 2 without a stack', () => {
    for (const args of [
      ['nonsense'],
      ['merchant', 'list', '--nonsense'],
      ['list', 'nonsense'],
      ['start', '--port', 'x'],
      ['explain'],
      ['call', 'nope', 'x'],
    ]) {
      const { status, stderr } = kanal(...args);
      assert.equal(status, 2, args.join(' '));
      assert.ok(!stderr.includes('    at '), stderr);
    }
  });

  test('mistakes are told with what to do instead, in one sentence', () => {
    for (const [args, words] of [
      [['nonsense'], /^nonsense: no such command; kanal --help lists them\n$/],
      [['--data', folder, 'list'], /^options stand behind the command/],
      [['list'], /^kanal list takes one of payments, .*reviews\n$/],
      [['merchant', 'list', '--nonsense'], /^Unknown option '--nonsense'\nkanal merchant list --help says more\n$/],
      [['start', '--port', 'x'], /^--port \(KANAL_PORT\): a number\n$/],
      [['start', '--log-level', 'loud'], /: one of debug, info, warn, error, silent\n$/],
    ] as const) {
      const { status, stderr } = kanal(...args);
      assert.equal(status, 2, args.join(' '));
      assert.match(stderr, words);
    }
  });

  test('a backup leaves a file that is there already as it is, exit 1, and goes on with --force', () => {
    const file = join(folder, 'backup-of-yesterday');
    writeFileSync(file, 'yesterday');
    const { status, stdout, stderr } = kanal('backup', file);
    assert.deepEqual([status, stdout], [1, '']);
    assert.match(stderr, /backup-of-yesterday exists already and was left as it is\. .* --force\.\n$/);
    // No gateway has run here: with --force that is what stops it, and the file stands until a new one is complete.
    assert.match(kanal('backup', file, '--force').stderr, /there is no database/);
    assert.equal(readFileSync(file, 'utf8'), 'yesterday');
  });

  test('half a command shows what there is of it', () => {
    assert.match(kanal('merchant').stdout, /^ {2}kanal merchant add/);
    assert.equal(kanal('merchant', '--help').status, 0);
    const { status, stderr } = kanal('merchant', 'nonsense');
    assert.equal(status, 2);
    assert.match(stderr, /^merchant nonsense: no such command\n\n {2}kanal merchant add/);
    assert.ok(!stderr.includes('kanal channel'));
  });

  test('an option may mean something else to one command, and its help says so', () => {
    assert.match(kanal('call', '--help').stdout, /--json FILE\|TEXT/);
    assert.doesNotMatch(kanal('start', '--help').stdout, /\(repeatable\)/);
  });

  test('help is help', () => {
    assert.equal(kanal('--help').status, 0);
    assert.match(kanal('start', '--help').stdout, /--time-scale/);
    assert.match(kanal('channel', 'add', '--protocol', 'bluepay', '--help').stdout, /operatorId/);
    assert.match(kanal('call', 'payin', '--help').stdout, /payInQuery/);
  });

  test('explain works on a file alone, exit 1 for what does not fit, and prints no key', () => {
    const [keys, raw] = [join(folder, 'keys.json'), join(folder, 'raw')];
    writeFileSync(keys, JSON.stringify({ merchantId: '77', apiKey: 'the-key-in-the-file' }));
    writeFileSync(
      raw,
      'POST /api/payIn HTTP/1.1\r\nMerchantId: 77\r\nContent-Type: application/json\r\nSign: 1\r\n\r\n{}',
    );
    const { status, stdout } = kanal('explain', '--protocol', 'payin', '--file', raw, '--keys', keys, '--json');
    assert.equal(status, 1);
    assert.equal((JSON.parse(stdout) as { verdict: string }).verdict, 'differs');
    assert.ok(!stdout.includes('the-key-in-the-file'));
  });
});

test('a taken port is told before anything is started, with the setting that changes it', async () => {
  const holder = createServer();
  await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
  const address = holder.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  const data = mkdtempSync(join(tmpdir(), 'kanal-port-'));
  try {
    const { status, stderr } = kanal('start', '--data', data, '--port', String(port));
    assert.equal(status, 1);
    assert.match(stderr, new RegExp(`port ${port} of 127.0.0.1 is taken; choose another with --port or KANAL_PORT`));
    assert.ok(!stderr.includes('PostgreSQL') && !existsSync(join(data, 'postgres')));
    const elsewhere = kanal('start', '--data', data, '--host', '203.0.113.7', '--port', '8080');
    assert.match(elsewhere.stderr, /203.0.113.7 is no address of this machine; choose another with --host/);
  } finally {
    holder.close();
    rmSync(data, { recursive: true });
  }
});

test('amounts are written out in their currency, never by floating point', () => {
  assert.equal(amountText('1234567', 'CNY'), 'CNY 12,345.67');
  assert.equal(amountText('-20000', 'IDR'), 'IDR -20,000');
  assert.equal(amountText('9007199254740993', 'IDR'), 'IDR 9,007,199,254,740,993');
  assert.equal(table([], ['a']), 'none');
});

test('what has members of its own is written without the grammar of JSON', () => {
  const reason = { code: 'PAYING', text: '' };
  const keys = [{ name: 'apiKey', addedAt: '2030-01-02T03:04:05.000Z', until: null }];
  assert.equal(
    fields({ reason, keys, settings: {} }),
    'reason    code=PAYING\nkeys      name=apiKey addedAt=2030-01-02T03:04:05.000Z\nsettings  ',
  );
});

test('a new credential shows what the merchant gets once, and PEM so that it can be copied', () => {
  const document = { institutionCode: '1', privateKeyPem: '-----BEGIN X-----\nAA\n-----END X-----\n' };
  const keys = [{ name: 'privateKey', addedAt: 'now', until: null }];
  assert.equal(
    credentialText({ id: '7', keys, shown: document, document }),
    [
      'id    7',
      'keys  privateKey',
      '',
      'For the merchant, shown this once:',
      'institutionCode  1',
      'privateKeyPem:',
      '-----BEGIN X-----',
      'AA',
      '-----END X-----',
    ].join('\n'),
  );
});

test('a timeline tells what happened in sentences, and unknown entries as they are', () => {
  const at = '2030-01-02T03:04:05.000Z';
  const reason = { code: 'SUCCESS', text: '' };
  const amount = { minor: '20000', currency: 'IDR' };
  const event = { at, what: 'event', outcome: 'changed', event: 'succeeded', source: 'callback', amount, reason };
  assert.equal(
    timelineText([
      { at, what: 'created', state: 'new' },
      { ...event, from: 'pending', to: 'paid' },
      { ...event, outcome: 'repeated', from: 'paid', to: 'paid', amount: null, reason: null },
      { at, what: 'callback', method: 'POST', target: '/listen/1', verdict: 'changed', body: '{"a":1}' },
      { at, what: 'new-thing', number: 7, nothing: null },
    ]),
    [
      `${at}  created`,
      `${at}  event           succeeded by callback: pending → paid, IDR 20,000, SUCCESS`,
      `${at}  event           succeeded by callback: repeated, paid`,
      `${at}  callback        POST /listen/1: changed`,
      '    {"a":1}',
      `${at}  new-thing       number=7`,
    ].join('\n'),
  );
});

test('docs/generated is what the code says: `npm run docs` writes it', () => {
  const { status, stderr } = kanal('docs', '--check');
  assert.equal(status, 0, stderr);
});

test('generated pages are made of every table and are the same twice', () => {
  for (const [name, make] of Object.entries(pages)) {
    assert.equal(make(), make(), name);
    assert.ok(make().length > 500, name);
  }
});
