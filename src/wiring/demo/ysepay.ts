import { demo, demoPair } from './demo.ts';

/** What one side keeps: its own private keys, the other's public ones. */
function side(own: string, other: string) {
  return {
    privateKey: demoPair(`rsa/${own}`).privatePem,
    publicKey: demoPair(`rsa/${other}`).publicPem,
    sm2PrivateKey: demoPair(`sm2/${own}`).privatePem,
    sm2PublicKey: demoPair(`sm2/${other}`).publicPem,
  };
}

export const ysepayDemo = demo({
  protocol: 'ysepay',
  merchant(number) {
    const theirs = side(number, 'platform');
    return {
      document: {
        partnerId: `ys${number}`,
        privateKeyPem: theirs.privateKey,
        sm2PrivateKeyPem: theirs.sm2PrivateKey,
        platformPublicKeyPem: theirs.publicKey,
        platformSm2PublicKeyPem: theirs.sm2PublicKey,
      },
      sender: `ys${number}`,
      secrets: side('platform', number),
    };
  },
  channel: () => ({
    protocol: 'ysepay',
    sender: 'kanal_up01',
    secrets: side('channel', 'twin'),
    settings: {},
    twin: side('twin', 'channel'),
  }),
  sample: {
    about: 'sign an agreement to charge a card, for the ten minutes that its time stamp is good for',
    ask: (orderNo) => ({
      command: 'sign-agreement',
      ask: {
        orderNo,
        userId: 'user-0001',
        payer: { name: '张三', phone: '8613800138000', email: null, country: 'CN' },
        card: { number: '6228480402564890018', idNumber: '110101199003070011', expiry: null, cvv: null },
        payeeNo: 'kanal-demo',
        scope: 'any-payee',
        extras: {},
      },
    }),
  },
});
