/** A merchant's own server, for the demo: takes notices, answers as it is told to, and lets somebody wait for the next. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ReplyWire, RequestWire } from '../protocols/protocol.ts';

type Answerer = (wire: RequestWire) => ReplyWire;

export class Mailbox {
  readonly #server: Server;
  readonly #boxes = new Map<string, Answerer>();

  private constructor(server: Server) {
    this.#server = server;
  }

  static async open(): Promise<Mailbox> {
    const server = createServer();
    const mailbox = new Mailbox(server);
    server.on('request', (request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => {
        const headers = Object.entries(request.headers).flatMap(([name, value]) =>
          typeof value === 'string' ? [[name, value] as const] : [],
        );
        const reply = mailbox.#take({
          kind: 'request',
          method: request.method ?? 'POST',
          target: request.url ?? '/',
          headers,
          body: Buffer.concat(parts),
          remote: request.socket.remoteAddress ?? '',
        });
        response.writeHead(reply.status, Object.fromEntries(reply.headers)).end(reply.body);
      });
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(0, '127.0.0.1', resolve);
    });
    return mailbox;
  }

  /** An address of its own; `answer` decides what is said to each notice that comes there. */
  box(name: string, answer: Answerer): string {
    this.#boxes.set(`/${name}`, answer);
    const { port } = this.#server.address() as AddressInfo;
    return `http://127.0.0.1:${port}/${name}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #take(wire: RequestWire): ReplyWire {
    const answer = this.#boxes.get(wire.target.split('?', 1)[0] ?? '');
    return answer ? answer(wire) : { kind: 'reply', status: 404, headers: [], body: new Uint8Array(0) };
  }
}
