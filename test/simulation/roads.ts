/** Which channels stand behind which merchants on a seed's day: their own, another protocol's first, or another's for when the first is away. */
import type { Chance } from './chance.ts';
import type { Spoken } from './products.ts';

export interface Road {
  readonly protocol: Spoken;
  /** The channel's. */
  readonly through: string;
  /** Heavier ones are tried first. */
  readonly weight: number;
}

const own: Readonly<Record<Spoken, string>> = {
  payin: 'payin',
  unified: 'bluepay',
  bestpay: 'bestpay',
  fufu: 'fufu',
  ysepay: 'ysepay',
};

/** Who can carry out at least some of what the others' merchants ask for. */
const other: Readonly<Partial<Record<Spoken, string>>> = {
  payin: 'bluepay',
  unified: 'payin',
  bestpay: 'fufu',
  fufu: 'bestpay',
};

export function isCrossed({ protocol, through }: Road): boolean {
  return own[protocol] !== through;
}

export function drawRoads(chance: Chance): Road[] {
  return (Object.keys(own) as Spoken[]).flatMap((protocol) => {
    const roads: Road[] = [{ protocol, through: own[protocol], weight: 100 }];
    const through = other[protocol];
    const place = chance.weighted({ nowhere: 2, first: 1, second: 1 });
    if (through === undefined || place === 'nowhere') return roads;
    return [...roads, { protocol, through, weight: place === 'first' ? 200 : 50 }];
  });
}
