import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import ipaddr from 'ipaddr.js';
import { checkAddress, checkTarget, type TargetRules } from '../../src/edge/targets.ts';

const production: TargetRules = { allowHosts: new Set(), allowLoopback: false, ownPorts: () => new Set([8080]) };
const sandbox: TargetRules = { ...production, allowLoopback: true };

const forbiddenRanges = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
  '168.63.129.16/32',
  '::/96',
  '::ffff:127.0.0.0/104',
  '::ffff:10.0.0.0/104',
  '64:ff9b::/96',
  '64:ff9b:1::/48',
  '100::/64',
  '2001::/32',
  '2001:db8::/32',
  '2002::/16',
  'fc00::/7',
  'fd00:ec2::254/128',
  'fe80::/10',
  'fec0::/10',
  'ff00::/8',
];
const publicRanges = ['1.0.0.0/8', '8.8.0.0/16', '93.184.0.0/16', '172.32.0.0/11', '2606:4700::/32', '2a00::/12'];

function addressIn(range: string): fc.Arbitrary<string> {
  const [network, prefix] = ipaddr.parseCIDR(range);
  const base = network.toByteArray();
  return fc.uint8Array({ minLength: base.length, maxLength: base.length }).map((noise) => {
    const bytes = base.map((byte, i) => {
      const fixed = Math.max(0, Math.min(8, prefix - i * 8));
      const mask = (0xff << (8 - fixed)) & 0xff;
      return (byte & mask) | ((noise[i] ?? 0) & ~mask & 0xff);
    });
    return ipaddr.fromByteArray(bytes).toString();
  });
}

function asUrl(address: string): string {
  return `http://${address.includes(':') ? `[${address}]` : address}/notify`;
}

for (const range of forbiddenRanges) {
  test(`no address of ${range} is a target in production`, () => {
    fc.assert(
      fc.property(addressIn(range), (address) => {
        assert.notEqual(checkAddress(address, production), null, address);
        assert.notEqual(checkTarget(asUrl(address), production), null, address);
      }),
    );
  });
}

for (const range of publicRanges) {
  test(`addresses of ${range} are targets`, () => {
    fc.assert(fc.property(addressIn(range), (address) => checkTarget(asUrl(address), production) === null));
  });
}

test('the sandbox adds loopback, and nothing else', () => {
  for (const url of ['http://127.0.0.1:5432/', 'http://localhost:3000/a', 'http://[::1]:9/', 'http://127.8.8.8/']) {
    assert.equal(checkTarget(url, sandbox), null, url);
    assert.notEqual(checkTarget(url, production), null, url);
  }
  for (const url of ['http://127.0.0.1:8080/', 'http://10.0.0.1/', 'http://169.254.169.254/', 'http://0.0.0.0:9000/']) {
    assert.notEqual(checkTarget(url, sandbox), null, url);
  }
});

const oddUrls = [
  '',
  'shop.example/notify',
  '//shop.example/notify',
  'http://',
  'http:///shop.example/x',
  'http:shop.example',
  'http://a@b:80@127.0.0.1',
  'http://user@shop.example/',
  'http://user:secret@shop.example/',
  'http://@shop.example/',
  'http://:@shop.example/',
  'http://2130706433/',
  'http://0x7f.1/',
  'http://0177.0.0.1/',
  'http://127.1/',
  'http://127。0。0。1/',
  'http://①②⑦.⓪.⓪.①/',
  'http://127.0.0.1./',
  'http://localhost./',
  'http://a.localhost/',
  'http://[::ffff:7f00:1]/',
  'http://[::7f00:1]/',
  'http://[fe80::1%25eth0]/',
  'http://shop.example\\@127.0.0.1/',
  'http:\\\\127.0.0.1\\',
  'http://shop.example/\r\nHost: x',
  'http://shop.example/a b',
  'http://sh\top.example/',
  'file:///etc/passwd',
  'ftp://shop.example/',
  'gopher://shop.example:6379/_x',
  'javascript:alert(1)',
  'http://shop.example:22/',
  'http://shop.example:25/',
  'http://shop.example:3306/',
  'http://shop.example:5432/',
  'http://shop.example:6379/',
  'http://shop.example:11211/',
  'http://shop.example:27017/',
  'http://shop.example:8080/',
  'http://shop.example:99999/',
  'http://shop.example:0/',
  `http://shop.example/${'a'.repeat(1005)}`,
];

for (const url of oddUrls) {
  test(`refused in production: ${JSON.stringify(url).slice(0, 60)}`, () => {
    assert.notEqual(checkTarget(url, production), null);
  });
}

test('ordinary merchant URLs pass', () => {
  for (const url of [
    'https://shop.example/notify',
    'HTTPS://Shop.Example:8443/notify?a=1&b=%20',
    'http://shop.example/a@b',
    'http://支付.example/notify',
    'http://shop.example:7001/weblogic',
    `http://shop.example/${'a'.repeat(1003)}`,
  ]) {
    assert.equal(checkTarget(url, production), null, url);
  }
});

test('the allow-list admits exactly its host and port', () => {
  const rules = { ...production, allowHosts: new Set(['10.0.0.5:9000', '[fd00::5]:80']) };
  assert.equal(checkTarget('http://10.0.0.5:9000/x', rules), null);
  assert.equal(checkTarget('http://[fd00::5]/x', rules), null);
  assert.notEqual(checkTarget('http://10.0.0.5:9001/x', rules), null);
  assert.notEqual(checkTarget('http://10.0.0.6:9000/x', rules), null);
  assert.notEqual(checkTarget('http://user@10.0.0.5:9000/x', rules), null);
});

test('no text makes the check throw', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.webUrl(),
        fc.string({ unit: 'binary' }),
        fc.string().map((s) => `http://${s}`),
      ),
      (text) => {
        const reason = checkTarget(text, production);
        assert.ok(reason === null || reason.length > 0);
      },
    ),
  );
});
