/** The way into the console, and how a session ends (T087, T088, T102). */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { base32, codeAt, stepAt, stepOf } from '../../src/web/console/totp.ts';
import { checkPassword, hashPassword } from '../../src/web/console/password.ts';
import { forgetCounts } from '../../src/wiring/forget.ts';
import { rowsOf } from '../gate.ts';
import { type Browser, type ConsoleScene, consoleScene, type Page } from './console-scene.ts';

let c: ConsoleScene;
before(async () => {
  c = await consoleScene();
});
after(() => c.close());

const password = 'correct horse battery';

function now(): number {
  return c.scene.t.world.now();
}

/** Reads the secret off the set-up page, as an authenticator does. */
function secretIn({ text }: Page): Buffer {
  const shown = /<code class="secret">([A-Z2-7]+)<\/code>/.exec(text)?.[1] ?? assert.fail('no secret on the page');
  const bits = shown
    .split('')
    .map((letter) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0'));
  return Buffer.from((bits.join('').match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
}

/** Sets an account up. → the second factor's secret, and the browser it was done in. */
async function settled(
  name: string,
  role: 'admin' | 'viewer' = 'admin',
): Promise<{ secret: Buffer; browser: Browser }> {
  const setupCode = await c.newcomer(name, role);
  const browser = c.visitor();
  await browser.post('/console/sign-in', { user: name, password: setupCode });
  const secret = secretIn(await browser.get('/console/setup'));
  const done = await browser.post('/console/setup', {
    password,
    again: password,
    code: role === 'admin' ? codeAt(secret, stepAt(now())) : '',
  });
  assert.equal(done.status, 303, done.text);
  c.scene.t.pass(60_000);
  return { secret, browser };
}

function signIn(name: string, given: { password?: string; code?: string }, browser = c.visitor()): Promise<Page> {
  return browser.post('/console/sign-in', { user: name, password, ...given });
}

describe('codes', () => {
  test('are those of RFC 6238, appendix B', () => {
    const secret = Buffer.from('12345678901234567890');
    for (const [seconds, code] of [
      [59, '287082'],
      [1111111109, '081804'],
      [1111111111, '050471'],
      [1234567890, '005924'],
      [2000000000, '279037'],
      [20000000000, '353130'],
    ] as const)
      assert.equal(codeAt(secret, stepAt(seconds * 1000)), code);
    assert.equal(base32(secret), 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ');
  });

  test('one step early or late is taken, two are not', () => {
    const secret = Buffer.alloc(20, 7);
    const at = 1_700_000_000_000;
    const taken = [-2, -1, 0, 1, 2].map((off) => stepOf(secret, codeAt(secret, stepAt(at) + off), at) !== null);
    assert.deepEqual(taken, [false, true, true, true, false]);
  });
});

test('a password is kept as argon2id with the recommended cost', async () => {
  const kept = await hashPassword(password, Buffer.alloc(16, 1));
  assert.match(kept, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  assert.equal(await checkPassword(password, kept), true);
  assert.equal(await checkPassword(`${password} `, kept), false);
});

describe('set-up', () => {
  test('the one-time code opens the set-up page, and nothing else until it is done', async () => {
    const setupCode = await c.newcomer('first', 'admin');
    const browser = c.visitor();
    const entered = await browser.post('/console/sign-in', {
      user: 'First',
      password: setupCode.toLowerCase().replaceAll('-', ' '),
    });
    assert.equal(entered.status, 303);
    for (const path of ['/console', '/console/payments', '/console/users'])
      assert.equal((await browser.get(path)).headers['location'], '/console/setup', path);
    assert.equal(
      (await browser.post('/console/users', { name: 'x', role: 'admin' })).headers['location'],
      '/console/setup',
    );
  });

  test('a money role needs a code, a viewer does not; short and unlike passwords are refused', async () => {
    const setupCode = await c.newcomer('second', 'admin');
    const browser = c.visitor();
    await browser.post('/console/sign-in', { user: 'second', password: setupCode });
    for (const form of [
      { password: 'short', again: 'short' },
      { password, again: `${password}x` },
      { password, again: password, code: '' },
      { password, again: password, code: '000000' },
    ])
      assert.equal((await browser.post('/console/setup', form)).status, 400, JSON.stringify(form));
    await settled('reader', 'viewer');
    assert.equal((await signIn('reader', {})).status, 303);
  });

  test('the session gets a new name, and the code is used up', async () => {
    const setupCode = await c.newcomer('third', 'admin');
    const browser = c.visitor();
    await browser.post('/console/sign-in', { user: 'third', password: setupCode });
    const before = browser.cookies.get('kanal-console') ?? '';
    const secret = secretIn(await browser.get('/console/setup'));
    await browser.post('/console/setup', { password, again: password, code: codeAt(secret, stepAt(now())) });
    assert.notEqual(browser.cookies.get('kanal-console'), before);
    assert.equal((await browser.get('/console')).status, 200);
    assert.equal((await signIn('third', { password: setupCode })).status, 401);
    const thief = c.visitor();
    thief.cookies.set('kanal-console', before);
    assert.equal((await thief.get('/console/setup')).status, 303);
  });
});

describe('signing in', () => {
  test('password and code open it; a code opens once', async () => {
    const { secret } = await settled('once');
    const code = codeAt(secret, stepAt(now()));
    assert.equal((await signIn('once', { code })).status, 303);
    assert.equal((await signIn('once', { code })).status, 401);
  });

  test('every refusal is the same page', async () => {
    const { secret } = await settled('same');
    const answers = [
      await signIn('same', { password: 'wrong password!', code: codeAt(secret, stepAt(now())) }),
      await signIn('same', { code: '123456' }),
      await signIn('same', {}),
      await signIn('nobody-at-all', {}),
    ];
    assert.equal(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size, 1);
    assert.equal(answers[0]?.status, 401);
  });

  test('an unknown user takes as long as a wrong password', async () => {
    await settled('timed', 'viewer');
    const took = async (name: string) => {
      const began = performance.now();
      await signIn(name, { password: 'wrong password!' });
      return performance.now() - began;
    };
    const [known, unknown] = [await took('timed'), await took('never-heard-of')];
    assert.ok(unknown > known / 3, `${unknown} ms against ${known} ms`);
  });

  test('after five tries even the right password waits, longer each time', async () => {
    await settled('locked', 'viewer');
    for (let i = 0; i < 5; i++) await signIn('locked', { password: 'wrong password!' });
    assert.equal((await signIn('locked', {})).status, 401);
    c.scene.t.pass(31_000);
    assert.equal((await signIn('locked', { password: 'wrong password!' })).status, 401);
    c.scene.t.pass(31_000);
    assert.equal((await signIn('locked', {})).status, 401, 'the second wait is twice as long');
    c.scene.t.pass(31_000);
    assert.equal((await signIn('locked', {})).status, 303);
    c.scene.t.pass(3_600_000);
  });

  test('tries made at once are counted each', async () => {
    await settled('flooded', 'viewer');
    await Promise.all(Array.from({ length: 12 }, () => signIn('flooded', { password: 'wrong password!' })));
    const [row] = await rowsOf(
      c.scene.t.database,
      `select tries from kanal.sign_in_tries where subject = 'account/flooded'`,
    );
    assert.equal(row?.['tries'], 5, 'the others were not even looked at');
    c.scene.t.pass(3_600_000);
  });

  test('from an address that others have guessed from, those who know their password wait for the guessers only', async () => {
    await settled('colleague', 'viewer');
    const office = c.visitor();
    assert.equal((await signIn('colleague', {}, office)).status, 303);
    const guessed = { text: `update kanal.sign_in_tries set tries = 40 where subject like 'address/%'`, values: [] };
    await c.scene.t.database.owner.run(guessed);
    assert.equal((await signIn('colleague', {}, office)).status, 303);
    assert.equal((await signIn('colleague', {}, office)).status, 303, 'the one before was no guess');
    assert.equal((await signIn('colleague', { password: 'wrong password!' }, office)).status, 401);
    assert.equal((await signIn('colleague', {}, office)).status, 401, 'a guess brings its wait');
    c.scene.t.pass(3_600_000);
  });

  test('an IPv6 address counts with all of its /64, and IPv4 in IPv6 dress as IPv4', async () => {
    const wrong = (remote: string) => {
      const form = new URLSearchParams({ user: `guest-${remote}`, password: 'wrong password!' });
      const headers = { host: 'x', origin: 'http://x', 'content-type': 'application/x-www-form-urlencoded' };
      const request = { method: 'POST', path: '/console/sign-in', query: new URLSearchParams(), headers };
      return c.room({ ...request, body: Buffer.from(form.toString()), remote });
    };
    await wrong('2001:db8:1:2::1');
    await wrong('2001:DB8:1:2:ffff:ffff:ffff:ffff');
    await wrong('2001:db8:1:3::1');
    await wrong('::ffff:192.0.2.7');
    await wrong('::ffff:c000:207');
    await wrong('192.0.2.7');
    const rows = await rowsOf(
      c.scene.t.database,
      `select subject, tries from kanal.sign_in_tries where subject like 'address/2001%' or subject like '%192.0.2.7' order by 1`,
    );
    assert.deepEqual(
      rows
        .filter(({ subject }) => String(subject).startsWith('address/'))
        .map(({ subject, tries }) => [subject, tries]),
      [
        ['address/192.0.2.7', 3],
        ['address/2001:db8:1:2::/64', 2],
        ['address/2001:db8:1:3::/64', 1],
      ],
    );
  });

  test('tries that no longer count are removed; those that make somebody wait are not', async () => {
    const { t } = c.scene;
    const left = async () => (await rowsOf(t.database, 'select subject from kanal.sign_in_tries')).length;
    assert.ok((await left()) > 3);
    const waits = `insert into kanal.sign_in_tries values ('account/waits', 9, 0, ${now() + 7 * 86_400_000}) returning subject`;
    await rowsOf(t.database, waits);
    await forgetCounts(t.world, t.gate.db, []);
    assert.ok((await left()) > 3);
    t.pass(86_400_001);
    await forgetCounts(t.world, t.gate.db, []);
    assert.equal(await left(), 1);
  });

  test('who became a money role without a second factor does not get in', async () => {
    await settled('risen', 'viewer');
    const raise = `update kanal.console_users set role = 'finance' where name = 'risen' returning id`;
    assert.equal((await rowsOf(c.scene.t.database, raise)).length, 1);
    assert.equal((await signIn('risen', {})).status, 401);
  });
});

describe('a session', () => {
  test('its cookie is not for scripts and not for other sites, and no address holds it', async () => {
    await settled('cookie', 'viewer');
    const browser = c.visitor();
    const { headers } = await signIn('cookie', {}, browser);
    assert.match(headers['set-cookie'] ?? '', /^kanal-console=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/);
    assert.equal(headers['location'], '/console');
  });

  test('ends after fifteen minutes without a request, and after eight hours with them', async () => {
    const idle = await c.person('viewer');
    c.scene.t.pass(14 * 60_000);
    assert.equal((await idle.get('/console')).status, 200);
    c.scene.t.pass(16 * 60_000);
    assert.match((await idle.get('/console')).headers['location'] ?? '', /sign-in/);
    const busy = await c.person('viewer');
    for (let minutes = 0; minutes < 470; minutes += 10) {
      c.scene.t.pass(10 * 60_000);
      assert.equal(
        (await busy.get('/console/search?q=x')).headers['location']?.includes('sign-in'),
        false,
        `${minutes}`,
      );
    }
    c.scene.t.pass(10 * 60_000);
    assert.match((await busy.get('/console')).headers['location'] ?? '', /sign-in/);
  });

  test('ends at once with signing out, and with the user', async () => {
    const leaving = await c.person('viewer');
    const copy = c.visitor();
    copy.cookies.set('kanal-console', leaving.cookies.get('kanal-console') ?? '');
    await leaving.post('/console/sign-out');
    assert.match((await copy.get('/console')).headers['location'] ?? '', /sign-in/);
    const disabled = await c.person('viewer');
    const admin = await c.person('admin');
    const [user] = await rowsOf(
      c.scene.t.database,
      `select user_id from kanal.console_sessions order by created_at desc, user_id desc limit 1 offset 1`,
    );
    await admin.post(`/console/users/${String(user?.['user_id'])}/state`, { state: 'disabled' });
    assert.match((await disabled.get('/console')).headers['location'] ?? '', /sign-in/);
  });
});

describe('forms from elsewhere', () => {
  test('without the token of this very session nothing is done', async () => {
    const admin = await c.person('admin');
    const other = await c.person('admin');
    for (const csrf of ['', 'x', other.csrf()])
      assert.equal((await admin.post('/console/users', { name: 'planted', role: 'admin', csrf })).status, 403);
    const rows = await rowsOf(c.scene.t.database, `select 1 from kanal.console_users where name = 'planted'`);
    assert.equal(rows.length, 0);
  });

  test('another origin, a frame, or none said at all is refused', async () => {
    const admin = await c.person('admin');
    for (const headers of [
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { origin: undefined },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
    ])
      assert.equal((await admin.post('/console/sign-out', {}, headers)).status, 403, JSON.stringify(headers));
  });

  test('what cannot be read or stored is a mistake of whoever asks: never a broken page, never one without its guards', async () => {
    const admin = await c.person('admin');
    const lists = ['payments', 'refunds', 'notices', 'callbacks', 'reviews', 'agreements', 'search'];
    for (const path of [
      ...lists.map((list) => `/console/${list}?q=a%00`),
      '/console/orders/%00',
      '/console?note=%00',
    ]) {
      const { status, headers } = await admin.get(path);
      assert.equal(status, 400, path);
      assert.match(headers['content-security-policy'] ?? '', /frame-ancestors 'none'/);
    }
    assert.equal((await c.visitor().post('/console/sign-in', { user: 'a\0b', password })).status, 400);
    const zoned = c.visitor();
    for (const zone of ['%FF', '%', '%00', 'Mars/Olympus']) {
      zoned.cookies.set('kanal-zone', zone);
      assert.equal((await zoned.get('/console/sign-in')).status, 200, zone);
    }
  });

  test('what a page says about a deed is what was done: a link that somebody made up says nothing', async () => {
    const admin = await c.person('admin');
    const { headers } = await admin.post(`/console/merchants/${c.scene.a.merchant}/change`, { name: 'Toko Catatan' });
    const place = headers['location'] ?? '';
    const note = /<p class="note" role="status">/;
    assert.match((await admin.get(place)).text, note);
    assert.doesNotMatch((await (await c.person('support')).get(place)).text, note, "another session's");
    for (const made of ['Call 0812 to confirm', 'x.Call 0812 to confirm', ''])
      assert.doesNotMatch((await admin.get(`/console?note=${encodeURIComponent(made)}`)).text, note);
  });

  test('no page may be framed, and no script stands in one', async () => {
    const admin = await c.person('admin');
    const { headers, text } = await admin.get('/console');
    assert.match(headers['content-security-policy'] ?? '', /script-src 'self';.*frame-ancestors 'none'/);
    assert.equal(headers['cache-control'], 'no-store');
    assert.doesNotMatch(text, /<script(?![^>]* src=)|\son\w+=|style="/);
  });
});
