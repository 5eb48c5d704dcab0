import assert from 'node:assert/strict';
import http from 'node:http';
import net from 'node:net';
import { after, describe, test } from 'node:test';
import tls from 'node:tls';
import { gzipSync } from 'node:zlib';
import type { Log, OutboundRequest, SendLimits, Sent } from '../../src/core/world.ts';
import { guardConnection, makeSend, type SendOptions } from '../../src/edge/send.ts';
import { testCertificatePem, testKeyPem } from './test-certificate.ts';

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };
const limits: SendLimits = { connectTimeoutMs: 2000, totalTimeoutMs: 2000, maxResponseBytes: 4096, targets: 'any' };
const body = new TextEncoder().encode('{"order":"A1","amount":"10.00"}');

const openThings: { close(): unknown }[] = [];
after(async () => {
  for (const thing of openThings) await thing.close();
});

function sender(options: Partial<SendOptions> = {}) {
  const made = makeSend({
    allowHosts: new Set(),
    allowLoopback: false,
    ownPorts: () => new Set(),
    log: silent,
    monotonic: () => performance.now(),
    ...options,
  });
  openThings.push(made);
  return made;
}

function post(port: number, more: Partial<OutboundRequest> = {}): OutboundRequest {
  const headers = { 'content-type': 'application/json' };
  return { method: 'POST', url: `http://127.0.0.1:${port}/notify?x=1`, headers, body, ...more };
}

/** A server that is a script: it sees each socket before HTTP does. */
async function scripted(onSocket: (socket: net.Socket) => void): Promise<number> {
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    onSocket(socket);
  });
  openThings.push({
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return portOf(server);
}

function portOf(server: net.Server): number {
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  return address.port;
}

/** Calls `then` once, when a whole request with our body has arrived. */
function whenAsked(socket: net.Socket, then: () => void): void {
  let seen = '';
  socket.on('data', (chunk) => {
    seen += chunk.toString('latin1');
    if (!seen.endsWith('"10.00"}')) return;
    seen = '';
    then();
  });
}

/** undici lends a socket again one turn of the loop after its answer. */
const idleAgain = () => new Promise((resolve) => setTimeout(resolve, 5));

const plainAnswer = 'HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{"status":"SUCCESS"}';

const answers: Record<string, string> = {
  'content-length': plainAnswer,
  'content-length, connection close':
    'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 20\r\n\r\n{"status":"SUCCESS"}',
  chunked: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n14\r\n{"status":"SUCCESS"}\r\n0\r\n\r\n',
  'chunked, connection close':
    'HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n14\r\n{"status":"SUCCESS"}\r\n0\r\n\r\n',
  'after a 100 and a 103':
    'HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{"status":"SUCCESS"}',
  'old protocol, no length needed for an empty body': 'HTTP/1.0 204 No Content\r\n\r\n',
};

describe('an answer that is cut', () => {
  const cuts: Record<string, (socket: net.Socket) => void> = {
    'by an end': (socket) => socket.end(),
    'by a reset': (socket) => socket.resetAndDestroy(),
  };
  for (const [name, answer] of Object.entries(answers)) {
    for (const [how, cut] of Object.entries(cuts)) {
      test(`${name}, ${how}: unknown at every byte, an answer only when complete`, async () => {
        let sendBytes = 0;
        const port = await scripted((socket) =>
          whenAsked(socket, () => {
            if (sendBytes === 0) return cut(socket);
            socket.write(answer.slice(0, sendBytes), () => cut(socket));
          }),
        );
        const { send } = sender();
        for (sendBytes = 0; sendBytes < answer.length; sendBytes++) {
          const sent = await send(post(port), limits);
          assert.equal(sent.kind, 'UNKNOWN', `after ${sendBytes} bytes`);
        }
        if (how === 'by a reset') return;
        const sent = await send(post(port), limits);
        assert.equal(sent.kind, 'ANSWER');
      });
    }
  }
});

describe('a request that is cut', () => {
  test('whoever has received one byte is never told to be unreached', async () => {
    let readBytes = 0;
    let received = 0;
    const port = await scripted((socket) => {
      received = 0;
      if (readBytes === 0) socket.destroy();
      socket.on('readable', () => {
        while (received < readBytes && socket.read(1) !== null) received++;
        if (received >= readBytes) socket.resetAndDestroy();
      });
    });
    const { send } = sender();
    for (readBytes = 0; readBytes < 160; readBytes++) {
      const sent = await send(post(port), limits);
      if (received > 0) assert.equal(sent.kind, 'UNKNOWN', `after ${readBytes} bytes`);
      else assert.notEqual(sent.kind, 'ANSWER');
    }
  });

  test('a large body that is not taken to the end is unknown', async () => {
    const port = await scripted((socket) => socket.once('data', () => socket.destroy()));
    const sent = await sender().send(post(port, { body: new Uint8Array(8_000_000) }), limits);
    assert.equal(sent.kind, 'UNKNOWN');
  });
});

describe('what was certainly not sent', () => {
  test('a refused connection', async () => {
    const server = net.createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const port = portOf(server);
    await new Promise((resolve) => server.close(resolve));
    const sent = await sender().send(post(port), limits);
    assert.equal(sent.kind, 'NOT_SENT');
    assert.match(sent.kind === 'NOT_SENT' ? sent.why : '', /ECONNREFUSED/);
  });

  test('a name without address', async () => {
    const { send } = sender({ resolve: (_, done) => done(new Error('ENOTFOUND'), []) });
    assert.equal((await send(post(1, { url: 'http://gone.example/' }), limits)).kind, 'NOT_SENT');
  });

  test('a name that never resolves, within the connect time-out', async () => {
    const { send } = sender({ resolve: () => {} });
    const sent = await send(post(1, { url: 'http://slow.example/' }), { ...limits, connectTimeoutMs: 30 });
    assert.deepEqual(sent, { kind: 'NOT_SENT', why: 'no connection in time' });
  });

  test('a request that waited for a free socket in vain is never written later', async () => {
    const seen: string[] = [];
    const port = await scripted((socket) => {
      socket.on('data', (chunk) => seen.push(chunk.toString('latin1')));
      socket.once('data', () => setTimeout(() => socket.write(plainAnswer), 60));
    });
    const { send } = sender({ connectionsPerOrigin: 1 });
    const first = send(post(port), limits);
    const second = await send(post(port, { url: `http://127.0.0.1:${port}/second` }), {
      ...limits,
      connectTimeoutMs: 20,
    });
    assert.equal(second.kind, 'NOT_SENT');
    assert.equal((await first).kind, 'ANSWER');
    const third = send(post(port, { url: `http://127.0.0.1:${port}/third` }), { ...limits, totalTimeoutMs: 50 });
    await third;
    assert.ok(!seen.join('').includes('/second'));
    assert.ok(seen.join('').includes('/third'));
  });

  test('an unfinished or untrusted TLS handshake', async () => {
    let requests = 0;
    const secure = tls.createServer({ key: testKeyPem, cert: testCertificatePem }, (socket) => {
      requests++;
      socket.on('error', () => {});
      socket.once('data', () => socket.end(plainAnswer));
    });
    secure.on('tlsClientError', () => {});
    openThings.push(secure);
    await new Promise<void>((resolve) => secure.listen(0, '127.0.0.1', resolve));
    const url = `https://localhost:${portOf(secure)}/`;
    assert.equal((await sender().send(post(1, { url }), limits)).kind, 'NOT_SENT');

    const plain = await scripted((socket) => socket.once('data', () => socket.end('nonsense')));
    const broken = await sender().send(post(1, { url: `https://localhost:${plain}/` }), limits);
    assert.equal(broken.kind, 'NOT_SENT');

    requests = 0;
    const trusting = sender({ certificateAuthorities: [testCertificatePem] });
    assert.equal((await trusting.send(post(1, { url }), limits)).kind, 'ANSWER');
    assert.equal(requests, 1);
  });

  test('whether we stood still meanwhile is told, and only then', async () => {
    const { send } = sender({ resolve: () => {} });
    const wait = send(post(1, { url: 'http://slow.example/' }), { ...limits, connectTimeoutMs: 100 });
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_300);
    assert.deepEqual(await wait, { kind: 'NOT_SENT', why: 'no connection in time', ours: true });
    const again = await send(post(1, { url: 'http://slow.example/' }), { ...limits, connectTimeoutMs: 100 });
    assert.deepEqual(again, { kind: 'NOT_SENT', why: 'no connection in time' });
  });

  test('headers that cannot be written', async () => {
    let connections = 0;
    const port = await scripted(() => connections++);
    const sent = await sender().send(post(port, { headers: { 'x-a': 'b\r\nevil: 1' } }), limits);
    assert.equal(sent.kind, 'NOT_SENT');
    assert.equal(connections, 0);
  });
});

describe('keep-alive', () => {
  test('a socket that the server closed while idle: each request arrives at most once', async () => {
    const arrived = new Map<string, number>();
    const port = await scripted((socket) => {
      let served = 0;
      socket.on('data', (chunk) => {
        const id = /\/n(\d+)/.exec(chunk.toString('latin1'))?.[1];
        if (id === undefined) return;
        arrived.set(id, (arrived.get(id) ?? 0) + 1);
        // The race: the second request on a socket meets a server that has just decided to close it.
        if (++served === 2) socket.resetAndDestroy();
        else socket.write(plainAnswer);
      });
    });
    const { send } = sender();
    const outcomes: Sent['kind'][] = [];
    for (let i = 0; i < 20; i++) {
      outcomes.push((await send(post(port, { url: `http://127.0.0.1:${port}/n${i}` }), limits)).kind);
    }
    assert.equal(arrived.size, 20);
    for (const [id, times] of arrived) assert.equal(times, 1, `request ${id}`);
    assert.deepEqual(new Set(outcomes), new Set(['ANSWER', 'UNKNOWN']));
  });

  test('sockets are reused after an answer and not after an error', async () => {
    let connections = 0;
    let mode: 'answer' | 'silence' = 'answer';
    const port = await scripted((socket) => {
      connections++;
      whenAsked(socket, () => {
        if (mode === 'answer') socket.write(plainAnswer);
      });
    });
    const { send } = sender();
    await send(post(port), limits);
    await idleAgain();
    await send(post(port), limits);
    await idleAgain();
    assert.equal(connections, 1);
    mode = 'silence';
    assert.equal((await send(post(port), { ...limits, totalTimeoutMs: 30 })).kind, 'UNKNOWN');
    mode = 'answer';
    assert.equal((await send(post(port), limits)).kind, 'ANSWER');
    assert.ok(connections > 1);
  });

  test('bytes nobody asked for end the socket and answer nothing', async () => {
    const port = await scripted((socket) =>
      whenAsked(socket, () => socket.write(`${plainAnswer}HTTP/1.1 500 Stray\r\nContent-Length: 0\r\n\r\n`)),
    );
    const { send } = sender();
    for (let i = 0; i < 5; i++) {
      const sent = await send(post(port), limits);
      assert.notEqual(sent.kind === 'ANSWER' && sent.status, 500);
    }
  });
});

describe('answers', () => {
  test('status, headers and body as they came; hostile header names change nothing', async () => {
    const port = await scripted((socket) =>
      whenAsked(socket, () =>
        socket.end(
          'HTTP/1.1 418 Teapot\r\nX-One: 1\r\nX-Two: a\r\nX-Two: b\r\n__proto__: evil\r\n__proto__: evil\r\nconstructor: x\r\nContent-Length: 2\r\n\r\nhi',
        ),
      ),
    );
    const sent = await sender().send(post(port), limits);
    assert.ok(sent.kind === 'ANSWER');
    assert.equal(sent.status, 418);
    assert.equal(sent.headers['x-one'], '1');
    assert.equal(sent.headers['x-two'], 'a, b');
    assert.equal(new TextDecoder().decode(sent.body), 'hi');
    assert.equal(Object.getPrototypeOf(sent.headers), null);
  });

  test('redirects are answers, not orders', async () => {
    let lured = 0;
    const trap = await scripted(() => lured++);
    for (const status of [301, 302, 303, 307, 308]) {
      const port = await scripted((socket) =>
        whenAsked(socket, () =>
          socket.end(`HTTP/1.1 ${status} Moved\r\nLocation: http://127.0.0.1:${trap}/\r\nContent-Length: 0\r\n\r\n`),
        ),
      );
      const sent = await sender().send(post(port), limits);
      assert.equal(sent.kind === 'ANSWER' && sent.status, status);
    }
    assert.equal(lured, 0);
  });

  test('a compressed body stays compressed', async () => {
    const bomb = gzipSync(new Uint8Array(1_000_000));
    const server = http.createServer((_, response) => response.setHeader('content-encoding', 'gzip').end(bomb));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    openThings.push(server);
    const sent = await sender().send(post(portOf(server)), limits);
    assert.ok(sent.kind === 'ANSWER');
    assert.equal(sent.body.byteLength, bomb.byteLength);
  });

  test('an endless answer ends at the limit and costs a few buffers', async () => {
    let written = 0;
    let closed: () => void = () => {};
    const gone = new Promise<void>((resolve) => {
      closed = resolve;
    });
    const port = await scripted((socket) => {
      const chunk = Buffer.alloc(65536, 'a');
      const pour = () => {
        let hasRoom = true;
        while (hasRoom && !socket.destroyed && written < 10 * 2 ** 30) {
          written += chunk.length;
          hasRoom = socket.write(chunk);
        }
        socket.once('drain', pour);
      };
      socket.once('close', closed);
      socket.once('data', () => {
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${10 * 2 ** 30}\r\n\r\n`);
        pour();
      });
    });
    const sent = await sender().send(post(port), limits);
    assert.ok(sent.kind === 'ANSWER');
    assert.equal(sent.truncated, true);
    assert.equal(sent.body.byteLength, limits.maxResponseBytes);
    await gone;
    assert.ok(written < 64 * 2 ** 20, `${written} bytes poured`);
  });

  test('exactly the limit is not truncated, one more is', async () => {
    for (const [length, truncated] of [
      [4096, false],
      [4097, true],
    ] as const) {
      const port = await scripted((socket) =>
        whenAsked(socket, () =>
          socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n\r\n${'a'.repeat(length)}`),
        ),
      );
      const sent = await sender().send(post(port), limits);
      assert.equal(sent.kind === 'ANSWER' && sent.truncated, truncated);
    }
  });

  test('slow headers, a slow drip and endless interim answers end with the total time-out', async () => {
    const drips: Record<string, (socket: net.Socket) => void> = {
      silence: () => {},
      'headers, byte by byte': (socket) => socket.write('H'),
      'body, byte by byte': (socket) => socket.write('a'),
      interim: (socket) => socket.write('HTTP/1.1 103 Early Hints\r\n\r\n'),
    };
    for (const [name, drip] of Object.entries(drips)) {
      const port = await scripted((socket) =>
        whenAsked(socket, () => {
          if (name.startsWith('body')) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n');
          if (name.startsWith('headers')) socket.write('HTTP/1.1 200 OK\r\nX: ');
          const timer = setInterval(() => drip(socket), 5);
          socket.once('close', () => clearInterval(timer));
        }),
      );
      const began = performance.now();
      const sent = await sender().send(post(port), { ...limits, totalTimeoutMs: 80 });
      assert.ok(performance.now() - began < 1500, name);
      assert.deepEqual(sent, { kind: 'UNKNOWN', why: 'no complete answer in time' }, name);
    }
  });

  test('nonsense instead of HTTP is unknown', async () => {
    for (const nonsense of ['SSH-2.0-x\r\n', '<html>', 'HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n', '\0\0\0\0']) {
      const port = await scripted((socket) => whenAsked(socket, () => socket.end(nonsense)));
      assert.equal((await sender().send(post(port), limits)).kind, 'UNKNOWN', nonsense);
    }
  });

  test('headers of more than 16 KiB are unknown', async () => {
    const port = await scripted((socket) =>
      whenAsked(socket, () => socket.end(`HTTP/1.1 200 OK\r\nX: ${'a'.repeat(20_000)}\r\nContent-Length: 0\r\n\r\n`)),
    );
    assert.equal((await sender().send(post(port), limits)).kind, 'UNKNOWN');
  });
});

describe('targets a merchant chose', () => {
  const guarded: SendLimits = { ...limits, targets: 'public' };
  const to = (...addresses: string[]): Partial<SendOptions> => ({
    resolve: (_, done) =>
      done(
        null,
        addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
      ),
  });

  async function canary() {
    const seen = { connections: 0, port: 0 };
    seen.port = await scripted((socket) => {
      seen.connections++;
      whenAsked(socket, () => socket.end(plainAnswer));
    });
    return seen;
  }

  test('a private literal, and a name that leads to one, are not even connected to', async () => {
    const trap = await canary();
    const literal = await sender().send(post(trap.port), guarded);
    const named = await sender(to('127.0.0.1')).send(post(1, { url: `http://shop.example:${trap.port}/` }), guarded);
    const mixed = sender(to('93.184.216.34', '127.0.0.1'));
    const hidden = await mixed.send(post(1, { url: `http://shop.example:${trap.port}/` }), guarded);
    for (const sent of [literal, named, hidden]) assert.equal(sent.kind, 'NOT_SENT');
    assert.match(literal.kind === 'NOT_SENT' ? literal.why : '', /not public|loopback/);
    assert.equal(trap.connections, 0);
  });

  test('a name that leads inside is answered like one that leads nowhere: our names cannot be read through us', async () => {
    const unknown = sender({ resolve: (_, done) => done(new Error('getaddrinfo ENOTFOUND db.corp'), []) });
    const request = post(1, { url: 'https://db.corp/' });
    const whys = await Promise.all(
      [unknown, sender(to()), sender(to('10.1.2.3')), sender(to('93.184.216.34', 'fd00::1'))].map(async ({ send }) =>
        send(request, guarded),
      ),
    );
    for (const sent of whys) assert.deepEqual(sent, { kind: 'NOT_SENT', why: 'no public address under that name' });
    const ours = await unknown.send(request, limits);
    assert.match(ours.kind === 'NOT_SENT' ? ours.why : '', /ENOTFOUND/, 'of a target of our own we say why');
  });

  test('a name is looked at again at each connection', async () => {
    const trap = await canary();
    const answersOfDns = ['127.0.0.1', '169.254.169.254'];
    const { send } = sender({
      allowLoopback: true,
      resolve: (_, done) => done(null, [{ address: answersOfDns.shift() ?? '10.0.0.1', family: 4 }]),
    });
    const request = post(1, { url: `http://shop.example:${trap.port}/` });
    assert.equal((await send(request, guarded)).kind, 'ANSWER');
    assert.equal((await send(request, guarded)).kind, 'NOT_SENT');
    assert.equal((await send(request, guarded)).kind, 'NOT_SENT');
  });

  test('the sandbox reaches loopback, except our own ports', async () => {
    const trap = await canary();
    assert.equal((await sender({ allowLoopback: true }).send(post(trap.port), guarded)).kind, 'ANSWER');
    const own = sender({ allowLoopback: true, ownPorts: () => new Set([trap.port]) });
    assert.equal((await own.send(post(trap.port), guarded)).kind, 'NOT_SENT');
  });

  test('the allow-list reaches its host and port', async () => {
    const trap = await canary();
    const { send } = sender({ allowHosts: new Set([`127.0.0.1:${trap.port}`]) });
    assert.equal((await send(post(trap.port), guarded)).kind, 'ANSWER');
  });

  test('a socket that turns out to be connected elsewhere is destroyed', async () => {
    const port = await scripted(() => {});
    const socket = net.connect(port, '127.0.0.1');
    await new Promise((resolve) => socket.once('connect', resolve));
    const connect = guardConnection((_, done) => done(null, socket), {
      allowHosts: new Set(),
      allowLoopback: false,
      ownPorts: () => new Set(),
    });
    const target = { hostname: 'shop.example', protocol: 'http:', port: String(port) };
    const error = await new Promise<Error | null>((resolve) => connect(target, (...[failure]) => resolve(failure)));
    assert.match(String(error), /not public/);
    assert.ok(socket.destroyed);
  });

  test('other schemes are refused even where the operator chose the target', async () => {
    for (const url of ['file:///etc/passwd', 'ftp://x/', 'nonsense']) {
      assert.equal((await sender().send(post(1, { url }), limits)).kind, 'NOT_SENT');
    }
  });
});

test('closing leaves no request without a verdict', async () => {
  const port = await scripted(() => {});
  const made = sender({ connectionsPerOrigin: 1 });
  const first = made.send(post(port), limits);
  const second = made.send(post(port), limits);
  await new Promise((resolve) => setTimeout(resolve, 30));
  await made.close();
  assert.equal((await first).kind, 'UNKNOWN');
  const unsent = await second;
  assert.equal(unsent.kind === 'NOT_SENT' && unsent.ours, true);
});
