/** Sample programs for merchants: requests with `Sign`, and the same signature on notices (page, section 3.1). */
import { notifyUrl, orderNo, ref, type Rows, type SamplePlace, type SampleSet, type Step } from '../sample.ts';

const apiKey: Step = {
  do: 'input',
  name: 'apiKey',
  variable: 'API_KEY',
  fallback: null,
  about: 'your API key',
};
const now: Step = { do: 'time', name: 'now', as: 'milliseconds' };
const fresh = orderNo(['S', ref('now')]);

/** Signs the very bytes that travel. */
function signedPost({ baseUrl, sender }: SamplePlace, endpoint: string, rows: Rows): Step[] {
  return [
    { do: 'members', name: 'members', rows },
    { do: 'json', name: 'body', of: 'members', why: 'Sign exactly the text that is sent.' },
    { do: 'md5', name: 'sign', of: [ref('body'), ref('apiKey')], letters: 'upper' },
    {
      do: 'post',
      url: `${baseUrl}/api/${endpoint}`,
      headers: [
        ['Content-Type', 'application/json'],
        ['MerchantId', sender],
        ['Sign', ref('sign')],
      ],
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
      key: 'apiKey',
      base: place.baseUrl,
      programs: [
        {
          purpose: 'pay',
          about: {
            en: 'Collect Rp 20.000 by QRIS (payIn)',
            zh: '用 QRIS 收款 Rp 20.000（payIn）',
            id: 'Tagih Rp 20.000 dengan QRIS (payIn)',
          },
          steps: [
            apiKey,
            now,
            fresh,
            notifyUrl,
            ...call('payIn', [
              ['realName', 'Reza Wijaya'],
              ['amount', '20000'],
              ['payType', '41'],
              ['mchOrderNo', ref('orderNo')],
              ['notifyUrl', ref('notifyUrl')],
              ['currency', 'IDR'],
              ['remark', 'Coffee'],
              ['nonceStr', ref('now')],
            ]),
          ],
        },
        {
          purpose: 'query',
          about: {
            en: 'Ask how an order stands (payInQuery)',
            zh: '查询订单状态（payInQuery）',
            id: 'Tanyakan status pesanan (payInQuery)',
          },
          steps: [
            apiKey,
            now,
            orderNo(null),
            ...call('payInQuery', [
              ['mchOrderNo', ref('orderNo')],
              ['nonceStr', ref('now')],
            ]),
          ],
        },
        {
          purpose: 'pay-out',
          about: {
            en: 'Pay Rp 15.000 out to a bank account (payOut)',
            zh: '向银行账户代付 Rp 15.000（payOut）',
            id: 'Cairkan Rp 15.000 ke rekening bank (payOut)',
          },
          steps: [
            apiKey,
            now,
            fresh,
            notifyUrl,
            ...call('payOut', [
              ['accountName', 'Afif Asrif'],
              ['accountNo', '1077098557'],
              ['accountType', { number: '3' }],
              ['currency', 'IDR'],
              ['amount', '15000'],
              ['bankId', { number: '14' }],
              ['mchOrderNo', ref('orderNo')],
              ['notifyUrl', ref('notifyUrl')],
              ['nonceStr', ref('now')],
              ['remark', 'Salary'],
            ]),
          ],
        },
        {
          purpose: 'notice',
          about: { en: 'Believe a notice, or not', zh: '验证通知真伪', id: 'Periksa keaslian notifikasi' },
          steps: [
            apiKey,
            {
              do: 'input',
              name: 'given',
              variable: 'HEADER_SIGN',
              fallback: null,
              about: 'the header Sign of the notice',
            },
            { do: 'body', name: 'body', why: 'The body as it came: never written anew.' },
            { do: 'md5', name: 'expected', of: [ref('body'), ref('apiKey')], letters: 'lower' },
            { do: 'lower', name: 'received', of: ref('given') },
            {
              do: 'accept',
              when: [{ same: [ref('expected'), ref('received')] }],
              answer: 'HTTP 200. Then compare amount and number with your order before you deliver.',
            },
          ],
        },
      ],
    },
  ];
}
