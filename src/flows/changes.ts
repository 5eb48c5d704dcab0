/** Which orders have just changed, told inside this process: whoever shows one to a payer need not wait for its next look. */
import type { Key } from '../core/order.ts';

export type Hear = (key: Key) => void;

export class Changes {
  readonly #hearers = new Set<Hear>();

  /** Called after a commit. A hint only: what is true now is in the database. */
  tell(key: Key): void {
    for (const hear of this.#hearers) hear(key);
  }

  /** Calls `hear` for every change from now on, until the returned function is called. */
  listen(hear: Hear): () => void {
    this.#hearers.add(hear);
    return () => this.#hearers.delete(hear);
  }
}
