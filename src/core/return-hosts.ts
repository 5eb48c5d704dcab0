/** Which hosts a payer may be sent back to: a merchant's list, so that our pages lead nowhere an attacker chose (T083). */

/** Hosts and ports by comma, "*." for every name below; empty = none. */
const host = /(?:(?:\*\.)?[a-z0-9.-]{1,253}|\[[0-9a-f:]{2,45}\])(?::[0-9]{1,5})?/.source;
export const returnHostsPattern = new RegExp(`^(?:${host}(?:,${host}){0,63})?$`);

/**
 * Is the address on the list? `host` and `port` as a URL has them: lower case, "" for the scheme's own port. A listed port
 * must be that one; a host without a port allows any, because ports of one host belong to one owner.
 */
export function isReturnHost(list: string, hostname: string, port: string): boolean {
  return list.split(',').some((item) => {
    const [, name = '', wanted] = /^(.+?)(?::([0-9]+))?$/.exec(item) ?? [];
    if (wanted !== undefined && wanted !== port) return false;
    return name.startsWith('*.')
      ? hostname.endsWith(name.slice(1)) && hostname.length > name.length - 1
      : hostname === name;
  });
}
