/** Unified notices into a queue, whole way: an SQS of our own that checks signature, size and attributes; throttled, FIFO, foreign. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type FakeSqs, startFakeSqs } from '../fake-sqs.ts';
import { entries, freshNo, type Scene, shown, startScene } from './harness.ts';
import { member, textAt, until } from './http.ts';
import type { Members, Told } from './parties.ts';

const account = '123456789012';
const keys = { accessKeyId: 'AKIDEXAMPLEKANAL', secretAccessKey: 'wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY' };

let sqs: FakeSqs;
let s: Scene;
before(async () => {
  const queues = ['orders', 'orders.fifo', 'busy'];
  sqs = await startFakeSqs({ region: 'ap-southeast-1', ...keys, account, queues, now: () => Date.now() });
  s = await startScene({
    flags: {
      'sqs-region': 'ap-southeast-1',
      'sqs-account': [account],
      'sqs-endpoint': sqs.endpoint.href,
      'sqs-access-key-id': keys.accessKeyId,
      'sqs-secret-access-key': keys.secretAccessKey,
    },
  });
});
after(async () => {
  await s.stop();
  await sqs.close();
});

function order(no: string, queue: string, changes: Members = {}): Promise<Told> {
  return s.a.unified.pay(no, 20_000, queue, { notifyType: 'sqs', ...changes });
}

async function payIt(told: Told): Promise<void> {
  assert.equal(told.verdict, 'accepted', told.raw);
  await s.twin('bluepay').pay({ code: told.payCode });
}

function messageOf(no: string) {
  return sqs.messages.find(({ body }) => textAt(JSON.parse(body), 'outTradeNo') === no);
}

describe('a notice by SQS', () => {
  test('arrives signed, with the body that HTTP would carry and our event id', async () => {
    const no = freshNo('Q');
    await payIt(await order(no, sqs.queueUrl('orders')));
    const message = await until('the message', () => messageOf(no));
    const json: unknown = JSON.parse(message.body);
    assert.equal(textAt(json, 'tradeStatus'), 'success');
    assert.deepEqual(member(json, 'passBack'), { p1: 'v1', p2: 'v2' });
    assert.equal(textAt(json, 'originChannelCallBack', 'price'), '20000');
    assert.match(message.attributes['eventId'] ?? '', /^\S+$/);
    const [attempt] = await until('noted', async () => {
      const tries = entries(await shown(s, no), 'notice-attempt');
      return tries.length > 0 ? tries : null;
    });
    assert.equal(textAt(attempt, 'outcome'), 'acknowledged');
  });

  test('FIFO: grouped by order, deduplicated by event', async () => {
    const no = freshNo('Q');
    await payIt(await order(no, sqs.queueUrl('orders.fifo')));
    const message = await until('the message', () => messageOf(no));
    assert.ok(message.groupId);
    assert.ok(message.dedupId);
    const id = textAt(entries(await shown(s, no), 'notice')[0], 'id');
    const resent = await s.operator.call('POST', `/notices/${id}/resend`);
    assert.equal(resent.status, 200);
    await until('sent again', async () => entries(await shown(s, no), 'notice-attempt').length === 2);
    assert.equal(sqs.messages.filter(({ body }) => textAt(JSON.parse(body), 'outTradeNo') === no).length, 1);
  });

  test('throttled: one attempt as documented, then by hand; with a ladder of the merchant’s own, by itself', async () => {
    const no = freshNo('Q');
    const told = await order(no, sqs.queueUrl('busy'));
    sqs.fail('throttle');
    await payIt(told);
    const [attempt] = await until('noted', async () => {
      const tries = entries(await shown(s, no), 'notice-attempt');
      return tries.length > 0 ? tries : null;
    });
    assert.equal(textAt(attempt, 'outcome'), 'refused');
    assert.equal(messageOf(no), undefined);
    const id = textAt(entries(await shown(s, no), 'notice')[0], 'id');
    await s.operator.call('POST', `/notices/${id}/resend`);
    await until('the message', () => messageOf(no));

    await s.operator.call('PATCH', `/merchants/${s.b.id}`, { settings: { noticeGapsS: '10,10,10' } });
    const other = freshNo('Q');
    const second = await s.b.unified.pay(other, 20_000, sqs.queueUrl('busy'), { notifyType: 'sqs' });
    sqs.fail('throttle', 'unavailable');
    await payIt(second);
    await until('the message', () => messageOf(other));
  });

  test('a queue of another account, another place or no name is refused when the order comes', async () => {
    const elsewhere = [
      sqs.queueUrl('orders').replace(account, '210987654321'),
      'https://sqs.ap-southeast-1.amazonaws.com/123456789012/orders',
      `http://127.0.0.1:9/${account}/orders`,
      `${sqs.endpoint.href}${account}/`,
      `${sqs.endpoint.href}${account}/a/b`,
      `${sqs.endpoint.href}${account}/orders?Action=DeleteQueue`,
      `${sqs.endpoint.href.replace('http://', 'http://evil@')}${account}/orders`,
    ];
    const before = sqs.requests;
    for (const url of elsewhere) assert.equal((await order(freshNo('Q'), url)).verdict, 'refused', url);
    assert.equal(sqs.requests, before);
  });

  test('a queue that is not there is an exhausted notice, not a lost one', async () => {
    const no = freshNo('Q');
    await payIt(await order(no, sqs.queueUrl('deleted')));
    await until('exhausted', async () => textAt(entries(await shown(s, no), 'notice')[0], 'state') === 'exhausted');
  });

  test('nothing of the operator’s access keys in log or lists', async () => {
    const outputs = [s.log.join('\n'), JSON.stringify(await s.operator.list('notices'))];
    for (const text of outputs) assert.ok(!text.includes(keys.secretAccessKey));
  });
});

test('a gateway without a queue service refuses orders that name a queue', async () => {
  const plain = await startScene();
  try {
    const told = await plain.a.unified.pay(freshNo('Q'), 20_000, sqs.queueUrl('orders'), { notifyType: 'sqs' });
    assert.equal(told.verdict, 'refused', told.raw);
  } finally {
    await plain.stop();
  }
});
