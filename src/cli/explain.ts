/** `kanal explain`: the signature doctor over a raw message in a file. */
import { readFile } from 'node:fs/promises';
import type { RawMessage } from '../core/inspection.ts';
import { explain } from '../edge/explain.ts';
import { inEnglish } from '../web/console/words/sayings.ts';
import { readPasted } from '../web/pasted.ts';
import { CliError, type Command, exits, type Input, print, printJson } from './command.ts';
import { call } from './gateway.ts';
import { commandWorld, merchantSide, protocolGiven, readObject } from './parties.ts';
import { shown } from './table.ts';

const explainCommand: Command = {
  name: 'explain',
  takes: '',
  about: 'What was signed, what should have been, and which usual mistake fits; never prints a key',
  options: {
    protocol: { value: 'P', about: 'Protocol of the message' },
    file: {
      value: 'RAW',
      about: 'The request: as it travelled, as a curl command, headers and body, or the body alone',
    },
    header: { value: 'NAME: VALUE', many: true, about: 'A header, when the file is the body alone' },
    method: { value: 'M', about: 'Method, when the file is the body alone; default POST' },
    target: { value: 'PATH', about: 'Path with query, when the file is the body alone' },
    keys: { value: 'FILE', about: 'Keys to try instead of those of the running gateway' },
  },
  run,
};

function headerOf(line: string): readonly [string, string] {
  const at = line.indexOf(':');
  if (at < 1) throw new CliError(`"${line.slice(0, 40)}" is no header: NAME: VALUE`);
  return [line.slice(0, at).trim().toLowerCase(), line.slice(at + 1).trim()];
}

async function run(input: Input): Promise<number> {
  const protocol = protocolGiven(input.needed('protocol'));
  const file = input.needed('file');
  const bytes = await readFile(file === '-' ? '/dev/stdin' : file).catch(() => {
    throw new CliError(`${file} cannot be read`);
  });
  const pasted = readPasted(bytes);
  const headers = input.all('header').map(headerOf);
  const named = new Set(headers.map(([name]) => name));
  const message = {
    protocol: protocol.name,
    method: input.text('method') ?? pasted.method,
    target: input.text('target') ?? pasted.target,
    headers: [...pasted.headers.filter(([name]) => !named.has(name)), ...headers],
    body: pasted.body,
  };
  const keyFile = input.text('keys');
  const found = keyFile === undefined ? await askGateway(input, message) : await explainHere(message, keyFile);
  if (input.json) printJson(found);
  else print(text(found));
  return found['verdict'] === 'fits' || found['verdict'] === 'unsigned' ? exits.done : exits.failed;
}

function askGateway(input: Input, { body, ...message }: RawMessage) {
  return call(input, 'POST', '/explain', { ...message, body: Buffer.from(body).toString('base64') });
}

async function explainHere(message: RawMessage, keyFile: string): Promise<Readonly<Record<string, unknown>>> {
  const protocol = protocolGiven(message.protocol);
  const world = commandWorld();
  const party = { label: keyFile, protocol: protocol.name, keys: merchantSide(protocol, await readObject(keyFile)) };
  const found = explain(world, protocol, message, [party]);
  await world.close();
  return inEnglish(found);
}

const words: Readonly<Record<string, string>> = {
  fits: 'The signature fits.',
  differs: 'The signature does not fit.',
  missing: 'There is no signature.',
  'unknown-sender': 'Nobody is known by that name.',
  unsigned: 'This message is not signed.',
  'not-this-protocol': 'This is no message of the protocol.',
};

function text(found: Readonly<Record<string, unknown>>): string {
  const line = (name: string, value: unknown) =>
    value === null || value === undefined ? [] : [`${name.padEnd(10)}${shown(value)}`];
  const advice: readonly unknown[] = Array.isArray(found['advice']) ? found['advice'] : [];
  const isNameless = found['verdict'] === 'unknown-sender' && found['sender'] === '';
  return [
    isNameless ? 'The message names no sender.' : (words[String(found['verdict'])] ?? ''),
    ...line('sender', isNameless ? null : found['sender']),
    ...line('signed', found['signedText']),
    ...line('theirs', found['theirText']),
    ...line('expected', found['expected']),
    ...line('received', found['received']),
    ...line('mistake', found['mistake'] ?? (found['verdict'] === 'differs' ? 'none of the usual ones' : null)),
    ...advice.map((sentence) => `→ ${shown(sentence)}`),
  ].join('\n');
}

/** Loaded by name when it is asked for. */
export default explainCommand;
