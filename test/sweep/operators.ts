/** Two persons who decide what nobody else can: one asks, the other agrees; what fails on the way they do again. */
import type { Admissions } from '../../src/core/admissions.ts';
import { makeAdmissions } from '../../src/edge/admission.ts';
import { Vault } from '../../src/edge/vault.ts';
import { askSecond, decide, type DeedName, type Detail } from '../../src/flows/approve.ts';
import type { Office } from '../../src/flows/administer.ts';
import { channelProtocols, merchantProtocols } from '../../src/protocols/all.ts';
import { listApprovals } from '../../src/store/approvals.ts';
import { sql } from '../../src/store/database.ts';
import { began, masterKey, staff } from '../simulation/books.ts';
import type { ShopOrder } from './shop.ts';
import type { Stage } from './stage.ts';

const admissions: Admissions = makeAdmissions({
  vault: new Vault(masterKey, (bytes) => new Uint8Array(bytes)),
  nonce: (bytes) => new Uint8Array(bytes),
  now: () => began,
  merchantProtocols,
  channelProtocols,
});

/** A person waits no longer for a page. */
const patienceMs = 30_000;
const mostTries = 20;

export class Operators {
  readonly #stage: Stage;

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  /** Until a review of that reason lies on the table. */
  async waitForReview(reason: string): Promise<void> {
    const { books, clock } = this.#stage;
    for (let i = 0; i < 400; i += 1) {
      const found = await this.#stage.look(() => books.owner.run(sql`select id from reviews where reason = ${reason}`));
      if (found.length > 0) return;
      await clock.sleep(60_000);
    }
    this.#stage.fail(`no review of ${reason} was opened`);
  }

  /** Asks and agrees until the order has left these states. What was refused is nothing to settle. */
  async settle({ no, refused }: ShopOrder, action: DeedName, detail: Detail, from: ReadonlySet<string>): Promise<void> {
    for (let i = 0; i < mostTries && refused === null; i += 1) {
      const order = await this.#orderOf(no);
      if (order && !from.has(order.state)) return;
      if (order) await this.#atDesk((office) => bothAgree(office, action, { ...detail, order: String(order.id) }));
      await this.#stage.clock.sleep(5_000);
    }
    if (refused === null) this.#stage.fail(`the operators cannot settle ${no}`);
  }

  /** Somebody at a page; empty when the process died, or nobody could say what was stored. */
  async visit<T extends object>(work: (office: Office) => Promise<T>): Promise<Partial<T>> {
    let seen: Partial<T> = {};
    await this.#atDesk(async (office) => {
      seen = await work(office);
    });
    return seen;
  }

  async #orderOf(no: string): Promise<{ readonly id: bigint; readonly state: string } | null> {
    const { owner } = this.#stage.books;
    const rows = await this.#stage.look(() =>
      owner.run<{ id: bigint; state: string }>(sql`select id, state from payouts where order_no = ${no}`),
    );
    return rows[0] ?? null;
  }

  /** A dead process never answers its page. */
  async #atDesk(work: (office: Office) => Promise<unknown>): Promise<void> {
    const { gateway, clock } = this.#stage;
    if (!gateway) return;
    const visit = gateway.visit('operators', (gate) => work({ gate, admissions }));
    await Promise.race([visit, clock.sleep(patienceMs)]);
  }
}

async function bothAgree(office: Office, action: DeedName, detail: Detail): Promise<void> {
  const open = (await listApprovals(office.gate.db, 10)).find(
    (one) => one.state === 'open' && one.detail['order'] === detail['order'],
  );
  const [asker, other] = staff;
  const id = open?.id ?? (await askSecond(office, asker, action, detail, 'the bank said so by telephone'));
  await decide(office, other, id, 'approved');
}
