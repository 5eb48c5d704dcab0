/** What the three unified test files share: samples of the document, and notices made from reports. */
import assert from 'node:assert/strict';
import type { PaymentReport, PayoutReport } from '../../src/core/commands.ts';
import { type Json, obj, writeJson } from '../../src/protocols/json.ts';
import { type Keys } from '../../src/protocols/protocol.ts';
import { scalarText } from '../../src/protocols/reading.ts';
import { unified } from '../../src/protocols/unified/protocol.ts';
import {
  inner,
  members,
  merchant,
  posting,
  rowOf,
  samplePayment,
  samplePayout,
  sceneWith,
  vectors,
} from './unified-party.ts';

export const gather = rowOf(unified, 'gather', 'pay');
export const loan = rowOf(unified, 'loan', 'pay-out');
export const query = rowOf(unified, 'query', 'query-order');

export const requests = vectors('unified', 'requests.json', 3);
export const replies = vectors('unified', 'replies.json', 4);
export const notices = vectors('unified', 'notices.json', 2);
export const bodyOf = (list: readonly Readonly<Record<string, string>>[], i: number) => list[i]?.['body'] ?? '';
export const gatherBody = bodyOf(requests, 0);
export const loanBody = bodyOf(requests, 1);
export const queryBody = bodyOf(requests, 2);

export const to = (name: string) => ({ target: `/bluepay-service/pay/${name}` });
export const open = (body: string, keys: Keys = merchant()) => unified.request.open(posting(body), sceneWith(keys));
export const readGather = (body: string, keys: Keys = merchant()) => gather.ask.read(open(body, keys), sceneWith(keys));
export const readLoan = (body: string, keys: Keys = merchant()) => loan.ask.read(open(body, keys), sceneWith(keys));

/** A reply without the second spelling of its text (row 2), as the document's samples have it. */
export function asSample(reply: Iterable<readonly [string, Json]>): string {
  return writeJson(obj([...reply].filter(([name]) => name !== 'msg')));
}

export const paidPayment: PaymentReport = {
  ...samplePayment,
  state: 'paid',
  channelNo: '2257042521550283190351SmBwdU',
  finishedAt: Date.parse('2019-02-16T02:14:28Z'),
};
export const paidPayout: PayoutReport = {
  ...samplePayout,
  state: 'paid',
  finishedAt: Date.parse('2019-02-16T02:21:34Z'),
};

export const notice = (report: Parameters<typeof unified.writeNotice>[0], keys: Keys = merchant()) =>
  unified.writeNotice(report, sceneWith(keys));
export const callback = (report: Parameters<typeof unified.writeNotice>[0], keys: Keys = merchant()) => {
  const made = notice(report, keys);
  assert.ok(made);
  return inner(made, 'originChannelCallBack');
};

/** The order of section 6.2, written out. */
export function signedText(origin: ReturnType<typeof callback>): string {
  const order = [
    'cmd',
    'bt_id',
    'msisdn',
    'operator',
    'paytype',
    'price',
    'productid',
    'status',
    't_id',
    'currency',
    'interfacetype',
  ];
  return order.map((name) => `${name}=${scalarText(origin.get(name))}`).join('&');
}

/** The callback of a sample, as BluePay's adapter keeps it. */
export function kept(sample: string): Record<string, string> {
  const origin = inner(members(sample), 'originChannelCallBack');
  return Object.fromEntries([...origin].map(([name, value]) => [`bluepay.${name}`, scalarText(value)]));
}
