/** The fault plans of one twin: kept in its store, matched in memory, each used as often as it says. */
import type { World } from '../core/world.ts';
import type { Obj } from '../protocols/json.ts';
import { type Fault, magicFor, matches, parsePlan, type Plan, type Subject } from './faults.ts';
import type { TwinStore } from './store.ts';

/** The gateway's knowledge: upstream references behind a merchant's or the platform's number. Several merchants may use one number. */
export type Resolve = (number: string) => Promise<readonly string[]>;

/** Remembers which references had their magic; a restart may repeat one. */
const rememberedMagic = 10_000;

export class Plans {
  readonly #name: string;
  readonly #store: TwinStore;
  readonly #world: World;
  readonly #resolve: Resolve;
  readonly #magicDone = new Set<string>();
  #plans: readonly Plan[] = [];

  constructor(name: string, store: TwinStore, world: World, resolve: Resolve) {
    this.#name = name;
    this.#store = store;
    this.#world = world;
    this.#resolve = resolve;
  }

  async load(): Promise<void> {
    this.#plans = await this.#store.plans(this.#name);
  }

  list(): readonly Plan[] {
    return this.#plans;
  }

  /** Throws PlanError when the body is no plan. */
  async add(body: Obj): Promise<Plan> {
    const plan = parsePlan(this.#world.newId().toString(), this.#world.now(), body);
    this.#plans = [...this.#plans, plan];
    await this.#store.savePlan(this.#name, plan);
    return plan;
  }

  /** All of them when `id` is null. */
  async remove(id: string | null): Promise<void> {
    this.#plans = id === null ? [] : this.#plans.filter((plan) => plan.id !== id);
    await this.#store.removePlans(this.#name, id);
  }

  /** Until when connections are refused: null = they are not, Infinity = until the plan is removed. */
  downUntil(): number | null {
    const now = this.#world.now();
    const ends = this.#plans
      .filter(({ faults }) => faults.some(({ kind }) => kind === 'down'))
      .map(({ until }) => until ?? Number.POSITIVE_INFINITY)
      .filter((until) => until > now);
    return ends.length === 0 ? null : Math.max(...ends);
  }

  /** The faults of the first plan that matches, which is used up by one; none when there is none. */
  async take(describe: () => Promise<Subject>): Promise<readonly Fault[]> {
    if (this.#plans.length === 0) return [];
    const subject = await describe();
    const aliases = new Map(
      await Promise.all(this.#plans.map(async (plan) => [plan.id, await this.#aliasesOf(plan)] as const)),
    );
    // From here to the write nothing waits: parallel requests cannot use a plan too often.
    const plan = this.#plans.find((candidate) => matches(candidate, subject, aliases.get(candidate.id) ?? []));
    if (plan === undefined) return [];
    const used = { ...plan, used: plan.used + 1 };
    const isSpent = used.times > 0 && used.used >= used.times && !used.faults.some(({ kind }) => kind === 'down');
    this.#plans = this.#plans.flatMap((other) => (other.id === used.id ? (isSpent ? [] : [used]) : [other]));
    await (isSpent ? this.#store.removePlans(this.#name, used.id) : this.#store.savePlan(this.#name, used));
    return plan.faults;
  }

  /** What the amount of a new order stands for. `order` names it for the count. */
  magic(order: string, minor: bigint): readonly Fault[] {
    const row = magicFor(minor);
    if (row === null || (row.times > 0 && this.#magicDone.has(order))) return [];
    if (this.#magicDone.size >= rememberedMagic) this.#magicDone.clear();
    this.#magicDone.add(order);
    return row.faults;
  }

  async #aliasesOf({ match }: Plan): Promise<readonly string[]> {
    const numbers = [match.merchantOrderNo, match.reference].filter((number) => number !== null);
    return (await Promise.all(numbers.map((number) => this.#resolve(number)))).flat();
  }
}
