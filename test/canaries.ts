/**
 * Canaries: secrets planted on purpose, looked for in everything that comes out. A secret may come out in other clothes, so each is
 * looked for as it is and in the spellings that texts, URLs and dumps give it (T093, T094).
 *
 *     const planted = canaries({ 'payin api key': apiKey, 'bluepay iv': iv });
 *     assert.deepEqual(planted.leaksIn({ 'log': log, 'GET /metrics': page }), []);
 */

export interface Output {
  /** Where it came out. */
  readonly [where: string]: string | Uint8Array;
}

export interface Canaries {
  /** One line per secret and place; empty = none came out. The secret itself is not repeated. */
  leaksIn(outputs: Output): string[];
}

/** Shorter ones would be found by chance. */
const shortest = 8;

/** @param secrets by a name that may be printed. Throws for one that is too short to be told from anything else. */
export function canaries(secrets: Readonly<Record<string, string>>): Canaries {
  const known = Object.entries(secrets).map(([name, secret]) => {
    if (secret.length < shortest) throw new Error(`canary "${name}" is too short to be looked for`);
    return { name, spellings: spellingsOf(secret) };
  });
  if (known.length === 0) throw new Error('no canary planted: nothing would be found');
  return {
    leaksIn: (outputs) =>
      Object.entries(outputs).flatMap(([where, output]) => {
        const text = typeof output === 'string' ? output : Buffer.from(output).toString('latin1');
        return known.flatMap(({ name, spellings }) =>
          [...spellings]
            .filter(([, spelling]) => text.includes(spelling))
            .map(([how]) => `${name}, ${how}, in ${where}`),
        );
      }),
  };
}

function spellingsOf(secret: string): Map<string, string> {
  const bytes = Buffer.from(secret);
  const spellings = new Map([
    ['as it is', secret],
    ['as JSON', JSON.stringify(secret).slice(1, -1)],
    ['in a URL', encodeURIComponent(secret)],
    ['in hex', bytes.toString('hex')],
    ['reversed', secret.split('').reverse().join('')],
    ...base64Cores(bytes),
  ]);
  // A PEM comes out line by line as well: one line of its middle is enough.
  const lines = secret.split('\n').filter((line) => line.length >= 40 && !line.startsWith('-----'));
  const middle = lines[Math.floor(lines.length / 2)];
  if (middle !== undefined) spellings.set('a line of it', middle);
  for (const [how, spelling] of [...spellings].slice(1)) if (spelling === secret) spellings.delete(how);
  return spellings;
}

/** Base64 of a text that contains the secret depends on where it begins: the three cores that do not touch their neighbours. */
function base64Cores(bytes: Buffer): (readonly [string, string])[] {
  return [0, 1, 2].map((shift) => {
    const text = Buffer.concat([Buffer.alloc(shift), bytes])
      .toString('base64')
      .replace(/=+$/, '');
    const from = shift === 0 ? 0 : 4;
    return [`in Base64 (${shift})`, text.slice(from, text.length - 2)] as const;
  });
}
