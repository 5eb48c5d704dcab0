/** One at a time per key: the twin's way to execute a reference once although requests come in parallel. */
export class Turns {
  readonly #last = new Map<string, Promise<unknown>>();

  take<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(key) ?? Promise.resolve();
    const mine = before.then(work, work);
    // The next in line waits for the end, not for success.
    const end = mine.then(
      () => undefined,
      () => undefined,
    );
    this.#last.set(key, end);
    void end.then(() => {
      if (this.#last.get(key) === end) this.#last.delete(key);
    });
    return mine;
  }
}
