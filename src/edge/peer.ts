/** Who is at the other end? The socket says so, unless a proxy the operator named speaks for somebody else. */
import ipaddr from 'ipaddr.js';
import type { Headers } from '../protocols/protocol.ts';

type Network = readonly [ipaddr.IPv4 | ipaddr.IPv6, number];
export type Proxies = readonly Network[];

/** Addresses or CIDR ranges of trusted proxies. Throws on a text that is neither: a typing error must not trust nobody silently. */
export function parseProxies(texts: readonly string[]): Proxies {
  return texts.map((text) => {
    if (text.includes('/')) return ipaddr.parseCIDR(text);
    const address = ipaddr.process(text);
    return [address, address.kind() === 'ipv4' ? 32 : 128] as const;
  });
}

/** The text of an address without IPv4-in-IPv6 dress; the text itself when it is no address. */
export function plainAddress(text: string): string {
  return text.startsWith('::ffff:') && ipaddr.isValid(text) ? ipaddr.process(text).toString() : text;
}

/**
 * The caller's address. `X-Forwarded-For` is read from the right: each trusted proxy vouches for the entry it appended,
 * and nobody vouches for what stands left of the first address that is no trusted proxy.
 */
export function callerAddress(peer: string, headers: Headers, proxies: Proxies): string {
  let caller = plainAddress(peer);
  if (proxies.length === 0 || !isTrusted(caller, proxies)) return caller;
  const entries = headers.filter(([name]) => name === 'x-forwarded-for').flatMap(([, value]) => value.split(','));
  for (const entry of entries.reverse()) {
    const text = entry.trim();
    if (!ipaddr.isValid(text)) return caller;
    caller = plainAddress(text);
    if (!isTrusted(caller, proxies)) return caller;
  }
  return caller;
}

export function isTrusted(text: string, proxies: Proxies): boolean {
  if (!ipaddr.isValid(text)) return false;
  const address = ipaddr.process(text);
  return proxies.some(([network, bits]) => network.kind() === address.kind() && address.match(network, bits));
}
