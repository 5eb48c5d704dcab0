/** Unified in the sandbox; behind it stands BluePay, sandbox product 2257. */
import { demo, demoKey, samplePay } from './demo.ts';

export const unifiedDemo = demo({
  protocol: 'unified',
  merchant(number, chance) {
    const sender = `demo${number}`;
    const apiKey = demoKey(chance, 'k');
    const document = { context: 'bluepay-service', headers: { 'x-api-key': `${sender}.${apiKey}` } };
    return { document, sender, secrets: { apiKey } };
  },
  channel: (chance) => ({
    protocol: 'bluepay',
    sender: '2257',
    secrets: { key: demoKey(chance, 'b', 15), iv: demoKey(chance, 'i', 15) },
    settings: {},
  }),
  sample: {
    about: 'collect Rp 20.000 by a Permata virtual account',
    ask: (orderNo) => samplePay(orderNo, { method: 'virtual-account', option: 'PERMATA' }),
  },
});
