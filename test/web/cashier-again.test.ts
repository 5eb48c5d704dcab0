/** What a payer may do after a try that came to nothing, and where the page lets them go in the end. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { isReturnHost, returnHostsPattern } from '../../src/core/return-hosts.ts';
import { touchDirectory } from '../../src/store/directory.ts';
import { shopLink } from '../../src/web/cashier/shop-link.ts';
import { answering, payAsk, rowsOf, silence, type TestGate } from '../gate.ts';
import { amount, bni, type CashierScene, cashierScene, codeOf, textOf } from './cashier-scene.ts';

let s: CashierScene;
let t: TestGate;
before(async () => {
  s = await cashierScene();
  t = s.t;
});
after(() => s.close());

const pushed = { method: 'wallet-push', option: 'OVO' };

async function bound(form: Readonly<Record<string, string>> = bni, changes: Parameters<CashierScene['desk']>[0] = {}) {
  const { path, present } = await s.desk(changes);
  t.script(answering('pay', codeOf('8808')));
  await s.post(`${path}/choose`, form);
  const payment = await present();
  assert.equal(payment.state, 'pending');
  return { path, present, payment };
}

const told = (id: bigint) => rowsOf(t.database, `select event from kanal.notices where object_id = ${id}`);

describe('a try that failed for good', () => {
  test('opens the choice again, tells nobody, and the next one is paid', async () => {
    const { path, present, payment } = await bound(pushed);
    await s.callback(payment, payment.reference, { state: 'failed', platformNo: 'AGAIN1' });
    const open = await present();
    assert.deepEqual([open.state, open.method, open.option, open.channelId], ['new', 'any', null, null]);
    assert.deepEqual(await told(open.id), []);
    assert.match(textOf(await s.visit(path)), /name="option" value="BNI"/);
    assert.match(textOf(await s.visit(path)), /nothing was charged/);

    t.script(answering('pay', codeOf('8809')));
    await s.post(`${path}/choose`, pushed);
    const again = await present();
    assert.deepEqual([again.state, again.method], ['pending', 'wallet-push']);
    assert.notEqual(again.reference, payment.reference);
    await s.callback(again, again.reference, { state: 'paid', paid: amount, platformNo: 'AGAIN2' });
    assert.equal((await present()).state, 'paid');
    assert.deepEqual(await told(open.id), [{ event: 'payment.paid' }]);
  });

  test('a repeated no about it changes nothing any more; money for it counts', async () => {
    const { present, payment } = await bound();
    const no = () => s.callback(payment, payment.reference, { state: 'failed', platformNo: 'LATE1' });
    await no();
    await no();
    assert.equal((await present()).state, 'new');
    await s.callback(payment, payment.reference, { state: 'paid', paid: amount, platformNo: 'LATE1' });
    const paid = await present();
    assert.deepEqual([paid.state, paid.reference], ['paid', payment.reference]);
    const reviews = await rowsOf(t.database, `select reason from kanal.reviews where object_id = ${paid.id}`);
    assert.deepEqual(reviews, [{ reason: 'declined-then-paid' }]);
  });

  test('never while nobody knows', async () => {
    const { path, present } = await s.desk();
    t.script(silence({ kind: 'unknown', why: 'no answer' }));
    await s.post(`${path}/choose`, bni);
    assert.equal((await present()).state, 'unknown');
    const page = textOf(await s.visit(path));
    assert.doesNotMatch(page, /<form[^>]*\/choose/);
    await s.callback(await present(), (await present()).reference, { state: 'failed', platformNo: 'UNK1' });
    assert.equal((await present()).state, 'new');
  });

  test('what the merchant left open stays so: a wallet it named is still the only one', async () => {
    const { present, payment } = await bound({ method: 'qr', option: 'QRIS' }, { option: 'QRIS' });
    await s.callback(payment, payment.reference, { state: 'failed', platformNo: 'OPT1' });
    const open = await present();
    assert.deepEqual([open.method, open.option], ['any', 'QRIS']);
  });

  test('ends an order whose merchant chose, as before', async () => {
    const { payment } = await bound();
    const { desk: _, ...detail } = payment.detail;
    await t.database.owner.run({
      text: `update kanal.payments set detail = $1 where id = ${payment.id}`,
      values: [JSON.stringify(detail)],
    });
    await s.callback(payment, payment.reference, { state: 'failed', platformNo: 'FIX1' });
    assert.deepEqual(await told(payment.id), [{ event: 'payment.failed' }]);
  });
});

describe('the way back to the shop', () => {
  const listed = async (hosts: string) => {
    const { id } = t.caller(0, 'payin').merchant;
    await t.database.owner.run({
      text: `update kanal.merchants set settings = jsonb_set(settings, '{returnHosts}', $1::jsonb) where id = ${id}`,
      values: [JSON.stringify(hosts)],
    });
    await touchDirectory(t.database.owner);
    await t.gate.refresh();
  };

  test('leads to listed hosts only, and only once it is paid', async () => {
    const { path, payment } = await bound(bni, { returnUrl: 'https://www.shop.example/done?order=1' });
    assert.doesNotMatch(textOf(await s.visit(path)), /shop\.example/);
    await s.callback(payment, payment.reference, { state: 'paid', paid: amount, platformNo: 'BACK1' });
    const link = /href="https:\/\/www\.shop\.example\/done\?order=1"/;
    assert.match(textOf(await s.visit(path)), link);
    for (const [hosts, isShown] of [
      ['', false],
      ['shop.example', false],
      ['*.shop.example', true],
      ['other.example,www.shop.example', true],
      ['www.shop.example:8443', false],
    ] as const) {
      await listed(hosts);
      assert.equal(link.test(textOf(await s.visit(path))), isShown, hosts);
    }
  });

  test('nothing in the address of the page changes it', async () => {
    const { path, payment } = await bound(bni, { returnUrl: null });
    await s.callback(payment, payment.reference, { state: 'paid', paid: amount, platformNo: 'BACK2' });
    const page = textOf(await s.visit(`${path}?returnUrl=https://shop.example/&return_url=https://shop.example/`));
    assert.doesNotMatch(page, /shop\.example|Back to the shop/);
  });

  test('https only; http is for this machine, in the sandbox', () => {
    const merchant = { settings: { returnHosts: '127.0.0.1,[::1],shop.example' } };
    const to = (returnUrl: string, isSandbox: boolean) =>
      shopLink(
        { detail: { subject: null, notify: null, extras: {}, payer: payAsk().payer, returnUrl } },
        merchant,
        isSandbox,
      );
    assert.equal(to('http://shop.example/', true), null);
    assert.equal(to('https://shop.example/', false), 'https://shop.example/');
    assert.equal(to('http://127.0.0.1:3000/done', true), 'http://127.0.0.1:3000/done');
    assert.equal(to('http://127.0.0.1:3000/done', false), null);
    assert.equal(to('http://[::1]:3000/done', true), 'http://[::1]:3000/done');
    assert.equal(to('https://shop.example@evil.example/', false), null);
    assert.equal(to('https://shop.example.evil.example/', false), null);
  });

  test('lists are read as they are written', () => {
    for (const list of ['', 'shop.example', '*.shop.example,localhost:3000', '[::1]:8080'])
      assert.match(list, returnHostsPattern);
    for (const list of ['https://shop.example', 'shop.example/', 'Shop.example', 'a,,b', '*', ','])
      assert.doesNotMatch(list, returnHostsPattern);
    assert.equal(isReturnHost('*.shop.example', 'evilshop.example', ''), false);
    assert.equal(isReturnHost('*.shop.example', '.shop.example', ''), false);
    assert.equal(isReturnHost('localhost:3000', 'localhost', '3000'), true);
    assert.equal(isReturnHost('localhost:3000', 'localhost', ''), false);
  });
});
