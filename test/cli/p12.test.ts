/** PKCS#12 as banks hand it out: triple DES, RC2 and AES files all give the same key. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { readP12 } from '../../src/cli/p12.ts';

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;

test('a .pfx gives its key and its certificate', { skip: hasOpenssl ? false : 'no openssl command' }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'kanal-p12-'));
  const file = (name: string) => join(folder, name);
  try {
    execFileSync(
      'openssl',
      ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=x', '-keyout', file('key'), '-out', file('cert')],
      { stdio: 'ignore' },
    );
    const spki = (pem: string | Buffer) => createPublicKey(pem).export({ type: 'spki', format: 'pem' });
    const kinds: readonly (readonly string[])[] = [
      [],
      ['-legacy', '-keypbe', 'PBE-SHA1-3DES', '-certpbe', 'PBE-SHA1-3DES', '-macalg', 'sha1'],
      ['-legacy', '-keypbe', 'PBE-SHA1-3DES', '-certpbe', 'PBE-SHA1-RC2-40', '-macalg', 'sha1'],
    ];
    let read = 0;
    for (const kind of kinds) {
      const made = spawnSync('openssl', [
        'pkcs12',
        '-export',
        '-inkey',
        file('key'),
        '-in',
        file('cert'),
        '-out',
        file('p12'),
        '-passout',
        'pass:123456',
        ...kind,
      ]);
      if (made.status !== 0) continue;
      const { privateKey, publicKey } = readP12(readFileSync(file('p12')), '123456');
      assert.equal(spki(publicKey ?? ''), spki(readFileSync(file('key'))));
      assert.equal(
        spki(
          createPublicKey(createPrivateKey(privateKey ?? ''))
            .export({ type: 'spki', format: 'pem' })
            .toString(),
        ),
        spki(readFileSync(file('key'))),
      );
      assert.throws(() => readP12(readFileSync(file('p12')), 'wrong'), /does not open/);
      read += 1;
    }
    assert.ok(read >= 1);
    assert.throws(() => readP12(Buffer.from('no'), ''), /does not open/);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
