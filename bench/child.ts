/** A further process and its few questions and answers, over Node's own channel. */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

interface Question {
  readonly id: number;
  readonly name: string;
  readonly ask: unknown;
}
interface Reply {
  readonly id: number;
  readonly answer?: unknown;
  readonly error?: string;
}

export class Child {
  readonly #process: ChildProcess;
  readonly #waiting = new Map<number, { resolve: (answer: unknown) => void; reject: (error: Error) => void }>();
  #next = 0;

  /** `file`: a compiled neighbour of this one, `./gateway.js`. */
  constructor(file: string, options: { readonly execArgv?: readonly string[]; readonly cwd?: string } = {}) {
    const path = fileURLToPath(new URL(file, import.meta.url));
    this.#process = fork(path, { serialization: 'advanced', ...options, execArgv: [...(options.execArgv ?? [])] });
    this.#process.on('message', (reply: Reply) => {
      const waiting = this.#waiting.get(reply.id);
      this.#waiting.delete(reply.id);
      if (reply.error === undefined) waiting?.resolve(reply.answer);
      else waiting?.reject(new Error(reply.error));
    });
    this.#process.once('exit', (code) => {
      for (const { reject } of this.#waiting.values()) reject(new Error(`${file} ended (${code})`));
      this.#waiting.clear();
    });
  }

  call<T>(name: string, ask: unknown = null): Promise<T> {
    const id = this.#next++;
    return new Promise<T>((resolve, reject) => {
      // Both ends are files of this folder: what comes back is what the asked function returns.
      this.#waiting.set(id, { resolve: (answer) => resolve(answer as T), reject });
      this.#process.send({ id, name, ask } satisfies Question);
    });
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode !== null) return;
    const gone = new Promise<void>((resolve) => this.#process.once('exit', () => resolve()));
    this.#process.kill('SIGTERM');
    const force = setTimeout(() => this.#process.kill('SIGKILL'), 10_000);
    await gone;
    clearTimeout(force);
  }
}

/** The child's side: one function per question. It ends when its parent does. */
export function answerParent(answers: Readonly<Record<string, (ask: never) => Promise<unknown>>>): void {
  process.on('message', ({ id, name, ask }: Question) => {
    const answer = answers[name] as ((ask: unknown) => Promise<unknown>) | undefined;
    const asked = answer ? answer(ask) : Promise.reject(new Error(`no ${name}`));
    asked.then(
      (value) => process.send?.({ id, answer: value } satisfies Reply),
      (error: unknown) =>
        process.send?.({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
    );
  });
  process.once('disconnect', () => process.exit(0));
}
