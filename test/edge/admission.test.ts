import assert from 'node:assert/strict';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import type { AdmissionAsk } from '../../src/core/admissions.ts';
import { Refusal } from '../../src/core/refusal.ts';
import { makeAdmissions } from '../../src/edge/admission.ts';
import { checkPrivateKey, checkPublicKey } from '../../src/edge/admit-pem.ts';
import { Keyring } from '../../src/edge/keyring.ts';
import { randomText } from '../../src/edge/make-keys.ts';
import { Vault } from '../../src/edge/vault.ts';
import { channelProtocols, merchantProtocols } from '../../src/protocols/all.ts';
import { payin } from '../../src/protocols/payin/protocol.ts';
import type { Protocol } from '../../src/protocols/protocol.ts';

const vault = new Vault(new Uint8Array(32), (bytes) => randomBytes(bytes));
const unsaid = { en: '', zh: '', id: '' };
/** A protocol with key pairs, as those of the RSA protocols are. */
const paired: Protocol = {
  ...payin,
  name: 'paired',
  keys: [
    { name: 'own', kind: 'private-key', issued: true, required: true, about: unsaid },
    { name: 'peer', kind: 'public-key', issued: false, required: true, about: unsaid },
  ],
};
const admissions = makeAdmissions({
  vault,
  nonce: (bytes) => randomBytes(bytes),
  now: () => 1_000,
  merchantProtocols: [...merchantProtocols, paired],
  channelProtocols: [...channelProtocols, paired],
});

function asking(changes: Partial<AdmissionAsk>): AdmissionAsk {
  return {
    id: 1n,
    protocol: 'payin',
    sender: null,
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

function refused(work: () => unknown, field: string): void {
  assert.throws(
    work,
    (error) => error instanceof Refusal && error.code === 'invalid-request' && error.detail.field === field,
  );
}

const rsa = (modulusLength: number, publicExponent = 65_537) =>
  generateKeyPairSync('rsa', {
    modulusLength,
    publicExponent,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });

describe('text keys', () => {
  test('issued ones have at least 32 characters, begin with a letter and differ', () => {
    const keys = Array.from({ length: 50 }, () => admissions.credential(asking({})).shown['apiKey'] ?? '');
    for (const key of keys) assert.match(key, /^[A-Za-z][A-Za-z0-9]{31,}$/);
    assert.equal(new Set(keys).size, keys.length);
  });

  test('every character is as likely as another', () => {
    const counts = new Map<string, number>();
    for (const char of randomText(62_000, (bytes) => randomBytes(bytes))) counts.set(char, (counts.get(char) ?? 0) + 1);
    assert.equal(counts.size, 62);
    for (const [char, count] of counts) assert.ok(count > 700 && count < 1300, `${char}: ${count}`);
  });

  for (const key of ['', ' ', 'x', '      ', 'with blanks inside', 'ümlaut-key-123', 'x'.repeat(200)])
    test(`"${key.slice(0, 20)}" is not taken`, () => refused(() => admissions.credential(asking({ key })), 'apiKey'));

  test('an imported one may be shorter than ours, and opens as it was given', () => {
    const { secrets, sender } = admissions.credential(asking({ key: 'abc123', sender: '77' }));
    const keys = new Keyring(vault, () => 0).keysOf(payin, 'credential', { id: 1n, sender, secrets, settings: {} });
    assert.deepEqual(keys.secrets('apiKey'), ['abc123']);
  });

  test('what was sealed for one row does not open in another', () => {
    const { secrets, sender } = admissions.credential(asking({ id: 1n }));
    assert.throws(() =>
      new Keyring(vault, () => 0).keysOf(payin, 'credential', { id: 2n, sender, secrets, settings: {} }),
    );
  });

  test('unknown names of keys, settings, file members and senders of the wrong form are named', () => {
    refused(() => admissions.credential(asking({ keys: { nokey: 'abcdefgh' } })), 'nokey');
    refused(() => admissions.credential(asking({ file: { apikey: 'abcdefgh' } })), 'apikey');
    refused(() => admissions.credential(asking({ settings: { nonsense: '1' } })), 'nonsense');
    refused(() => admissions.credential(asking({ settings: { signCase: 'sideways' } })), 'signCase');
    refused(() => admissions.credential(asking({ sender: 'letters' })), 'sender');
    refused(() => admissions.credential(asking({ protocol: 'bluepay' })), 'protocol');
    refused(() => admissions.credential(asking({ addresses: ['10.0.0.0/33'] })), 'addresses');
    refused(() => admissions.channel(asking({ protocol: 'payin', sender: '77' })), 'apiKey');
  });

  test('a channel takes its keys from the sandbox document of its protocol', () => {
    const admitted = admissions.channel(
      asking({ file: { merchantId: '77', apiKey: 'k-of-the-upstream', payerName: 'Someone' } }),
    );
    assert.deepEqual([admitted.sender, admitted.settings], ['77', { payerName: 'Someone' }]);
  });
});

describe('key pairs', () => {
  test('without a public key a pair is made: the merchant gets its private half, we keep ours', () => {
    const { shown, secrets } = admissions.credential(asking({ protocol: 'paired' }));
    assert.match(shown['privateKeyPem'] ?? '', /BEGIN PRIVATE KEY/);
    assert.match(shown['platformPublicKeyPem'] ?? '', /BEGIN PUBLIC KEY/);
    const keys = new Keyring(vault, () => 0).keysOf(paired, 'credential', {
      id: 1n,
      sender: '',
      secrets,
      settings: {},
    });
    assert.equal(keys.keyObjects('own')[0]?.type, 'private');
    assert.equal(keys.keyObjects('peer')[0]?.type, 'public');
  });

  test('with one, only that is kept and no private key is shown', () => {
    const { shown } = admissions.credential(asking({ protocol: 'paired', publicKey: rsa(2048).publicKey }));
    assert.deepEqual(Object.keys(shown), ['platformPublicKeyPem']);
  });

  test('a private key where a public one is meant is refused, and the other way round', () => {
    const pair = rsa(2048);
    refused(() => admissions.credential(asking({ protocol: 'paired', publicKey: pair.privateKey })), 'publicKey');
    refused(() => checkPrivateKey('own', pair.publicKey, false), 'own');
  });

  test('weak RSA keys are refused, 1024 bits only by explicit leave, small exponents never', () => {
    const weak = rsa(1024).publicKey;
    refused(() => checkPublicKey('peer', weak, false), 'peer');
    assert.equal(checkPublicKey('peer', weak, true).type, 'public');
    refused(() => checkPublicKey('peer', rsa(768).publicKey, true), 'peer');
    refused(() => checkPublicKey('peer', rsa(2048, 3).publicKey, true), 'peer');
  });

  test('SM2 is taken, other curves and garbage are not', () => {
    const curve = (namedCurve: string) =>
      generateKeyPairSync('ec', { namedCurve }).publicKey.export({ type: 'spki', format: 'pem' }).toString();
    assert.equal(checkPublicKey('peer', curve('SM2'), false).type, 'public');
    for (const pem of [
      curve('prime256v1'),
      '',
      'garbage',
      '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----',
    ])
      refused(() => checkPublicKey('peer', pem, true), 'peer');
  });
});
