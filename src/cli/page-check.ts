/**
 * Is the payment page what this installation ships, on its way to payers? Fetches the page as anybody can (an unknown link has the
 * same frame), and compares every script and style with the page's own hash and with the file in `public/` (T086).
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Finding } from '../flows/examine.ts';
import { packageRoot } from '../store/package-root.ts';

const inventory = ['cashier.css', 'cashier.js'];

/** `base`: the gateway's address as payers see it, without a slash at the end. */
export async function checkPage(base: string): Promise<Finding> {
  const wrong = await findings(base).catch((error: unknown) => [
    error instanceof Error ? error.message : String(error),
  ]);
  const isFine = wrong.length === 0;
  return {
    check: `payment page at ${base}`,
    ok: isFine,
    found: isFine ? `${inventory.length} files, as shipped` : wrong.join('; '),
    todo: isFine
      ? ''
      : 'Somebody or something between us and the payers changes the page: find out who before taking cards.',
  };
}

async function findings(base: string): Promise<string[]> {
  const response = await fetch(`${base}/cashier/-`);
  const page = await response.text();
  const policy = response.headers.get('content-security-policy') ?? '';
  const rules = ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'"];
  const missing = rules.filter((rule) => !policy.includes(rule)).map((rule) => `the policy lacks ${rule}`);
  // Whatever could run or draw: an element of another kind, or one without a hash, is not ours.
  const elements = page.match(/<(?:script|link|style|iframe|object|embed)\b[^>]*>/gi) ?? [];
  const vouched = elements.filter((element) => !element.includes('href="data:,"'));
  const named = vouched.map((element) => /(?:src|href)="\/assets\/([\w.-]+)\?[^"]*" integrity="([^"]+)"/.exec(element));
  const foreign = vouched
    .filter((_, index) => named[index] === null)
    .map((element) => `not ours: ${element.slice(0, 80)}`);
  const files = named.flatMap((match) => (match ? [{ name: match[1] ?? '', hash: match[2] ?? '' }] : []));
  const names = files.map(({ name }) => name).sort();
  const others = names.join() === inventory.join() ? [] : [`it loads ${names.join(', ') || 'nothing'}`];
  const changed = await Promise.all(files.map((file) => changeOf(base, file)));
  return [...missing, ...foreign, ...others, ...changed.filter((text) => text !== null)];
}

async function changeOf(
  base: string,
  { name, hash }: { readonly name: string; readonly hash: string },
): Promise<string | null> {
  const served = Buffer.from(await (await fetch(`${base}/assets/${name}`)).arrayBuffer());
  const shipped = inventory.includes(name) ? await readFile(join(packageRoot, 'public', name)) : null;
  if (!shipped?.equals(served)) return `${name} is not the file that was shipped`;
  return hash === `sha256-${createHash('sha256').update(served).digest('base64')}`
    ? null
    : `the page vouches for another ${name}`;
}
