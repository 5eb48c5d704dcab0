/** One seed from its first order to its last consequence. */
import type { Books } from './books.ts';
import type { Counters } from './journal.ts';
import { longestDelayMs } from './network.ts';
import { drawRoads, isCrossed } from './roads.ts';
import { askEverything, checkEnd, isAtRest } from './ending.ts';
import { Broken, Scene } from './scene.ts';
import type { Tooth } from './teeth.ts';

export interface Outcome {
  readonly seed: number;
  /** What did not hold; null = everything did. */
  readonly broken: string | null;
  readonly hash: string;
  readonly counters: Counters;
  readonly last: readonly string[];
  readonly events: number;
  readonly virtualMs: number;
  readonly awaits: number;
}

export interface SeedOptions {
  readonly seed: number;
  readonly tooth?: Tooth | null;
  readonly echo?: boolean;
}

/** More than any seed needs: beyond it nothing comes to rest. */
const mostEvents = 60_000;
const dayMs = 86_400_000;
const longestMs = 9 * dayMs;

export async function runSeed(books: Books, { seed, tooth = null, echo = false }: SeedOptions): Promise<Outcome> {
  const scene = new Scene(books, seed, tooth, echo);
  const roads = drawRoads(scene.chance.fork('roads'));
  for (const { protocol, through, weight } of roads.filter(isCrossed))
    scene.journal.note('seed', `${protocol} also through ${through} (${weight})`);
  await books.reset({ roads, payoutLimit: scene.weather.isCareful ? 20_700n : null });
  const uproot = tooth?.plant?.();
  try {
    await play(scene);
  } catch (error) {
    if (!(error instanceof Broken)) throw error;
  } finally {
    uproot?.();
    scene.retire();
  }
  const { journal, clock } = scene;
  return {
    seed,
    broken: scene.broken?.message ?? null,
    hash: journal.digest(),
    counters: journal.counters,
    last: journal.last(120),
    events: clock.events,
    virtualMs: clock.now,
    awaits: scene.awaits,
  };
}

async function play(scene: Scene): Promise<void> {
  const { clock, chance, weather } = scene;
  const plan = chance.fork('plan');
  for (let i = 0; i < weather.processes; i += 1) scene.launch();
  const activeMs = plan.between(40_000, 200_000);
  schedule(scene, activeMs);
  await until(scene, () => clock.now >= activeMs);
  scene.heal();
  // What is still on its way arrives before anybody is asked for the last time.
  const arrivedAt = clock.now + 2 * longestDelayMs;
  clock.at(arrivedAt, () => undefined);
  await until(scene, () => clock.now >= arrivedAt);
  await rest(scene);
  await held(scene);
  await rest(scene);
  await askEverything(scene, (isOver) => until(scene, isOver));
  await rest(scene);
  await checkEnd(scene);
  await tidyUp(scene);
}

/** Payouts that still wait for two persons. */
async function held(scene: Scene): Promise<void> {
  let isDone = false;
  scene.spawn(scene.operators.decideHeld().finally(() => (isDone = true)));
  await until(scene, () => isDone);
}

/** People decide what nothing decides by itself; after that nothing is left open, and there is no more doubt. */
async function tidyUp(scene: Scene): Promise<void> {
  let isDone = false;
  scene.spawn(scene.operators.round().finally(() => (isDone = true)));
  await until(scene, () => isDone);
  scene.isTidy = true;
  await rest(scene);
  await askEverything(scene, (isOver) => until(scene, isOver));
  await rest(scene);
  await checkEnd(scene);
}

/** Until every ladder is climbed. */
async function rest(scene: Scene): Promise<void> {
  const { clock } = scene;
  const began = clock.now;
  while (!(await isAtRest(scene))) {
    const seen = clock.events;
    await until(scene, () => clock.events >= seen + 60);
    // The clock jumps to whatever comes next, if that is in ten years.
    if (clock.now - began > longestMs) scene.fail('nothing comes to rest');
    if (clock.events === seen) return;
  }
}

async function until(scene: Scene, isOver: () => boolean): Promise<void> {
  await scene.clock.run(() => scene.broken !== null || scene.clock.events > mostEvents || isOver());
  if (scene.broken) throw scene.broken;
  if (scene.clock.events > mostEvents) scene.fail(`more than ${mostEvents} events`);
}

/** Who does what when. */
function schedule(scene: Scene, activeMs: number): void {
  const { clock, chance, shops, weather } = scene;
  const plan = chance.fork('schedule');
  const orders = plan.whole(3, 9);
  for (let i = 0; i < orders; i += 1) {
    const shop = plan.pick(shops);
    // Each amount is one order's alone, in both directions of a contradiction.
    const minor = BigInt(20_000 + i * 137 + plan.whole(0, 60) * 2);
    clock.at(plan.between(200, activeMs * 0.7), () => scene.spawn(shop.trade(minor)));
  }
  for (let i = 0; i < 2; i += 1)
    clock.at(plan.between(10_000, activeMs), () => {
      const theirs = [...(shops[1]?.orders.values() ?? [])];
      if (theirs.length > 0 && shops[0]) scene.spawn(shops[0].pry(plan.pick(theirs)));
    });
  for (let i = 0; i < 2; i += 1) {
    clock.at(plan.between(20_000, activeMs), () => scene.strangers.resend());
    clock.at(plan.between(10_000, activeMs), () => scene.spawn(scene.strangers.attack()));
  }
  for (let i = 0; i < 2; i += 1) {
    clock.at(plan.between(30_000, activeMs), () => scene.spawn(scene.operators.refundByHand()));
    clock.at(plan.between(30_000, activeMs), () => scene.spawn(scene.operators.decideHeld()));
  }
  if (weather.clocks) {
    const at = plan.between(1_000, activeMs);
    const forMs = plan.between(2_000, 40_000);
    const ms = plan.pick([3_600_000, -3_600_000]);
    clock.at(at, () => scene.stepClock(ms, forMs));
  }
  if (weather.pauses)
    clock.at(plan.between(1_000, activeMs), () => scene.someGateway()?.pause(plan.pick([5_000, 20_000, 80_000])));
  // The clock must reach the end of the storm even when nobody does anything.
  clock.at(activeMs, () => undefined);
}
