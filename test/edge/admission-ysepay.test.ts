/** Ysepay keys at the door: RSA, SM2 or both; SM2 from PEM as OpenSSL writes it; weak keys only where the rulings take them. */
import assert from 'node:assert/strict';
import { generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import type { AdmissionAsk } from '../../src/core/admissions.ts';
import { Refusal } from '../../src/core/refusal.ts';
import { makeAdmissions } from '../../src/edge/admission.ts';
import { Keyring } from '../../src/edge/keyring.ts';
import { Vault } from '../../src/edge/vault.ts';
import { ysepay } from '../../src/protocols/ysepay/protocol.ts';

const vault = new Vault(new Uint8Array(32).fill(5), randomBytes);
const admissions = makeAdmissions({
  vault,
  nonce: randomBytes,
  now: () => 1,
  merchantProtocols: [ysepay],
  channelProtocols: [ysepay],
});
const keyring = new Keyring(vault, () => 1);

const spki = (key: KeyObject) => key.export({ type: 'spki', format: 'pem' }).toString();
const pkcs8 = (key: KeyObject) => key.export({ type: 'pkcs8', format: 'pem' }).toString();
const rsa = (bits: number, exponent = 65_537) =>
  generateKeyPairSync('rsa', { modulusLength: bits, publicExponent: exponent });
const sm2 = generateKeyPairSync('ec', { namedCurve: 'SM2' });

function ask(changes: Partial<AdmissionAsk>): AdmissionAsk {
  return {
    id: 7n,
    protocol: 'ysepay',
    sender: 'partner1',
    key: null,
    publicKey: null,
    keys: {},
    file: {},
    settings: {},
    addresses: [],
    allowWeakKey: false,
    ...changes,
  };
}

/** The names of the keys that the keyring finds in an admitted row. */
function held(kind: 'credential' | 'channel', admitted: { secrets: AdmissionAsk['keys'] | object; sender: string }) {
  const row = { id: 7n, sender: admitted.sender, settings: {}, secrets: admitted.secrets as never };
  const keys = keyring.keysOf(ysepay, kind, row);
  return ysepay.keys.map(({ name }) => name).filter((name) => keys.keyObjects(name).length > 0);
}

test('without a key of its own a merchant gets both pairs, shown once', () => {
  const admitted = admissions.credential(ask({}));
  assert.deepEqual(held('credential', admitted), ['publicKey', 'sm2PublicKey', 'privateKey', 'sm2PrivateKey']);
  assert.deepEqual(Object.keys(admitted.document).sort(), [
    'partnerId',
    'platformPublicKeyPem',
    'platformSm2PublicKeyPem',
    'privateKeyPem',
    'sm2PrivateKeyPem',
  ]);
});

test('the algorithm of the key that is given is the only one', () => {
  const strong = admissions.credential(ask({ publicKey: spki(rsa(2048).publicKey) }));
  assert.deepEqual(held('credential', strong), ['publicKey', 'privateKey']);
  const national = admissions.credential(ask({ publicKey: spki(sm2.publicKey) }));
  assert.deepEqual(held('credential', national), ['sm2PublicKey', 'sm2PrivateKey']);
});

test('keys that must not come in', () => {
  const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const ed = generateKeyPairSync('ed25519');
  for (const publicKey of [
    spki(rsa(1024).publicKey),
    spki(rsa(2048, 3).publicKey),
    pkcs8(rsa(2048).privateKey),
    spki(p256.publicKey),
    spki(ed.publicKey),
    'rubbish',
    '',
  ])
    assert.throws(() => admissions.credential(ask({ publicKey })), Refusal, publicKey.slice(0, 40));
  assert.ok(admissions.credential(ask({ publicKey: spki(rsa(1024).publicKey), allowWeakKey: true })));
});

test('an upstream may have a platform key of 1024 bits, and both algorithms side by side', () => {
  const own = rsa(2048);
  const file = {
    partnerId: 'up1',
    privateKeyPem: pkcs8(own.privateKey),
    sm2PrivateKeyPem: pkcs8(sm2.privateKey),
    platformPublicKeyPem: spki(rsa(1024).publicKey),
    platformSm2PublicKeyPem: spki(sm2.publicKey),
  };
  const admitted = admissions.channel(ask({ sender: null, file }));
  assert.equal(admitted.sender, 'up1');
  assert.deepEqual(held('channel', admitted), ['publicKey', 'sm2PublicKey', 'privateKey', 'sm2PrivateKey']);
  const plain = ask({ publicKey: spki(rsa(1024).publicKey), keys: { privateKey: pkcs8(own.privateKey) } });
  assert.deepEqual(held('channel', admissions.channel(plain)), ['publicKey', 'privateKey']);
});
