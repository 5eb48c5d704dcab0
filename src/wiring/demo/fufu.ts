import { money } from '../../core/money.ts';
import { demo, demoKey, samplePay } from './demo.ts';

export const fufuDemo = demo({
  protocol: 'fufu',
  merchant(number, chance) {
    const busiId = `58101019${number}`;
    const key = demoKey(chance, 'f');
    return { document: { busiId, key }, sender: busiId, secrets: { key } };
  },
  channel: (chance) => ({
    protocol: 'fufu',
    sender: '733010220151343',
    secrets: { key: demoKey(chance, 'u') },
    // Bestpay and UnionPay have no channel_type in the document.
    settings: { extraChannels: 'true' },
  }),
  sample: {
    about: "take ¥ 2.50 from the payment code on somebody's phone",
    ask: (orderNo) =>
      samplePay(orderNo, {
        amount: money(250n, 'CNY'),
        method: 'barcode',
        option: 'ALIPAY',
        subject: '测试商品1',
        authCode: '288886863488188613',
        notify: null,
      }),
  },
});
