import { money } from '../../core/money.ts';
import { demo, demoPair, samplePay } from './demo.ts';

export const bestpayDemo = demo({
  protocol: 'bestpay',
  merchant(number) {
    const institutionCode = `317800000${number}`;
    const merchantNo = `317800009${number}`;
    return {
      document: {
        institutionCode,
        merchantNo,
        privateKeyPem: demoPair(`rsa/${number}`).privatePem,
        platformPublicKeyPem: demoPair('rsa/platform').publicPem,
      },
      sender: institutionCode,
      // Of the merchant's pair we keep the public half alone.
      secrets: { privateKey: demoPair('rsa/platform').privatePem, publicKey: demoPair(`rsa/${number}`).publicPem },
      settings: { merchantNo },
    };
  },
  channel() {
    const own = demoPair('rsa/channel');
    const upstream = demoPair('rsa/twin');
    return {
      protocol: 'bestpay',
      sender: '3178000003006075',
      secrets: { privateKey: own.privatePem, publicKey: upstream.publicPem },
      // Whoever has only a code on a screen does not know the payer yet.
      settings: { merchantNo: '3178000093006075', wechatUserCode: 'optional' },
      twin: { privateKey: upstream.privatePem, publicKey: own.publicPem },
    };
  },
  sample: {
    about: "take ¥ 12.80 from the payment code on somebody's phone",
    ask: (orderNo) =>
      samplePay(orderNo, {
        amount: money(1_280n, 'CNY'),
        method: 'barcode',
        option: 'BESTPAY',
        subject: '咖啡 x2',
        authCode: '510123456789012345',
        expiresInS: 120,
      }),
  },
});
