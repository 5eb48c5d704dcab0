/** Sample programs for merchants: the API key in a header, an HMAC over the request, and the same HMAC on notices. */
import {
  notifyUrl,
  orderNo,
  ref,
  type Rows,
  type SamplePlace,
  type SampleSet,
  type Step,
  type Text,
} from '../sample.ts';

const keys: readonly Step[] = [
  {
    do: 'input',
    name: 'apiKey',
    variable: 'API_KEY',
    fallback: null,
    about: 'secret half of your key: what stands behind the dot of x-api-key',
  },
  {
    do: 'input',
    name: 'hmacKey',
    variable: 'HMAC_KEY',
    fallback: ref('apiKey'),
    about: 'your HMAC key; without one the API key signs',
  },
];
const now: Step = { do: 'time', name: 'now', as: 'milliseconds' };
const fresh = orderNo(['S', ref('now')]);

function hmacOf(name: string, timestamp: Text, path: Text, why: string): Step {
  return { do: 'hmac', name, key: ref('hmacKey'), of: [timestamp, '.POST.', path, '.', ref('body')], why };
}

/** Of a key for any context we show the one in the document's samples. */
function contextOf({ setting }: SamplePlace): string {
  return setting('context') ?? 'bluepay-service';
}

function baseOf(place: SamplePlace): string {
  return `${place.baseUrl}/${contextOf(place)}`;
}

function signedPost(place: SamplePlace, endpoint: string, rows: Rows): Step[] {
  const { baseUrl, sender } = place;
  const path = `/${contextOf(place)}/pay/${endpoint}`;
  return [
    { do: 'members', name: 'members', rows },
    { do: 'json', name: 'body', of: 'members' },
    { do: 'time', name: 'timestamp', as: 'seconds' },
    hmacOf('signature', ref('timestamp'), path, 'Time stamp, method, path and body, joined with dots.'),
    {
      do: 'post',
      url: `${baseUrl}${path}`,
      headers: [
        ['Content-Type', 'application/json'],
        ['x-api-key', [`${sender}.`, ref('apiKey')]],
        ['x-timestamp', ref('timestamp')],
        ['x-signature', ref('signature')],
      ],
      body: { text: ref('body') },
      charset: 'UTF-8',
    },
  ];
}

function order(price: string, code: string, params: Rows): Rows {
  return [
    ['notifyType', 'http'],
    ['nation', 'ID'],
    ['price', { number: price }],
    ['channelSpecialParams', { members: params }],
    ['outTradeNo', ref('orderNo')],
    ['mobile', '082197662283'],
    ['notifyUrl', ref('notifyUrl')],
    ['currency', 'IDR'],
    ['channelBizCode', code],
    ['channelCode', 'bluepay'],
  ];
}

export function samples(place: SamplePlace): readonly SampleSet[] {
  const call = (endpoint: string, rows: Rows) => signedPost(place, endpoint, rows);
  return [
    {
      variant: null,
      key: 'apiKey',
      base: baseOf(place),
      programs: [
        {
          purpose: 'pay',
          about: {
            en: 'Collect Rp 20.000 by a Permata virtual account (gather)',
            zh: '用 Permata 虚拟账户收款 Rp 20.000（gather）',
            id: 'Tagih Rp 20.000 dengan virtual account Permata (gather)',
          },
          steps: [
            ...keys,
            now,
            fresh,
            notifyUrl,
            ...call(
              'gather',
              order('20000', 'gather_dynamic_VA_bluepay', [
                ['payType', 'atm'],
                ['bankType', 'permata'],
              ]),
            ),
          ],
        },
        {
          purpose: 'query',
          about: {
            en: 'Ask how an order stands (query)',
            zh: '查询订单状态（query）',
            id: 'Tanyakan status pesanan (query)',
          },
          steps: [...keys, orderNo(null), ...call('query', [['outTradeNo', ref('orderNo')]])],
        },
        {
          purpose: 'pay-out',
          about: {
            en: 'Pay Rp 15.000 out to a bank account (loan)',
            zh: '向银行账户代付 Rp 15.000（loan）',
            id: 'Cairkan Rp 15.000 ke rekening bank (loan)',
          },
          steps: [
            ...keys,
            now,
            fresh,
            notifyUrl,
            ...call(
              'loan',
              order('15000', 'loan_fintech_bluepay', [
                ['payeeName', 'Afif Asrif'],
                ['payeeBankName', 'ARTA GRAHA'],
                ['payeeType', 'NORMAL'],
                ['payeeAccount', '1077098557'],
              ]),
            ),
          ],
        },
        {
          purpose: 'notice',
          about: { en: 'Believe a notice, or not', zh: '验证通知真伪', id: 'Periksa keaslian notifikasi' },
          steps: [
            ...keys,
            {
              do: 'input',
              name: 'path',
              variable: 'NOTICE_PATH',
              fallback: '/notify',
              about: 'path and query that the notice came to',
            },
            {
              do: 'input',
              name: 'timestamp',
              variable: 'HEADER_X_TIMESTAMP',
              fallback: null,
              about: 'the header x-timestamp',
            },
            {
              do: 'input',
              name: 'received',
              variable: 'HEADER_X_SIGNATURE',
              fallback: null,
              about: 'the header x-signature',
            },
            { do: 'body', name: 'body', why: 'The body as it came: never written anew.' },
            hmacOf('expected', ref('timestamp'), ref('path'), 'Time stamp, method, path and body, joined with dots.'),
            {
              do: 'accept',
              when: [{ same: [ref('expected'), ref('received')] }, { recent: ref('timestamp'), seconds: 300 }],
              answer: 'HTTP 200. Then compare amount and number with your order before you deliver.',
            },
          ],
        },
      ],
    },
  ];
}
