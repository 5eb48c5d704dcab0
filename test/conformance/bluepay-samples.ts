/** What the bluepay test files share: vectors, core asks, and one step through each leg. */
import type { Pay, PayOut } from '../../src/core/commands.ts';
import { money } from '../../src/core/money.ts';
import { bluepay } from '../../src/protocols/bluepay/protocol.ts';
import { type Keys } from '../../src/protocols/protocol.ts';
import {
  gatherNo,
  getting,
  loanNo,
  md5,
  product,
  productKey,
  replying,
  rowOf,
  sceneWith,
  vectors,
} from './unified-party.ts';

export const create = rowOf(bluepay, 'create', 'pay');
export const transfer = rowOf(bluepay, 'transfer', 'pay-out');
export const queryTransfer = rowOf(bluepay, 'queryTransfer', 'query-payout');
export const queryTransDetail = rowOf(bluepay, 'queryTransDetail', 'query-payment');
export const rows = { create, transfer, queryTransfer, queryTransDetail };

export const requests = vectors('bluepay', 'requests.json', 6);
export const callbacks = vectors('bluepay', 'callbacks.json', 3);
export const replies = vectors('bluepay', 'replies.json', 4);

export const pay: Pay = {
  orderNo: gatherNo,
  amount: money(20_000n, 'IDR'),
  method: 'virtual-account',
  option: 'PERMATA',
  subject: null,
  payer: { name: null, phone: '6282197662283', email: null, country: 'ID' },
  notify: null,
  returnUrl: null,
  expiresInS: null,
  authCode: null,
  agreementNo: null,
  extras: {},
};
export const payOut: PayOut = {
  orderNo: loanNo,
  amount: money(20_000n, 'IDR'),
  payee: {
    name: 'Afif Asrif',
    phone: '6282197662283',
    email: null,
    country: 'ID',
    bank: 'ARTHA_GRAHA',
    account: '1077098557',
    accountName: 'Afif Asrif',
    kind: 'person',
    accountKind: 'bank-account',
  },
  subject: null,
  notify: null,
  extras: {},
};
const find = { orderNo: loanNo, platformNo: null, refundNo: null, extras: {} };

export function listen(query: string, keys: Keys = product()) {
  const scene = sceneWith(keys);
  return bluepay.readNotice(bluepay.notice.open(getting(`/listen/7?${query}`), scene), scene);
}

export function signed(text: string, key: string = productKey): string {
  return `${text.replaceAll(' ', '%20')}&encrypt=${md5(text, key)}`;
}

export const paidText = callbacks[0]?.['signed'] ?? '';
export const payoutText = callbacks[1]?.['signed'] ?? '';

export function sealed(name: keyof typeof rows, keys: Keys): string {
  const scene = sceneWith(keys, { row: rows[name], url: `http://up${rows[name].path}` });
  const written = {
    create: () => create.ask.write(pay, scene),
    transfer: () => transfer.ask.write(payOut, scene),
    queryTransfer: () => queryTransfer.ask.write(find, scene),
    queryTransDetail: () => queryTransDetail.ask.write(find, scene),
  };
  return bluepay.request.seal(written[name](), scene).target;
}

export function open(name: keyof typeof rows, query: string, keys: Keys = product()) {
  const scene = sceneWith(keys, { row: rows[name] });
  return { scene, request: bluepay.request.open(getting(`${rows[name].path}?${query}`), scene) };
}

export function judged(name: keyof typeof rows, body: string, settings = {}) {
  const scene = sceneWith(product(settings), { row: rows[name] });
  const reply = bluepay.reply.open(replying(body), scene);
  return { scene, reply, verdict: bluepay.judge(reply, scene) };
}
