/** A whole sandbox gateway for the signature bench, in a process of its own. */
import { readConfig } from '../../src/config.ts';
import { startGateway } from '../../src/main.ts';
import { quietLog } from '../place.ts';

export interface Told {
  readonly url: string;
  readonly partnerId: string;
  readonly merchantId: string;
  readonly apiKey: string;
}

const [, , data = ''] = process.argv;
const config = readConfig({ mode: 'sandbox', port: '0', data }, {});
const gateway = await startGateway({ config, progress: () => undefined, log: quietLog });
const [a, b] = gateway.sandbox?.facts.merchants ?? [];
if (!a || !b) throw new Error('no demo merchants');
process.on('message', () => {
  void gateway.stop().then(() => process.exit(0));
});
const told: Told = { url: gateway.url, partnerId: a.protocols.ysepay.partnerId, ...b.protocols.payin };
process.send?.(told);
