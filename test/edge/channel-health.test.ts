/** Bulkhead and breaker: they rank channels and turn calls away; they never decide about an order (T112). */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { CallOutcome } from '../../src/core/commands.ts';
import { ChannelHealth } from '../../src/edge/channel-health.ts';
import { sourcesBelow } from '../repository/source.ts';

const limits = { inFlight: 3, questionsWhileIll: 1, window: 4, unanswered: 3, restMs: 1_000 };
type Outcome = CallOutcome<'pay'>;
const answer: Outcome = { kind: 'declined', code: '', text: '' };
const silence: Outcome = { kind: 'unknown', why: '' };

class Bench {
  now = 0;
  readonly health = new ChannelHealth(() => this.now, limits);

  call(outcome: Outcome): Promise<Outcome> {
    return this.health.run<'pay'>(1n, 'pay', () => Promise.resolve(outcome));
  }

  /** A call that is under way until it is ended. */
  hold(command: 'pay' | 'query-payment' = 'pay') {
    let end: (outcome: Outcome) => void = () => undefined;
    const outcome = this.health.run(1n, command, () => new Promise<Outcome>((resolve) => (end = resolve)) as never);
    return { end: (as: Outcome) => end(as), outcome };
  }

  async fallIll(): Promise<void> {
    for (let i = 0; i < limits.unanswered; i += 1) await this.call(silence);
  }
}

describe('a channel', () => {
  test('that leaves calls unanswered is ailing for a while, and well with its first answer', async () => {
    const b = new Bench();
    await b.fallIll();
    assert.equal(b.health.isAiling(1n), true);
    assert.equal(b.health.isAiling(2n), false);
    await b.call(answer);
    assert.equal(b.health.isAiling(1n), false);
    await b.call(silence);
    assert.equal(b.health.isAiling(1n), false, 'what was before it was well no longer counts');
  });

  test('is tried again by one call after its rest: ailing for all others until that one is answered', async () => {
    const b = new Bench();
    await b.fallIll();
    b.now = limits.restMs;
    assert.equal(b.health.isAiling(1n), false);
    const probe = b.hold();
    assert.equal(b.health.isAiling(1n), true, 'one is on its way');
    probe.end(silence);
    await probe.outcome;
    assert.equal(b.health.isAiling(1n), true, 'another rest');
    b.now = 2 * limits.restMs;
    const next = b.hold();
    next.end(answer);
    await next.outcome;
    assert.equal(b.health.isAiling(1n), false);
  });

  test('turns away what is too many, and that was not sent', async () => {
    const b = new Bench();
    const held = [b.hold(), b.hold(), b.hold()];
    assert.equal((await b.call(answer)).kind, 'not-sent');
    assert.equal((await b.health.run(2n, 'pay', () => Promise.resolve(answer))).kind, 'declined');
    for (const one of held) one.end(answer);
    await Promise.all(held.map(({ outcome }) => outcome));
    assert.equal((await b.call(answer)).kind, 'declined');
  });

  test('that is ill is asked about few orders at a time, so that its questions do not take every worker', async () => {
    const b = new Bench();
    await b.fallIll();
    const asked = b.hold('query-payment');
    assert.equal((await b.health.run(1n, 'query-payment', () => Promise.reject(new Error('asked')))).kind, 'not-sent');
    assert.equal((await b.call(answer)).kind, 'declined', 'orders are not questions');
    asked.end(answer);
    await asked.outcome;
  });
});

test('whether a channel is ailing is looked at where channels are ranked, and nowhere else', () => {
  const asking = sourcesBelow('src/flows', 'src/workers', 'src/store', 'src/core')
    .filter(({ code }) => /\.isAiling\(/.test(code))
    .map(({ path }) => path);
  assert.deepEqual(asking, ['src/flows/route.ts', 'src/flows/sign-agreement.ts']);
});
