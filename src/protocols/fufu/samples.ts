/** Sample programs for merchants: `sign` in the URL's query, over the body without blanks (section 1.2). */
import { notifyUrl, orderNo, ref, type Rows, type SamplePlace, type SampleSet, type Step } from '../sample.ts';

const key: Step = { do: 'input', name: 'key', variable: 'API_KEY', fallback: null, about: 'your key' };
const now: Step = { do: 'time', name: 'now', as: 'milliseconds' };
const fresh = orderNo(['S', ref('now')]);

function digestOf(name: string, timestamp: string): Step[] {
  return [
    {
      do: 'strip',
      name: 'stripped',
      of: ref('body'),
      why: 'Signed without blanks and line breaks; sent as it is.',
    },
    { do: 'md5', name, of: [ref(timestamp), ref('key'), ref('stripped')], letters: 'lower' },
  ];
}

function signedPost({ baseUrl, sender }: SamplePlace, endpoint: string, rows: Rows): Step[] {
  return [
    { do: 'members', name: 'members', rows: [['busi_id', sender], ...rows] },
    { do: 'json', name: 'body', of: 'members' },
    ...digestOf('digest', 'now'),
    {
      do: 'post',
      url: [`${baseUrl}/gateway/pay/${endpoint}?sign=`, ref('digest'), ':', ref('now')],
      headers: [['Content-Type', 'application/json; charset=UTF-8']],
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
      key: 'key',
      base: place.baseUrl,
      programs: [
        {
          purpose: 'pay',
          about: {
            en: 'Order ¥ 2.50, paid by one code that any wallet scans (preOrder)',
            zh: '下单 ¥ 2.50，由任意钱包扫同一个码支付（preOrder）',
            id: 'Pesanan ¥ 2,50, dibayar dengan satu kode yang dipindai dompet apa pun (preOrder)',
          },
          steps: [
            key,
            now,
            fresh,
            notifyUrl,
            ...call('preOrder', [
              ['operator_id', 'op01'],
              ['terminal_id', 'till1'],
              ['total_fee', '250'],
              ['channel_type', '0'],
              ['pay_subject', '咖啡 x2'],
              ['out_trade_no', ref('orderNo')],
              ['fee_type', 'CNY'],
              ['trade_type', 'QRCODE'],
              ['time_expire', '120'],
              ['notifyUrl', ref('notifyUrl')],
            ]),
          ],
        },
        {
          purpose: 'query',
          about: {
            en: 'Ask how an order stands (query)',
            zh: '查询订单状态（query）',
            id: 'Tanyakan status pesanan (query)',
          },
          steps: [key, now, orderNo(null), ...call('query', [['out_trade_no', ref('orderNo')]])],
        },
        {
          purpose: 'refund',
          about: {
            en: 'Give ¥ 1.00 of a paid order back (refund)',
            zh: '对已支付订单退款 ¥ 1.00（refund）',
            id: 'Kembalikan ¥ 1,00 dari pesanan yang sudah dibayar (refund)',
          },
          steps: [
            key,
            now,
            orderNo(null),
            orderNo(['R', ref('now')], 'refundNo', 'REFUND_NO'),
            ...call('refund', [
              ['operator_id', 'op01'],
              ['terminal_id', 'till1'],
              ['out_refund_no', ref('refundNo')],
              ['refund_fee', '100'],
              ['out_trade_no', ref('orderNo')],
              ['refund_subject', '退款'],
              ['fee_type', 'CNY'],
            ]),
          ],
        },
        {
          purpose: 'notice',
          about: { en: 'Believe a notice, or not', zh: '验证通知真伪', id: 'Periksa keaslian notifikasi' },
          steps: [
            key,
            {
              do: 'input',
              name: 'given',
              variable: 'QUERY_SIGN',
              fallback: null,
              about: 'the parameter sign of the address that the notice came to',
            },
            { do: 'body', name: 'body' },
            { do: 'after', name: 'timestamp', of: ref('given'), mark: ':' },
            ...digestOf('expected', 'timestamp'),
            { do: 'lower', name: 'received', of: ref('given') },
            {
              do: 'accept',
              when: [{ same: [[ref('expected'), ':', ref('timestamp')], ref('received')] }],
              answer: 'HTTP 200 with the word SUCCESS. Then compare amount and number with your order.',
            },
          ],
        },
      ],
    },
  ];
}
