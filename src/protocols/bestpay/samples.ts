/** Sample programs for merchants: RSA over the sorted members, SHA-256 in requests, SHA-1 in callbacks (page, section 3). */
import {
  notifyUrl,
  orderNo,
  ref,
  type Rows,
  type SamplePlace,
  type SampleSet,
  type SignatureOf,
  type Step,
} from '../sample.ts';

const now: Step = { do: 'time', name: 'now', as: 'milliseconds' };
const moment: Step = { do: 'time', name: 'moment', as: 'china-time' };
const fresh = orderNo(['S', ref('now')]);

function signatureOf(algorithm: 'rsa-sha1' | 'rsa-sha256', keyFile: string): SignatureOf {
  return { algorithm, keyFile, of: ref('signedText'), charset: 'UTF-8' };
}

function signedPost(place: SamplePlace, endpoint: string, rows: Rows): Step[] {
  const { baseUrl, sender, setting } = place;
  return [
    {
      do: 'members',
      name: 'members',
      rows: [['institutionCode', sender], ['merchantNo', setting('merchantNo')?.split(',')[0] ?? sender], ...rows],
    },
    {
      do: 'sorted',
      name: 'signedText',
      of: 'members',
      dropBlank: false,
      why: 'All members, sorted by name as bytes are, empty ones too.',
    },
    { do: 'sign', name: 'sign', ...signatureOf('rsa-sha256', 'PRIVATE_KEY_FILE') },
    { do: 'add', to: 'members', member: 'sign', value: ref('sign') },
    { do: 'json', name: 'body', of: 'members' },
    {
      do: 'post',
      url: `${baseUrl}/mapi/o2o/aggregatePayment/${endpoint}`,
      headers: [['Content-Type', 'application/json; charset=utf-8']],
      body: { text: ref('body') },
      charset: 'UTF-8',
    },
  ];
}

export function samples(place: SamplePlace): readonly SampleSet[] {
  const call = (endpoint: string, rows: Rows) => signedPost(place, endpoint, rows);
  return [
    {
      variant: null,
      key: 'publicKey',
      base: place.baseUrl,
      programs: [
        {
          purpose: 'pay',
          about: {
            en: 'Order ¥ 12.80, paid by a code that Alipay scans (orderMixQrcode)',
            zh: '下单 ¥ 12.80，由支付宝扫码支付（orderMixQrcode）',
            id: 'Pesanan ¥ 12,80, dibayar dengan kode yang dipindai Alipay (orderMixQrcode)',
          },
          steps: [
            now,
            moment,
            fresh,
            notifyUrl,
            ...call('platform/orderMixQrcode', [
              ['outTradeNo', ref('orderNo')],
              ['tradeAmt', { number: '1280' }],
              ['subject', '咖啡'],
              ['tradeType', 'ALIPAY'],
              ['requestDate', ref('moment')],
              ['timeOut', { number: '7200' }],
              ['goodsInfo', '咖啡 x2'],
              ['notifyUrl', ref('notifyUrl')],
              ['operator', 'op01'],
            ]),
          ],
        },
        {
          purpose: 'query',
          about: {
            en: 'Ask how an order stands (confirmOrderStatus)',
            zh: '查询订单状态（confirmOrderStatus）',
            id: 'Tanyakan status pesanan (confirmOrderStatus)',
          },
          steps: [
            moment,
            orderNo(null),
            ...call('confirmOrderStatus', [
              ['outTradeNo', ref('orderNo')],
              ['tradeDate', ref('moment')],
            ]),
          ],
        },
        {
          purpose: 'refund',
          about: {
            en: 'Give ¥ 1.00 of a paid order back (refund)',
            zh: '对已支付订单退款 ¥ 1.00（refund）',
            id: 'Kembalikan ¥ 1,00 dari pesanan yang sudah dibayar (refund)',
          },
          steps: [
            now,
            moment,
            orderNo(null),
            orderNo(['R', ref('now')], 'refundNo', 'REFUND_NO'),
            notifyUrl,
            ...call('refund', [
              ['outTradeNo', ref('orderNo')],
              ['outRequestNo', ref('refundNo')],
              ['refundAmt', { number: '100' }],
              ['requestDate', ref('moment')],
              ['operator', 'op01'],
              ['notifyUrl', ref('notifyUrl')],
            ]),
          ],
        },
        {
          purpose: 'notice',
          about: { en: 'Believe a callback, or not', zh: '验证回调真伪', id: 'Periksa keaslian callback' },
          steps: [
            { do: 'body', name: 'body' },
            { do: 'parse', name: 'members', of: ref('body'), as: 'json' },
            { do: 'take', name: 'sign', from: 'members', member: 'sign' },
            {
              do: 'sorted',
              name: 'signedText',
              of: 'members',
              dropBlank: false,
              why: 'All members but sign, sorted by name as bytes are; a null reads null.',
            },
            {
              do: 'accept',
              when: [{ signed: signatureOf('rsa-sha1', 'PLATFORM_PUBLIC_KEY_FILE'), signature: ref('sign') }],
              answer:
                'HTTP 200 with {"success":true,"errorCode":"000000","errorMsg":"","result":{"statusCode":200}}. Then compare amount and number with your order.',
            },
          ],
        },
      ],
    },
  ];
}
