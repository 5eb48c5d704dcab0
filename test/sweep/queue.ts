/** The queue service that some notices go to: keeps what it was sent, and tells the shop whose queue it is. */
import type { OutboundRequest } from '../../src/core/world.ts';
import type { Stage } from './stage.ts';
import type { Answer } from './wires.ts';

export const queueEndpoint = 'http://queue.sim/';
export const queueUrl = `${queueEndpoint}123456789012/beta.fifo`;

interface Message {
  readonly MessageBody: string;
  readonly MessageDeduplicationId: string;
}

export class Queue {
  readonly #stage: Stage;
  readonly #seen = new Set<string>();

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  receive(request: OutboundRequest): Promise<Answer> {
    const message = JSON.parse(Buffer.from(request.body).toString()) as Message;
    if (!this.#seen.has(message.MessageDeduplicationId)) this.#handOver(message);
    this.#seen.add(message.MessageDeduplicationId);
    return Promise.resolve({ status: 200, headers: {}, body: Buffer.from('{"MessageId":"m-1"}') });
  }

  #handOver({ MessageBody, MessageDeduplicationId }: Message): void {
    const order = this.#stage.shopB.orders.find(({ no }) => MessageBody.includes(no));
    if (!order) return this.#stage.fail(`the queue was told of nobody's order: ${MessageBody}`);
    // What is in a queue of one's own needs no signature.
    const [, status = ''] = /"tradeStatus":"(\w+)"/.exec(MessageBody) ?? [];
    const word = status === 'success' ? 'success' : status === 'process' ? 'pending' : 'fail';
    order.shop.hearNotice(order, MessageDeduplicationId, word, status);
    order.shop.taken.add(MessageDeduplicationId);
  }
}
