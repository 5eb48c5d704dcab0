/** A script: who does what when, and what must have come of it wherever the process dies. */
import type { ShopOrder } from './shop.ts';
import type { Stage } from './stage.ts';

export interface Scenario {
  readonly name: string;
  readonly about: string;
  play(stage: Stage): Promise<void>;
  /** How its orders may end. Beside it: as nothing, if the bank has never heard of them. */
  readonly ends: Readonly<Partial<Record<ShopOrder['kind'], readonly string[]>>>;
  /** Late money: failure was true when it was told. */
  readonly twoStories?: true;
  /** The payer pays twice. */
  readonly doublePay?: true;
  /** More that must hold. */
  check?(stage: Stage): Promise<void>;
}
