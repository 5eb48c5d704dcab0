import assert from 'node:assert/strict';
import net from 'node:net';
import { after, before, describe, test } from 'node:test';
import type { Log, SendLimits } from '../../src/core/world.ts';
import { makeSend } from '../../src/edge/send.ts';
import { amzDate, type Signable, signingKey, signV4 } from '../../src/edge/sigv4.ts';
import { checkQueue, readSqsReply, type SqsMessage, type SqsSettings, sqsRequest } from '../../src/edge/sqs.ts';
import { type FakeSqs, startFakeSqs } from '../fake-sqs.ts';

/** AWS's published Signature Version 4 test suite: credentials, moment and expected signatures. */
const example = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' };
const exampleMoment = Date.UTC(2015, 7, 30, 12, 36, 0);
const form = { 'content-type': 'application/x-www-form-urlencoded' };

interface Vector {
  readonly name: string;
  readonly service: string;
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly signature: string;
}

const vectors: readonly Vector[] = [
  {
    name: 'get-vanilla',
    service: 'service',
    method: 'GET',
    url: 'https://example.amazonaws.com/',
    headers: {},
    body: '',
    signature: '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31',
  },
  {
    name: 'get-vanilla-query-order-key-case',
    service: 'service',
    method: 'GET',
    url: 'https://example.amazonaws.com/?Param2=value2&Param1=value1',
    headers: {},
    body: '',
    signature: 'b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500',
  },
  {
    name: 'post-vanilla',
    service: 'service',
    method: 'POST',
    url: 'https://example.amazonaws.com/',
    headers: {},
    body: '',
    signature: '5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b',
  },
  {
    name: 'post-x-www-form-urlencoded',
    service: 'service',
    method: 'POST',
    url: 'https://example.amazonaws.com/',
    headers: form,
    body: 'Param1=value1',
    signature: 'ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a',
  },
  {
    name: 'the worked example of the General Reference (IAM ListUsers)',
    service: 'iam',
    method: 'GET',
    url: 'https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08',
    headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
    body: '',
    signature: '5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7',
  },
];

function signable(vector: Vector): Signable {
  const { method, headers } = vector;
  return { method, url: new URL(vector.url), headers, body: new TextEncoder().encode(vector.body) };
}

describe('Signature Version 4', () => {
  for (const vector of vectors) {
    test(vector.name, () => {
      const scope = { region: 'us-east-1', service: vector.service };
      const headers = signV4(signable(vector), example, scope, exampleMoment);
      assert.equal(headers['authorization']?.split('Signature=')[1], vector.signature);
      assert.equal(headers['x-amz-date'], '20150830T123600Z');
    });
  }

  test('the derived key of the worked example', () => {
    const key = signingKey(example.secretAccessKey, '20150830', { region: 'us-east-1', service: 'iam' });
    assert.equal(key.toString('hex'), 'c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9');
  });

  test('the session token of temporary credentials is sent and signed', () => {
    const [vector] = vectors;
    assert.ok(vector);
    const headers = signV4(
      signable(vector),
      { ...example, sessionToken: 'TOKEN' },
      { region: 'r', service: 's' },
      exampleMoment,
    );
    assert.equal(headers['x-amz-security-token'], 'TOKEN');
    assert.match(headers['authorization'] ?? '', /SignedHeaders=host;x-amz-date;x-amz-security-token,/);
  });

  test('dates keep their zeros', () => {
    assert.equal(amzDate(Date.UTC(2026, 0, 2, 3, 4, 5, 678)), '20260102T030405Z');
  });
});

const account = '123456789012';
const aws: SqsSettings = { ...example, region: 'ap-southeast-1', accounts: new Set([account]) };
const awsQueue = `https://sqs.ap-southeast-1.amazonaws.com/${account}/orders`;

function message(more: Partial<SqsMessage> = {}): SqsMessage {
  return { queueUrl: awsQueue, body: '{"event":1}', attributes: {}, ...more };
}

describe('which queues are written to', () => {
  test('the address comes from configuration, whatever the queue URL', () => {
    const made = sqsRequest(message(), aws, exampleMoment);
    assert.ok(made.kind === 'request');
    assert.equal(made.request.url, 'https://sqs.ap-southeast-1.amazonaws.com/');
    assert.equal(new URL(made.request.url).host, new URL(awsQueue).host);
  });

  const refused = [
    'https://evil.example/123456789012/orders',
    'https://sqs.ap-southeast-1.amazonaws.com.evil.example/123456789012/orders',
    'https://sqs.ap-southeast-1.amazonaws.com@evil.example/123456789012/orders',
    'https://sqs.us-east-1.amazonaws.com/123456789012/orders',
    'http://sqs.ap-southeast-1.amazonaws.com/123456789012/orders',
    'http://169.254.169.254/latest/meta-data/',
    'https://sqs.ap-southeast-1.amazonaws.com/999999999999/orders',
    'https://sqs.ap-southeast-1.amazonaws.com/123456789012/../999999999999/orders',
    'https://sqs.ap-southeast-1.amazonaws.com/123456789012/orders?x=1',
    'https://sqs.ap-southeast-1.amazonaws.com/123456789012/orders/x',
    'https://sqs.ap-southeast-1.amazonaws.com/123456789012/',
    'https://sqs.ap-southeast-1.amazonaws.com/orders',
    `https://sqs.ap-southeast-1.amazonaws.com/123456789012/${'q'.repeat(81)}`,
    'https://sqs.ap-southeast-1.amazonaws.com/123456789012/orders.other',
    `https://sqs.ap-southeast-1.amazonaws.comX${account}/orders`,
    `${awsQueue}\n`,
    '',
  ];
  for (const queueUrl of refused) {
    test(`refused: ${JSON.stringify(queueUrl).slice(0, 90)}`, () => {
      assert.notEqual(checkQueue(queueUrl, aws), null);
      assert.equal(sqsRequest(message({ queueUrl }), aws, exampleMoment).kind, 'refused');
    });
  }

  test('China has a domain of its own; a region that is none is our own fault', () => {
    const china = { ...aws, region: 'cn-north-1' };
    assert.equal(checkQueue(`https://sqs.cn-north-1.amazonaws.com.cn/${account}/orders`, china), null);
    assert.throws(() => checkQueue(awsQueue, { ...aws, region: 'evil.example/' }));
  });
});

describe('which messages are sent', () => {
  const kindOf = (more: Partial<SqsMessage>) => sqsRequest(message(more), aws, exampleMoment).kind;

  test('256 KiB with attributes, counted in bytes', () => {
    const room = 262_144 - 'event'.length - 'String'.length - 'é'.length - 1;
    assert.equal(kindOf({ body: 'a'.repeat(room), attributes: { event: 'é' } }), 'request');
    assert.equal(kindOf({ body: 'a'.repeat(room + 1), attributes: { event: 'é' } }), 'refused');
    assert.equal(kindOf({ body: '支'.repeat(87_382) }), 'refused');
  });

  test('what SQS would refuse is not sent', () => {
    assert.equal(kindOf({ body: '' }), 'refused');
    assert.equal(kindOf({ body: 'a\u0000b' }), 'refused');
    assert.equal(kindOf({ body: '\ud800' }), 'refused');
    assert.equal(kindOf({ body: '\u001f' }), 'refused');
    assert.equal(kindOf({ body: '\uffff' }), 'refused');
    assert.equal(kindOf({ body: 'tab\tline\r\n😀' }), 'request');
    assert.equal(kindOf({ attributes: { 'AWS.x': '1' } }), 'refused');
    assert.equal(kindOf({ attributes: { 'a b': '1' } }), 'refused');
    assert.equal(kindOf({ attributes: { a: '' } }), 'refused');
    assert.equal(kindOf({ attributes: Object.fromEntries('abcdefghijk'.split('').map((c) => [c, '1'])) }), 'refused');
  });

  test('a FIFO queue needs group and event id', () => {
    const queueUrl = `${awsQueue}.fifo`;
    assert.equal(kindOf({ queueUrl }), 'refused');
    assert.equal(kindOf({ queueUrl, groupId: 'order-1' }), 'refused');
    assert.equal(kindOf({ queueUrl, groupId: 'order 1', dedupId: 'e1' }), 'refused');
    assert.equal(kindOf({ queueUrl, groupId: 'order-1', dedupId: 'e1' }), 'request');
  });
});

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };
const limits: SendLimits = { connectTimeoutMs: 2000, totalTimeoutMs: 2000, maxResponseBytes: 8192, targets: 'any' };

describe('against a queue', () => {
  let fake: FakeSqs;
  const sender = makeSend({
    allowHosts: new Set(),
    allowLoopback: false,
    ownPorts: () => new Set(),
    log: silent,
    monotonic: () => performance.now(),
  });
  const queues = ['orders', 'orders.fifo'];
  let serverNow = exampleMoment;

  before(async () => {
    fake = await startFakeSqs({ ...example, region: aws.region, account, queues, now: () => serverNow });
  });
  after(async () => {
    await sender.close();
    await fake.close();
  });

  async function deliver(more: Partial<SqsMessage> = {}, settings: Partial<SqsSettings> = {}) {
    const all = { ...aws, endpoint: fake.endpoint, ...settings };
    const made = sqsRequest(message({ queueUrl: fake.queueUrl('orders'), ...more }), all, exampleMoment);
    assert.ok(made.kind === 'request', made.kind === 'refused' ? made.why : '');
    return readSqsReply(await sender.send(made.request, limits));
  }

  test('a message arrives with its attributes', async () => {
    const body = '{"名":"支付","n":"😀"}';
    assert.equal((await deliver({ body, attributes: { eventId: 'e1', sequence: '7' } })).kind, 'ok');
    const stored = fake.messages.at(-1);
    assert.equal(stored?.body, body);
    assert.deepEqual(stored?.attributes, { eventId: 'e1', sequence: '7' });
    assert.equal(stored?.groupId, null);
  });

  test('a FIFO queue takes one event once', async () => {
    const before = fake.messages.length;
    const fifo = { queueUrl: fake.queueUrl('orders.fifo'), groupId: 'order-1', dedupId: 'event-1' };
    const first = await deliver(fifo);
    const again = await deliver(fifo);
    assert.deepEqual(first, again);
    assert.equal(fake.messages.length, before + 1);
    assert.equal(fake.messages.at(-1)?.groupId, 'order-1');
  });

  test('stored but not answered is tried again, and is then a duplicate with the same event id', async () => {
    const before = fake.messages.length;
    fake.fail('cut-after-storing');
    assert.equal((await deliver({ attributes: { eventId: 'e9' } })).kind, 'retry');
    assert.equal((await deliver({ attributes: { eventId: 'e9' } })).kind, 'ok');
    assert.deepEqual(
      fake.messages.slice(before).map((m) => m.attributes['eventId']),
      ['e9', 'e9'],
    );
  });

  test('throttled, unavailable or garbled: again', async () => {
    for (const fault of ['throttle', 'unavailable', 'garbage'] as const) {
      fake.fail(fault);
      assert.equal((await deliver()).kind, 'retry', fault);
    }
  });

  test('a missing queue or a wrong key is for somebody to mend', async () => {
    assert.deepEqual(await deliver({ queueUrl: fake.queueUrl('gone') }), { kind: 'bad', why: '400 QueueDoesNotExist' });
    assert.deepEqual(await deliver({}, { secretAccessKey: 'wrong' }), {
      kind: 'bad',
      why: '403 SignatureDoesNotMatch',
    });
    assert.equal((await deliver({}, { accessKeyId: 'OTHER' })).kind, 'bad');
  });

  test('a clock that is off is tried again', async () => {
    serverNow = exampleMoment + 1_000_000;
    assert.deepEqual(await deliver(), { kind: 'retry', why: '403 RequestExpired' });
    serverNow = exampleMoment;
  });

  test('one changed byte and the signature no longer fits', async () => {
    const settings = { ...aws, endpoint: fake.endpoint };
    const made = sqsRequest(message({ queueUrl: fake.queueUrl('orders'), body: 'one' }), settings, exampleMoment);
    assert.ok(made.kind === 'request');
    const body = Buffer.from(made.request.body);
    body[body.indexOf('one')] = 'O'.charCodeAt(0);
    const sent = await sender.send({ ...made.request, body }, limits);
    assert.deepEqual(readSqsReply(sent), { kind: 'bad', why: '403 SignatureDoesNotMatch' });
  });

  test('a queue URL that names another host leads nobody there', async () => {
    let lured = 0;
    const canary = net.createServer(() => lured++).listen(0, '127.0.0.1');
    await new Promise((resolve) => canary.once('listening', resolve));
    const address = canary.address();
    assert.ok(address !== null && typeof address === 'object');
    const queueUrl = `http://127.0.0.1:${address.port}/${account}/orders`;
    const made = sqsRequest(message({ queueUrl }), { ...aws, endpoint: fake.endpoint }, exampleMoment);
    assert.equal(made.kind, 'refused');
    canary.close();
    assert.equal(lured, 0);
  });
});

test('no answer, or half of one, is never a success', () => {
  assert.equal(readSqsReply({ kind: 'NOT_SENT', why: 'x' }).kind, 'retry');
  assert.equal(readSqsReply({ kind: 'UNKNOWN', why: 'x' }).kind, 'retry');
  const answer = (status: number, text: string, truncated = false) =>
    readSqsReply({ kind: 'ANSWER', status, headers: {}, body: new TextEncoder().encode(text), truncated });
  assert.equal(answer(200, '{"MessageId":"a"}').kind, 'ok');
  assert.equal(answer(200, '{"MessageId":"a"}', true).kind, 'retry');
  assert.equal(answer(200, '{"MessageId":""}').kind, 'retry');
  assert.equal(answer(200, '[]').kind, 'retry');
  assert.equal(answer(200, 'null').kind, 'retry');
  assert.equal(answer(500, '{"__type":"x#AccessDenied"}').kind, 'retry');
  assert.equal(answer(400, '{"__type":"x#AccessDenied"}').kind, 'bad');
  assert.equal(answer(302, '').kind, 'retry');
});
