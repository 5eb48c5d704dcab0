/** Reading PKCS#12 files, also those of old kinds. Loaded only when such a file is given. */
import forge from 'node-forge';
import { CliError } from './command.ts';

/** The key and the certificate of a PKCS#12 file, as PEM. Reads the old RC2 and triple-DES ones, which Node does not. */
export function readP12(bytes: Uint8Array, password: string): { privateKey: string | null; publicKey: string | null } {
  const binary = forge.util.createBuffer(Buffer.from(bytes).toString('binary'));
  let store: forge.pkcs12.Pkcs12Pfx;
  try {
    store = forge.pkcs12.pkcs12FromAsn1(forge.asn1.fromDer(binary), password);
  } catch {
    throw new CliError('the PKCS#12 file does not open: another password, or another kind of file');
  }
  const { oids } = forge.pki;
  const bagsOf = (bagType: string | undefined) =>
    bagType === undefined ? [] : (store.getBags({ bagType })[bagType] ?? []);
  const keys = [...bagsOf(oids['pkcs8ShroudedKeyBag']), ...bagsOf(oids['keyBag'])];
  const key = keys.find((bag) => bag.key)?.key;
  const certificate = bagsOf(oids['certBag']).find((bag) => bag.cert)?.cert;
  return {
    privateKey: key ? forge.pki.privateKeyToPem(key) : null,
    publicKey: certificate ? forge.pki.publicKeyToPem(certificate.publicKey) : null,
  };
}
