/** Sample programs for merchants: a signed form in GBK, with RSA or SM2 (page, section 2). */
import {
  type Algorithm,
  notifyUrl,
  orderNo,
  ref,
  type Rows,
  type SamplePlace,
  type SampleProgram,
  type SampleSet,
  type SignatureOf,
  type Step,
} from '../sample.ts';
import type { SignType } from './settings.ts';

const moment: Step = { do: 'time', name: 'moment', as: 'china-time' };
const day: Step = { do: 'time', name: 'day', as: 'china-day' };
const now: Step = { do: 'time', name: 'now', as: 'milliseconds' };
/** Numbers begin with the day. */
const fresh = orderNo([ref('day'), 'S', ref('now')]);
const shopDay: Step = {
  do: 'input',
  name: 'shopDay',
  variable: 'SHOP_DAY',
  fallback: ref('day'),
  about: 'the day of the order, yyyyMMdd',
};

const algorithms: Readonly<Record<SignType, Algorithm>> = { RSA: 'rsa-sha1', SM: 'sm2' };
const keyFiles: Readonly<Record<SignType, { readonly own: string; readonly platform: string }>> = {
  RSA: { own: 'PRIVATE_KEY_FILE', platform: 'PLATFORM_PUBLIC_KEY_FILE' },
  SM: { own: 'SM2_PRIVATE_KEY_FILE', platform: 'PLATFORM_SM2_PUBLIC_KEY_FILE' },
};

function signedPost(
  { baseUrl, sender }: SamplePlace,
  signType: SignType,
  method: string,
  biz: Rows,
  outer: Rows = [],
): Step[] {
  const signature: SignatureOf = {
    algorithm: algorithms[signType],
    keyFile: keyFiles[signType].own,
    of: ref('signedText'),
    charset: 'GBK',
  };
  return [
    { do: 'members', name: 'biz', rows: biz },
    { do: 'json', name: 'bizContent', of: 'biz' },
    {
      do: 'members',
      name: 'members',
      rows: [
        ['method', method],
        ['partner_id', sender],
        ['timestamp', ref('moment')],
        ['charset', 'GBK'],
        ['sign_type', signType],
        ['version', '3.0'],
        ...outer,
        ['biz_content', ref('bizContent')],
      ],
    },
    {
      do: 'sorted',
      name: 'signedText',
      of: 'members',
      dropBlank: true,
      why: 'Sorted by name, blank ones left out, raw values: signed in the charset that is sent.',
    },
    { do: 'sign', name: 'sign', ...signature },
    { do: 'add', to: 'members', member: 'sign', value: ref('sign') },
    {
      do: 'post',
      url: `${baseUrl}/gateway.do`,
      headers: [['Content-Type', 'application/x-www-form-urlencoded; charset=GBK']],
      body: { form: 'members' },
      charset: 'GBK',
    },
  ];
}

function programs(place: SamplePlace, signType: SignType): readonly SampleProgram[] {
  const call = (method: string, biz: Rows, outer?: Rows) => signedPost(place, signType, method, biz, outer);
  return [
    {
      purpose: 'pay',
      about: {
        en: 'Charge ¥ 12.80 to a card whose holder has signed an agreement (fastPay); an SMS code then confirms it',
        zh: '向已签约持卡人的银行卡扣款 ¥ 12.80（fastPay），再以短信验证码确认',
        id: 'Tagih ¥ 12,80 ke kartu yang pemegangnya sudah menandatangani perjanjian (fastPay); lalu kode SMS mengonfirmasinya',
      },
      steps: [
        moment,
        day,
        now,
        fresh,
        {
          do: 'input',
          name: 'protocolNo',
          variable: 'PROTOCOL_NO',
          fallback: null,
          about: 'protocol_no of the agreement',
        },
        {
          do: 'input',
          name: 'userId',
          variable: 'USER_ID',
          fallback: 'user-1',
          about: 'your number of the customer, as in the agreement',
        },
        notifyUrl,
        ...call(
          'ysepay.trusteeship.fastPay',
          [
            ['out_trade_no', ref('orderNo')],
            ['shopdate', ref('day')],
            ['subject', '咖啡'],
            ['total_amount', '12.80'],
            ['seller_id', 'shop-1'],
            ['seller_name', '测试商户'],
            ['timeout_express', '2h'],
            ['business_code', '3010002'],
            ['protocol_no', ref('protocolNo')],
            ['user_id', ref('userId')],
          ],
          [['notify_url', ref('notifyUrl')]],
        ),
      ],
    },
    {
      purpose: 'query',
      about: {
        en: 'Ask how an order stands (trade.query)',
        zh: '查询订单状态（trade.query）',
        id: 'Tanyakan status pesanan (trade.query)',
      },
      steps: [
        moment,
        day,
        orderNo(null),
        shopDay,
        ...call('ysepay.online.trade.query', [
          ['out_trade_no', ref('orderNo')],
          ['shopdate', ref('shopDay')],
        ]),
      ],
    },
    {
      purpose: 'refund',
      about: {
        en: 'Give ¥ 1.00 of a paid order back (trade.refund)',
        zh: '对已支付订单退款 ¥ 1.00（trade.refund）',
        id: 'Kembalikan ¥ 1,00 dari pesanan yang sudah dibayar (trade.refund)',
      },
      steps: [
        moment,
        day,
        now,
        orderNo(null),
        shopDay,
        orderNo([ref('day'), 'R', ref('now')], 'refundNo', 'REFUND_NO'),
        ...call('ysepay.online.trade.refund', [
          ['out_trade_no', ref('orderNo')],
          ['shopdate', ref('shopDay')],
          ['refund_amount', '1.00'],
          ['refund_reason', '退款'],
          ['out_request_no', ref('refundNo')],
        ]),
      ],
    },
    {
      purpose: 'notice',
      about: { en: 'Believe a notice, or not', zh: '验证通知真伪', id: 'Periksa keaslian notifikasi' },
      steps: [
        { do: 'body', name: 'body' },
        { do: 'parse', name: 'members', of: ref('body'), as: 'form', why: 'Notices are forms in UTF-8.' },
        { do: 'take', name: 'sign', from: 'members', member: 'sign' },
        {
          do: 'sorted',
          name: 'signedText',
          of: 'members',
          dropBlank: true,
          why: 'All members but sign, sorted by name, blank ones left out.',
        },
        {
          do: 'accept',
          when: [
            {
              signed: {
                algorithm: algorithms[signType],
                keyFile: keyFiles[signType].platform,
                of: ref('signedText'),
                charset: 'UTF-8',
              },
              signature: ref('sign'),
            },
          ],
          answer: 'HTTP 200 with the word success. Then compare amount and number with your order.',
        },
      ],
    },
  ];
}

export function samples(place: SamplePlace): readonly SampleSet[] {
  return [
    { variant: 'RSA', key: 'publicKey', base: place.baseUrl, programs: programs(place, 'RSA') },
    { variant: 'SM2', key: 'sm2PublicKey', base: place.baseUrl, programs: programs(place, 'SM') },
  ];
}
