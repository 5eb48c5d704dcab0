/** The protocols the sandbox shows, one line each; keys are the names of the sandbox document. */
import { bestpayDemo } from './bestpay.ts';
import type { Demo } from './demo.ts';
import { fufuDemo } from './fufu.ts';
import { payinDemo } from './payin.ts';
import { unifiedDemo } from './unified.ts';
import { ysepayDemo } from './ysepay.ts';

export const demos = {
  unified: unifiedDemo,
  payin: payinDemo,
  bestpay: bestpayDemo,
  fufu: fufuDemo,
  ysepay: ysepayDemo,
};

/** What a demo merchant holds in each protocol: the sandbox document's `protocols`. */
export type DemoDocuments = {
  readonly [P in keyof typeof demos]: (typeof demos)[P] extends Demo<infer D> ? D : never;
};
