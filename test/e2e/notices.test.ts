/** What counts as told (T048), what is repeated and how (T049, T051, T078), and orders that nobody pays in time (T035). */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import {
  endInOrder,
  clientOf,
  entries,
  freshNo,
  newMerchant,
  postings,
  type Scene,
  shown,
  startScene,
} from './harness.ts';
import { textAt, until } from './http.ts';
import type { Merchant, Told } from './parties.ts';
import { isPayinSigned, isStandardWebhook, type Say } from './receiver.ts';

let s: Scene;
before(async () => {
  s = await startScene();
});
after(() => endInOrder(s));

async function paid(protocol: Merchant['protocol'], ...says: Say[]): Promise<{ no: string; path: string; told: Told }> {
  const merchant = clientOf(s.a, protocol);
  const no = freshNo('N');
  const path = `/n/${no}`;
  s.receiver.answer(path, ...says);
  const told = await merchant.pay(no, 20_000, s.receiver.url + path);
  await s.twin(merchant.twin).pay({ code: told.payCode });
  return { no, path, told };
}

async function noticeState(no: string): Promise<string> {
  return textAt(entries(await shown(s, no), 'notice')[0], 'state');
}

/** Both pages: payin takes 200, 301 and 302; unified exactly 200 and makes one attempt. */
const answers: readonly (readonly [Say, 'yes' | 'no', 'yes' | 'no'])[] = [
  [200, 'yes', 'yes'],
  [201, 'no', 'no'],
  [202, 'no', 'no'],
  [204, 'no', 'no'],
  [301, 'yes', 'no'],
  [302, 'yes', 'no'],
  [303, 'no', 'no'],
  [307, 'no', 'no'],
  [308, 'no', 'no'],
  [400, 'no', 'no'],
  [404, 'no', 'no'],
  [500, 'no', 'no'],
  [503, 'no', 'no'],
  ['cut', 'no', 'no'],
];

describe('an answer to a notice', { concurrency: true }, () => {
  for (const [say, payin, unified] of answers) {
    test(`payin: ${say}: ${payin === 'yes' ? 'told' : 'tried again until it is, with the same bytes'}`, async () => {
      const { no, path } = await paid('payin', say);
      await until('done', async () => (await noticeState(no)) === 'done');
      const got = s.receiver.at(path);
      assert.equal(got.length, payin === 'yes' ? 1 : 2);
      assert.equal(new Set(got.map(({ body }) => body)).size, 1);
      assert.equal(new Set(got.map(({ headers }) => headers['webhook-id'])).size, 1);
    });

    test(`unified: ${say}: ${unified === 'yes' ? 'told' : 'given up after its one attempt, and sent again by hand'}`, async () => {
      const { no, path } = await paid('unified', say);
      await until('over', async () => (await noticeState(no)) === (unified === 'yes' ? 'done' : 'exhausted'));
      assert.equal(s.receiver.at(path).length, 1);
      if (unified === 'yes') return;
      const id = textAt(entries(await shown(s, no), 'notice')[0], 'id');
      const answer = await s.operator.call('POST', `/notices/${id}/resend`);
      assert.equal(answer.status, 200, answer.text);
      await until('done', async () => (await noticeState(no)) === 'done');
      const [first, second] = s.receiver.at(path);
      assert.equal(first?.body, second?.body);
    });
  }

  test('redirects are never followed', () => {
    assert.deepEqual(
      s.receiver.all.filter(({ path }) => path.startsWith('/followed')),
      [],
    );
  });

  test('payin: gaps that double, as documented, and never early', async () => {
    const { no, path } = await paid('payin', 500, 500, 500, 500);
    await until('five deliveries', () => s.receiver.at(path).length === 5, 20_000);
    const times = s.receiver.at(path).map(({ at }) => at);
    const gaps = times.slice(1).map((at, i) => at - (times[i] ?? 0));
    // 1, 2, 4, 8 minutes at two hundred times the speed; never early.
    for (const [i, least] of [300, 600, 1_200, 2_400].entries())
      assert.ok((gaps[i] ?? 0) >= least - 5, gaps.join(', '));
    await until('done', async () => (await noticeState(no)) === 'done');
    assert.equal(entries(await shown(s, no), 'notice-attempt').length, 5);
  });
});

describe('keys that change between two attempts (T052)', () => {
  test('the attempt is signed with what counts when it is sent; webhook secrets both, while they overlap', async () => {
    const merchant = await newMerchant(s, { payouts: false });
    const no = freshNo('N');
    const path = `/n/${no}`;
    s.receiver.answer(path, 500);
    await s.operator.call('PATCH', `/merchants/${merchant.id}`, { settings: { noticeGapsS: '999999' } });
    const told = await merchant.payin.pay(no, 20_000, s.receiver.url + path);
    await s.twin('payin').pay({ code: told.payCode });
    await until('refused once', async () => entries(await shown(s, no), 'notice-attempt').length === 1);

    const [credential] = await s.operator.list('credentials', `?merchant=${merchant.id}&protocol=payin`);
    const rotate = async (at: string, overlapSeconds: number) => {
      const { status, text } = await s.operator.call('POST', at, { overlapSeconds });
      assert.equal(status, 200, text);
      return JSON.parse(text) as unknown;
    };
    const apiKey = textAt(await rotate(`/credentials/${textAt(credential, 'id')}/rotate`, 3_600), 'shown', 'apiKey');
    const at = `/merchants/${merchant.id}/webhook-secret`;
    const second = textAt(await rotate(at, 3_600), 'webhookSecret');
    const notice = textAt(entries(await shown(s, no), 'notice')[0], 'id');
    const again = async (attempt: number) => {
      await s.operator.call('POST', `/notices/${notice}/resend`);
      return until(`attempt ${attempt}`, () => s.receiver.at(path)[attempt - 1]);
    };
    const overlapping = await again(2);
    assert.ok(isPayinSigned(overlapping, apiKey) && !isPayinSigned(overlapping, merchant.payin.keys.apiKey));
    assert.ok(isStandardWebhook(overlapping, second) && isStandardWebhook(overlapping, merchant.webhookSecret));

    const third = textAt(await rotate(at, 0), 'webhookSecret');
    const alone = await again(3);
    assert.ok(isStandardWebhook(alone, third));
    assert.ok(!isStandardWebhook(alone, second) && !isStandardWebhook(alone, merchant.webhookSecret));
    assert.equal(s.receiver.at(path)[0]?.body, alone.body);
  });
});

describe('a receiver that is not there', () => {
  test('delays nobody else', async () => {
    const dead = await Promise.all(
      Array.from({ length: 30 }, async () => {
        const no = freshNo('N');
        const told = await s.b.payin.pay(no, 20_000, 'http://127.0.0.1:9/dead');
        await s.twin('payin').pay({ code: told.payCode });
      }),
    );
    assert.equal(dead.length, 30);
    const began = performance.now();
    const { path } = await paid('payin');
    await until('told', () => s.receiver.at(path).length === 1);
    assert.ok(performance.now() - began < 5_000);
  });
});

describe('an order that nobody pays in time', { concurrency: true }, () => {
  test('payin: is closed after the time it asked for, told once, and says FAIL', async () => {
    const no = freshNo('X');
    const path = `/n/${no}`;
    const told = await s.a.payin.pay(no, 20_000, s.receiver.url + path, { expireTime: 60 });
    assert.equal(told.verdict, 'accepted', told.raw);
    assert.equal(await s.a.payin.queryPay(told, no), 'pending');
    const got = await until('told', () => s.receiver.at(path)[0]);
    assert.equal(textAt(got.json, 'orderStatus'), 'FAIL');
    assert.equal(textAt(await shown(s, no), 'state'), 'closed');
    assert.equal(await s.a.payin.queryPay(told, no), 'failed');
    const again = await s.a.payin.pay(no, 20_000, s.receiver.url + path, { expireTime: 60 });
    assert.equal(again.raw, told.raw, 'the create is still answered as the first time');
  });

  test('payin: money that comes after that counts, is told, and a person sees it', async () => {
    const no = freshNo('X');
    const path = `/n/${no}`;
    const told = await s.a.payin.pay(no, 20_000, s.receiver.url + path, { expireTime: 60 });
    await until('closed', async () => textAt(await shown(s, no), 'state') === 'closed');
    await s.twin('payin').pay({ code: told.payCode });
    await until('told again', () => s.receiver.at(path).length === 2);
    assert.deepEqual(
      s.receiver.at(path).map(({ json }) => textAt(json, 'orderStatus')),
      ['FAIL', 'SUCCESS'],
    );
    const order = await shown(s, no);
    assert.equal(postings(order), 'receive 20000, receive-fee 2500');
    assert.deepEqual(
      entries(order, 'review').map((one) => textAt(one, 'reason')),
      ['late-money'],
    );
  });

  test('unified: after the channel’s time; the channel is asked before it is closed', async () => {
    const channels = await s.operator.list('channels');
    const twin = channels.find((one) => textAt(one, 'protocol') === 'bluepay');
    const own = s.gateway.sandbox?.facts.channels.find(({ protocol }) => protocol === 'bluepay');
    const added = await s.operator.call('POST', '/channels', {
      protocol: 'bluepay',
      baseUrl: textAt(twin, 'baseUrl'),
      sender: own?.sender,
      keys: own?.secrets,
      settings: { expiresInS: '200' },
    });
    assert.equal(added.status, 200, added.text);
    const route = { merchant: s.a.id, method: 'virtual-account', channel: textAt(JSON.parse(added.text), 'id') };
    const routed = await s.operator.call('POST', '/routes', { ...route, min: '77777', max: '77777' });
    assert.equal(routed.status, 200, routed.text);
    const no = freshNo('X');
    const path = `/n/${no}`;
    const told = await s.a.unified.pay(no, 77_777, s.receiver.url + path);
    assert.equal(told.verdict, 'accepted', told.raw);
    const got = await until('told', () => s.receiver.at(path)[0]);
    assert.equal(textAt(got.json, 'tradeStatus'), 'fail');
    assert.equal(textAt(await shown(s, no), 'state'), 'closed');
    const reference = textAt(await shown(s, no), 'reference');
    const queries = (await s.twin('bluepay').requests()).filter(
      (one) => /query/i.test(textAt(one, 'target')) && textAt(one, 'target').includes(reference),
    );
    assert.ok(queries.length > 0);
  });

  test('payin: a channel that does not answer keeps it open: silence is no proof', async () => {
    const no = freshNo('X');
    const path = `/n/${no}`;
    await s.twin('payin').plan({ merchantOrderNo: no, operation: 'query-payment' }, [{ kind: 'http-500' }], 0);
    const told = await s.a.payin.pay(no, 20_000, s.receiver.url + path, { expireTime: 60 });
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    assert.equal(textAt(await shown(s, no), 'state'), 'pending');
    assert.equal(s.receiver.at(path).length, 0);
    await s.twin('payin').pay({ code: told.payCode });
    const got = await until('told', () => s.receiver.at(path)[0]);
    assert.equal(textAt(got.json, 'orderStatus'), 'SUCCESS');
  });
});
