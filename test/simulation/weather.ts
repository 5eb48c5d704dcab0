/** How bad a seed's day is: rates of everything that may go wrong, drawn once per seed. */
import type { Chance } from './chance.ts';

/** Who speaks to whom. */
export type Edge = 'call' | 'callback' | 'notice' | 'serve';

/** What may happen to one exchange of request and answer. */
const messageFaults = [
  'refused',
  'lost-request',
  'lost-answer',
  'slow-request',
  'slow-answer',
  'doubled',
  'cut-answer',
  'truncated',
  'http-500',
  'http-502-unexecuted',
  'html',
  'stale-answer',
] as const;
export type MessageFault = (typeof messageFaults)[number];

/** An answer of another request (a mixed-up proxy) only where the receiver can tell: replies of channels name their order. */
const weights: Readonly<Record<Edge, Readonly<Partial<Record<MessageFault, number>>>>> = {
  call: {
    refused: 2,
    'lost-request': 3,
    'lost-answer': 4,
    'slow-request': 2,
    'slow-answer': 2,
    doubled: 2,
    'cut-answer': 2,
    truncated: 2,
    'http-500': 2,
    'http-502-unexecuted': 1,
    html: 2,
    'stale-answer': 1,
  },
  callback: {
    refused: 1,
    'lost-request': 3,
    'lost-answer': 3,
    'slow-request': 3,
    doubled: 4,
    'cut-answer': 1,
    'http-500': 1,
    'http-502-unexecuted': 1,
  },
  notice: {
    refused: 2,
    'lost-request': 2,
    'lost-answer': 3,
    'slow-request': 2,
    doubled: 2,
    'cut-answer': 1,
    'http-500': 1,
    html: 1,
  },
  serve: {
    refused: 1,
    'lost-request': 2,
    'lost-answer': 4,
    'slow-request': 2,
    doubled: 4,
    'cut-answer': 2,
    truncated: 1,
    'http-502-unexecuted': 1,
  },
};

export interface Weather {
  readonly name: 'calm' | 'breeze' | 'storm';
  /** Probability that an exchange is hurt. */
  readonly message: number;
  /** … that a statement meets a lost connection, and that a commit's fate is not told. */
  readonly databaseAway: number;
  readonly commitUnknown: number;
  /** … that the process dies at an await. */
  readonly crash: number;
  /** The process dies at exactly this await (counted over the seed); 0 = not. Over many seeds each await has its turn. */
  readonly crashAt: number;
  /** … that a new order meets a fault of the bank itself. */
  readonly bank: number;
  /** Processes stop for a while, beyond their leases. */
  readonly pauses: boolean;
  readonly processes: 1 | 2 | 3;
  /** … that a piece of our own code dawdles, or takes less than it could. */
  readonly mischief: number;
  /** Somebody sets a machine's clock an hour ahead or behind for a while. */
  readonly clocks: boolean;
  /** Payouts above a limit wait for two persons. */
  readonly isCareful: boolean;
}

/** Nothing goes wrong. */
export const fairWeather: Weather = {
  name: 'calm',
  message: 0,
  databaseAway: 0,
  commitUnknown: 0,
  crash: 0,
  crashAt: 0,
  bank: 0,
  pauses: false,
  processes: 1,
  mischief: 0,
  clocks: false,
  isCareful: false,
};

const rates = {
  calm: { message: 0.02, databaseAway: 0, commitUnknown: 0.002, crash: 0, bank: 0.15 },
  breeze: { message: 0.12, databaseAway: 0.003, commitUnknown: 0.01, crash: 0.002, bank: 0.3 },
  storm: { message: 0.35, databaseAway: 0.01, commitUnknown: 0.03, crash: 0.006, bank: 0.5 },
} as const;

export function drawWeather(chance: Chance): Weather {
  const name = chance.weighted({ calm: 2, breeze: 4, storm: 3 });
  return {
    name,
    ...rates[name],
    crashAt: chance.happens(0.6) ? chance.whole(1, 1_200) : 0,
    pauses: chance.happens(0.3),
    processes: chance.pick([1, 1, 1, 2, 2, 3] as const),
    mischief: chance.pick([0, 0.02, 0.1]),
    clocks: chance.happens(0.25),
    isCareful: chance.happens(0.25),
  };
}

export function drawMessageFault(chance: Chance, edge: Edge, weather: Weather): MessageFault | null {
  if (!chance.happens(weather.message)) return null;
  return chance.weighted(weights[edge] as Readonly<Record<MessageFault, number>>);
}

/** Names of every pair that can occur: what the sometimes-counters must have seen. */
export function possibleMessageFaults(): string[] {
  return Object.entries(weights).flatMap(([edge, faults]) => Object.keys(faults).map((fault) => `${edge}: ${fault}`));
}
