/** Clients written from the protocol pages alone: a merchant of payin, a merchant of unified, and the channels' callbacks. */
import { createHash } from 'node:crypto';
import { type Answer, type HeaderList, member, request, textAt } from './http.ts';

export type Members = Readonly<Record<string, unknown>>;

/** What a reply means to a merchant, in one word for both protocols. */
export type Verdict = 'accepted' | 'refused' | 'unknown' | 'busy';
/** What a query says. */
export type Shown = 'pending' | 'paid' | 'failed' | 'nothing' | 'unclear';

export interface Told {
  readonly verdict: Verdict;
  readonly raw: string;
  readonly json: unknown;
  readonly payCode: string;
  /** The gateway's number; '' when it told none. */
  readonly platformNo: string;
}

/** The same things to do in either protocol. */
export interface Merchant {
  readonly protocol: 'payin' | 'unified';
  readonly twin: 'payin' | 'bluepay';
  pay(no: string, amount: number, notifyUrl: string, changes?: Members): Promise<Told>;
  payOut(no: string, amount: number, notifyUrl: string, changes?: Members): Promise<Told>;
  queryPay(told: Told, no: string): Promise<Shown>;
  queryPayOut(told: Told, no: string): Promise<Shown>;
  /** The state in a notice. */
  noticeState(json: unknown): string;
}

// ── payin ───────────────────────────────────────────────────────────────────────────────────────────────────────────

export interface PayinKeys {
  readonly merchantId: string;
  readonly apiKey: string;
}

export function payinSign(body: string | Uint8Array, apiKey: string): string {
  return createHash('md5').update(body).update(apiKey).digest('hex').toUpperCase();
}

export class PayinMerchant implements Merchant {
  readonly protocol = 'payin';
  readonly twin = 'payin';
  readonly #url: () => string;
  readonly keys: PayinKeys;

  constructor(url: () => string, keys: PayinKeys) {
    this.#url = url;
    this.keys = keys;
  }

  /** Exactly this body; `headers` replace those a well-behaved merchant sends. */
  send(endpoint: string, body: string | Uint8Array, headers?: HeaderList): Promise<Answer> {
    const own: HeaderList = [
      ['Content-Type', 'application/json'],
      ['MerchantId', this.keys.merchantId],
      ['Sign', payinSign(body, this.keys.apiKey)],
    ];
    return request('POST', `${this.#url()}/api/${endpoint}`, headers ?? own, body, 40_000);
  }

  async ask(endpoint: string, members: Members): Promise<unknown> {
    const answer = await this.send(endpoint, JSON.stringify(members));
    return JSON.parse(answer.text);
  }

  payMembers(no: string, amount: number, notifyUrl: string): Members {
    return {
      realName: 'Reza Wijaya',
      amount: `${amount}.00`,
      reusableStatus: false,
      payType: '41',
      expireTime: 86_400,
      mchOrderNo: no,
      notifyUrl,
      currency: 'IDR',
      remark: 'Electronic Cigarettes',
      nonceStr: '16a5debc6ec04ba1b59ab23bf0d832e0',
    };
  }

  payOutMembers(no: string, amount: number, notifyUrl: string): Members {
    return {
      accountName: 'Afif Asrif',
      accountNo: '1077098557',
      accountType: 3,
      currency: 'IDR',
      amount: String(amount),
      bankId: 14,
      mchOrderNo: no,
      notifyUrl,
      nonceStr: String(Date.now()),
      remark: 'salary',
    };
  }

  async pay(no: string, amount: number, notifyUrl: string, changes: Members = {}): Promise<Told> {
    return this.#told(
      await this.send('payIn', JSON.stringify({ ...this.payMembers(no, amount, notifyUrl), ...changes })),
    );
  }

  async payOut(no: string, amount: number, notifyUrl: string, changes: Members = {}): Promise<Told> {
    return this.#told(
      await this.send('payOut', JSON.stringify({ ...this.payOutMembers(no, amount, notifyUrl), ...changes })),
    );
  }

  #told({ text }: Answer): Told {
    const json: unknown = JSON.parse(text);
    const msg = textAt(json, 'msg');
    const code = member(json, 'code');
    const verdict: Verdict =
      code === 200 ? 'accepted' : msg === 'System_error' ? 'unknown' : msg === 'System_busy' ? 'busy' : 'refused';
    return {
      verdict,
      raw: text,
      json,
      payCode: textAt(json, 'data', 'payCode'),
      platformNo: textAt(json, 'data', 'orderNo'),
    };
  }

  queryPay(_told: Told, no: string): Promise<Shown> {
    return this.#query('payInQuery', no);
  }

  queryPayOut(_told: Told, no: string): Promise<Shown> {
    return this.#query('payOutQuery', no);
  }

  async #query(endpoint: string, no: string): Promise<Shown> {
    const json = await this.ask(endpoint, { mchOrderNo: no, nonceStr: 'n1' });
    if (textAt(json, 'msg') === 'Order_not_exist') return 'nothing';
    const words: Readonly<Record<string, Shown>> = {
      PAYING: 'pending',
      PROCESSING: 'pending',
      WAITING: 'pending',
      SUCCESS: 'paid',
      FAIL: 'failed',
    };
    return words[textAt(json, 'data', 'orderStatus')] ?? 'unclear';
  }

  noticeState(json: unknown): string {
    return textAt(json, 'orderStatus');
  }
}

// ── unified ─────────────────────────────────────────────────────────────────────────────────────────────────────────

export interface UnifiedKeys {
  readonly context: string;
  readonly headers: Readonly<Record<string, string>>;
}

export class UnifiedMerchant implements Merchant {
  readonly protocol = 'unified';
  readonly twin = 'bluepay';
  readonly #url: () => string;
  readonly keys: UnifiedKeys;

  constructor(url: () => string, keys: UnifiedKeys) {
    this.#url = url;
    this.keys = keys;
  }

  send(
    endpoint: string,
    body: string | Uint8Array,
    headers?: HeaderList,
    context = this.keys.context,
  ): Promise<Answer> {
    const own: HeaderList = [['Content-Type', 'application/json'], ...Object.entries(this.keys.headers)];
    return request('POST', `${this.#url()}/${context}/pay/${endpoint}`, headers ?? own, body, 40_000);
  }

  async ask(endpoint: string, members: Members): Promise<unknown> {
    const answer = await this.send(endpoint, JSON.stringify(members));
    return JSON.parse(answer.text);
  }

  payMembers(no: string, amount: number, notifyUrl: string): Members {
    return {
      price: amount,
      currency: 'IDR',
      notifyUrl,
      notifyType: 'http',
      nation: 'ID',
      mobile: '082197662283',
      passBack: { p1: 'v1', p2: 'v2' },
      outTradeNo: no,
      channelCode: 'bluepay',
      channelBizCode: 'gather_dynamic_VA_bluepay',
      channelSpecialParams: { payType: 'atm', bankType: 'permata', productId: '2257' },
    };
  }

  payOutMembers(no: string, amount: number, notifyUrl: string): Members {
    return {
      ...this.payMembers(no, amount, notifyUrl),
      channelBizCode: 'loan_fintech_bluepay',
      channelSpecialParams: {
        payeeBankName: 'ARTA GRAHA',
        payeeName: 'Afif Asrif',
        payeeAccount: '1077098557',
        payeeType: 'NORMAL',
        productId: '2257',
      },
    };
  }

  async pay(no: string, amount: number, notifyUrl: string, changes: Members = {}): Promise<Told> {
    return this.#told(
      await this.send('gather', JSON.stringify({ ...this.payMembers(no, amount, notifyUrl), ...changes })),
    );
  }

  async payOut(no: string, amount: number, notifyUrl: string, changes: Members = {}): Promise<Told> {
    return this.#told(
      await this.send('loan', JSON.stringify({ ...this.payOutMembers(no, amount, notifyUrl), ...changes })),
    );
  }

  /** Rulings: 100004 with data and no word of the channel's = no payment code yet; a loan whose outcome is open reads like an accepted one with httpStatusCode 0. */
  #told({ text }: Answer): Told {
    const json: unknown = JSON.parse(text);
    const code = textAt(json, 'code');
    const data = member(json, 'data');
    const isOpenLoan = textAt(data, 'bizParams', 'httpStatusCode') === '0';
    const verdict: Verdict =
      code === '100000'
        ? isOpenLoan
          ? 'unknown'
          : 'accepted'
        : code === '100004' && data !== null && textAt(data, 'bizParams', 'bizStatusCode') === ''
          ? 'unknown'
          : code === '100021'
            ? 'busy'
            : 'refused';
    return {
      verdict,
      raw: text,
      json,
      payCode: textAt(data, 'bizParams', 'paymentCode'),
      platformNo: textAt(data, 'transactionCode'),
    };
  }

  /** Row 28: outTradeNo where the transactionCode was never told. */
  async #query(told: Told, no: string): Promise<unknown> {
    return this.ask('query', told.platformNo === '' ? { outTradeNo: no } : { transactionCode: told.platformNo });
  }

  async queryPay(told: Told, no: string): Promise<Shown> {
    const json = await this.#query(told, no);
    return shownStatus(json, textAt(json, 'data', 'bizParams', 'result', 'record_status'));
  }

  async queryPayOut(told: Told, no: string): Promise<Shown> {
    const json = await this.#query(told, no);
    return shownStatus(json, textAt(json, 'data', 'bizParams', 'transferStatus'));
  }

  noticeState(json: unknown): string {
    const words: Readonly<Record<string, string>> = { success: 'SUCCESS', fail: 'FAIL' };
    const word = textAt(json, 'tradeStatus');
    return words[word] ?? word;
  }
}

function shownStatus(json: unknown, status: string): Shown {
  const code = textAt(json, 'code');
  if (code === '100011' || code === '100012') return 'nothing';
  if (code !== '100000') return 'unclear';
  return status === '200' ? 'paid' : status === '201' ? 'pending' : 'failed';
}

// ── channels' callbacks ─────────────────────────────────────────────────────────────────────────────────────────────

export type Params = readonly (readonly [string, string])[];

/** Unified page, section 6.2: the received order, only `operator` decoded, then the key. */
export function bluepayEncrypt(params: Params, key: string): string {
  const text = params.map(([name, value]) => `${name}=${value}`).join('&');
  return createHash('md5')
    .update(text + key)
    .digest('hex');
}

export function bluepayQuery(params: Params, key: string): string {
  const text = params
    .map(([name, value]) => `${name}=${name === 'operator' ? encodeURIComponent(value) : value}`)
    .join('&');
  return `${text}&encrypt=${bluepayEncrypt(params, key)}`;
}

/** A collection callback as the document's sample has it. */
export function gatherCallback(reference: string, amount: number | string, changes: Members = {}): Params {
  const members: Readonly<Record<string, unknown>> = {
    cmd: 'CFM',
    bt_id: '2257042521550283190351SmBwdU',
    msisdn: 'nomsisdn',
    operator: 'atm',
    paytype: 'pre',
    price: amount,
    productid: '2257',
    status: '200',
    t_id: reference,
    currency: 'IDR',
    interfacetype: 'bank',
    ...changes,
  };
  return Object.entries(members).map(([name, value]) => [name, String(value)] as const);
}

export function loanCallback(reference: string, amount: number | string, changes: Members = {}): Params {
  return gatherCallback(reference, amount, {
    msisdn: '6282197662283',
    operator: 'ARTA GRAHA',
    interfacetype: 'cashout',
    ...changes,
  });
}

/** A payin notice as a channel sends it: alphabetical members, signed body. */
export function payinCallback(
  no: string,
  orderNo: string,
  amount: number | string,
  sender: string,
  changes: Members = {},
): string {
  const members: Readonly<Record<string, unknown>> = {
    amount: Number(amount),
    completionTime: '2024-12-02 12:07:06',
    fee: 0,
    mchOrderNo: no,
    merchantId: sender,
    nonceStr: '1733116026894',
    orderNo,
    orderStatus: 'SUCCESS',
    payType: '41',
    ...changes,
  };
  return JSON.stringify(members);
}
