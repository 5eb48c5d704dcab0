/**
 * Where may a URL that a merchant chose point to? Three layers, because each alone can be walked around:
 * the text (`checkTarget`, when an order is accepted and again before each send), the addresses a name resolves to
 * (inside the `lookup` of the very connection), and the address the socket is really connected to.
 */
import ipaddr from 'ipaddr.js';

export interface TargetRules {
  /** `host:port` entries the operator allows although they are not public. IPv6 hosts in brackets. */
  readonly allowHosts: ReadonlySet<string>;
  /** Sandbox: any loopback address and port. */
  readonly allowLoopback: boolean;
  /** Ports this gateway listens on: never a target, or a merchant could talk to our console through us. */
  readonly ownPorts: () => ReadonlySet<number>;
}

/** Longest URL a merchant may give, in characters. */
const maxTargetLength = 1024;

/** Services that can be made to obey lines of an HTTP request, or that no web server runs on. */
const nonHttpPorts: ReadonlySet<number> = new Set([
  0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109, 110,
  111, 113, 115, 117, 119, 123, 135, 137, 138, 139, 143, 161, 162, 179, 389, 427, 445, 465, 512, 513, 514, 515, 526,
  530, 531, 532, 540, 548, 554, 556, 563, 587, 636, 873, 989, 990, 993, 995, 1080, 1099, 1433, 1521, 1719, 1720, 1723,
  1883, 2049, 2181, 2375, 2376, 2379, 2380, 3306, 3389, 3659, 4045, 4369, 5060, 5061, 5432, 5671, 5672, 5900, 5985,
  5986, 6000, 6379, 6380, 6443, 6665, 6666, 6667, 6668, 6669, 6697, 9042, 9092, 9200, 9300, 10250, 10255, 11211, 25672,
  26379, 27017, 27018, 27019, 28017,
]);

/** Public by their range, yet answered by the cloud host itself. */
const platformAddresses: ReadonlySet<string> = new Set(['168.63.129.16']);

const globalUnicastV6: [ipaddr.IPv6, number] = [ipaddr.IPv6.parse('2000::'), 3];

type AddressClass = 'public' | 'loopback' | 'forbidden';

/** Sorts an IP address (text, without brackets or zone). What does not parse is forbidden. */
function classifyAddress(text: string): AddressClass {
  if (!ipaddr.isValid(text) || text.includes('%')) return 'forbidden';
  const address = ipaddr.process(text);
  const range = address.range();
  if (range === 'loopback') return 'loopback';
  if (range !== 'unicast' || platformAddresses.has(address.toString())) return 'forbidden';
  // The library calls "unicast" whatever it has no name for, ::127.0.0.1 included.
  if (address instanceof ipaddr.IPv6 && !address.match(globalUnicastV6)) return 'forbidden';
  return 'public';
}

/** Why a connection to this address must not be made for a merchant; null when it may. */
export function checkAddress(address: string, rules: Pick<TargetRules, 'allowLoopback'>): string | null {
  const found = classifyAddress(address);
  if (found === 'public' || (found === 'loopback' && rules.allowLoopback)) return null;
  return `address ${address} is not public`;
}

/** `host:port` as written in the allow-list. */
export function hostPort(url: URL): string {
  return `${url.hostname}:${portOf(url)}`;
}

function portOf(url: URL): number {
  if (url.port !== '') return Number.parseInt(url.port, 10);
  return url.protocol === 'https:' ? 443 : 80;
}

/** Why a merchant's URL is refused, by its text alone; null when nothing speaks against it. */
export function checkTarget(text: string, rules: TargetRules): string | null {
  if (text.length > maxTargetLength) return `longer than ${maxTargetLength} characters`;
  // The URL parser drops tabs and line ends and reads a backslash as a slash: other parsers do not.
  if (/[\p{Cc}\s\\]/u.test(text)) return 'contains a blank, control character or backslash';
  if (!/^https?:\/\/[^/]/i.test(text)) return 'not an absolute http or https URL';
  if (!URL.canParse(text)) return 'not a URL';
  const url = new URL(text);
  if (url.username !== '' || url.password !== '' || /^[^:]+:\/\/[^/?#]*@/.test(text))
    return 'contains user information';
  return checkPlace(url, rules);
}

function checkPlace(url: URL, rules: TargetRules): string | null {
  if (rules.allowHosts.has(hostPort(url))) return null;
  const port = portOf(url);
  if (rules.ownPorts().has(port)) return `port ${port} is our own`;
  const place = classifyHost(url.hostname);
  if (place === 'loopback') return rules.allowLoopback ? null : 'host is loopback';
  if (place === 'forbidden') return 'address is not public';
  return nonHttpPorts.has(port) ? `port ${port} belongs to a service that is not HTTP` : null;
}

/** A name that is not a literal counts as public here: its addresses are looked at when it is resolved. */
function classifyHost(hostname: string): AddressClass {
  const host = hostname.replace(/\.$/, '').toLowerCase();
  if (host === '') return 'forbidden';
  if (host === 'localhost' || host.endsWith('.localhost')) return 'loopback';
  const literal = host.startsWith('[') ? host.slice(1, -1) : host;
  return ipaddr.isValid(literal) ? classifyAddress(literal) : 'public';
}
