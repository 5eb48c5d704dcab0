/** Every protocol, as lists. A new protocol is one folder and one line here. */
import { bestpay } from './bestpay/protocol.ts';
import { bluepay } from './bluepay/protocol.ts';
import { fufu } from './fufu/protocol.ts';
import { payin } from './payin/protocol.ts';
import type { Protocol } from './protocol.ts';
import { unified } from './unified/protocol.ts';
import { ysepay } from './ysepay/protocol.ts';

/** What merchants may speak on our port, in the order their paths are tried: unified's begin with any word, so it comes behind. */
export const merchantProtocols: readonly Protocol[] = [payin, bestpay, fufu, unified, ysepay];

/** What we speak to channels, and what a twin can stand in for. */
export const channelProtocols: readonly Protocol[] = [bluepay, payin, bestpay, fufu, ysepay];

export const protocols: ReadonlyMap<string, Protocol> = new Map(
  [...merchantProtocols, ...channelProtocols].map((protocol) => [protocol.name, protocol]),
);

/** Throws for a name that is not in the lists: rows name only protocols that exist. */
export function protocolNamed(name: string): Protocol {
  const protocol = protocols.get(name);
  if (!protocol) throw new Error(`no protocol "${name}"`);
  return protocol;
}
