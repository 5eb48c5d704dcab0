/** Keys on the command line: as texts, PEM, DER, certificates, PKCS#12. What leaves here is what the operator API takes. */
import { createPublicKey, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { CliError, type Input, type OptionSpec, usage } from './command.ts';

export const keyOptions: Readonly<Record<string, OptionSpec>> = {
  key: { value: 'K', many: true, about: 'The key, or NAME=KEY where there are several; `@FILE` reads it from a file' },
  'public-key': { value: 'FILE', about: "The other side's public key or certificate, PEM or DER (.cer)" },
  p12: {
    value: 'FILE',
    about: 'PKCS#12 (.pfx): of a channel our private key, of a merchant only the certificate in it is used',
  },
  'p12-password': { value: 'TEXT', about: 'Its password; `@FILE` reads it from a file' },
  keys: { value: 'FILE', about: "JSON: the protocol's part of the sandbox document, plus the names below" },
};

/** The bytes of a file, or of stdin for `-`. Throws CliError in words. */
export async function fileBytes(path: string): Promise<Buffer> {
  try {
    return await readFile(path === '-' ? '/dev/stdin' : path);
  } catch {
    throw new CliError(`${path} cannot be read`);
  }
}

async function fileText(path: string): Promise<string> {
  return (await fileBytes(path)).toString('utf8');
}

async function fileJson(path: string): Promise<unknown> {
  const text = await fileText(path);
  try {
    return JSON.parse(text);
  } catch {
    throw new CliError(`${path} is not JSON`);
  }
}

/** A text, or what is in the file behind `@`. */
async function secretText(text: string): Promise<string> {
  return text.startsWith('@') ? (await fileText(text.slice(1))).trimEnd() : text;
}

/** PEM is passed on as it is, what is wrong with it the gateway says; DER becomes PEM. */
async function publicPem(path: string): Promise<string> {
  const bytes = await fileBytes(path);
  if (bytes[0] !== 0x30) return bytes.toString('utf8');
  return derPem(path, bytes);
}

function derPem(path: string, bytes: Buffer): string {
  for (const read of [
    () => new X509Certificate(bytes).publicKey,
    () => createPublicKey({ key: bytes, format: 'der', type: 'spki' }),
  ]) {
    try {
      return read().export({ type: 'spki', format: 'pem' }).toString();
    } catch (error) {
      // The other form is tried; neither is said below.
      if (!(error instanceof Error)) throw error;
    }
  }
  throw new CliError(`${path} is neither a certificate nor a public key in DER`);
}

async function p12Keys(path: string, input: Input, side: 'merchant' | 'channel') {
  const password = await secretText(input.text('p12-password') ?? '');
  // Only here: the gateway is started by this program, too, and must not carry the reader.
  const { readP12 } = await import('./p12.ts');
  const { privateKey, publicKey } = readP12(await fileBytes(path), password);
  if (side === 'merchant') {
    if (publicKey === null) throw new CliError(`${path} holds no certificate`);
    return { named: {}, publicKey };
  }
  if (privateKey === null) throw new CliError(`${path} holds no private key`);
  return { named: { privateKey }, publicKey: undefined };
}

/** `--key`, `--public-key`, `--p12` and `--keys` as the operator API takes them. */
export async function givenKeys(input: Input, names: readonly string[], side: 'merchant' | 'channel') {
  const plain: string[] = [];
  const named: Record<string, string> = {};
  for (const text of input.all('key')) {
    const name = names.find((one) => text.startsWith(`${one}=`));
    const secret = await secretText(name === undefined ? text : text.slice(name.length + 1));
    if (name === undefined) plain.push(secret);
    else named[name] = secret;
  }
  if (plain.length > 1) throw usage('several keys: say which is which, --key NAME=KEY');
  const [publicKey, keys, p12] = [input.text('public-key'), input.text('keys'), input.text('p12')];
  const packed = p12 === undefined ? { named: {}, publicKey: undefined } : await p12Keys(p12, input, side);
  const all = { ...named, ...packed.named };
  const theirs = publicKey === undefined ? packed.publicKey : await publicPem(publicKey);
  return {
    ...(plain[0] === undefined ? {} : { key: plain[0] }),
    ...(Object.keys(all).length === 0 ? {} : { keys: all }),
    ...(theirs === undefined ? {} : { publicKey: theirs }),
    ...(keys === undefined ? {} : { file: await fileJson(keys) }),
  };
}
