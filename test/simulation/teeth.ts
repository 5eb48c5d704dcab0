/** Planted bugs, by wrapping ports and statements: the simulation must find each of them, or it would not find the next real one. */
import type { World } from '../../src/core/world.ts';
import type { Ports } from '../../src/flows/open-gate.ts';
import type { Reply } from '../../src/edge/reply.ts';
import type { RequestWire } from '../../src/protocols/protocol.ts';
import type { Sql } from '../../src/store/database.ts';
import type { Chance } from './chance.ts';
import type { Answer } from './network.ts';

export interface Tooth {
  readonly name: string;
  readonly about: string;
  /** null leaves the statement out. */
  statement?(statement: Sql, chance: Chance): Sql | null;
  ports?(ports: Ports, world: World): Ports;
  /** An answer given at once, instead of that of `go`. */
  listen?(wire: RequestWire, go: () => Promise<Reply | null>): Answer | null;
}

export const teeth: readonly Tooth[] = [];
