import { demo, demoKey, samplePay } from './demo.ts';

export const payinDemo = demo({
  protocol: 'payin',
  merchant(number, chance) {
    const apiKey = demoKey(chance, 'p');
    return { document: { merchantId: number, apiKey }, sender: number, secrets: { apiKey } };
  },
  channel: (chance) => ({
    protocol: 'payin',
    sender: '3006075',
    secrets: { apiKey: demoKey(chance, 'c') },
    settings: {},
  }),
  sample: { about: 'collect Rp 20.000 by QRIS', ask: (orderNo) => samplePay(orderNo, {}) },
});
