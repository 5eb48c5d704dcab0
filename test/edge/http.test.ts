import assert from 'node:assert/strict';
import net from 'node:net';
import { after, describe, test } from 'node:test';
import type { Log } from '../../src/core/world.ts';
import { type HttpOptions, startHttp, type Unserved } from '../../src/edge/http.ts';
import { callerAddress, parseProxies } from '../../src/edge/peer.ts';
import type { Reply } from '../../src/edge/reply.ts';
import type { ReplyWire, RequestWire } from '../../src/protocols/protocol.ts';

const servers: { close(how: { graceMs: number }): Promise<void> }[] = [];
after(async () => {
  for (const server of servers) await server.close({ graceMs: 0 });
});

const logged: string[] = [];
const log: Log = {
  debug() {},
  info() {},
  warn() {},
  error: (event, fields) => logged.push(`${event} ${fields?.path}`),
};

function text(status: number, body: string): ReplyWire {
  return { kind: 'reply', status, headers: [['content-type', 'text/plain']], body: new TextEncoder().encode(body) };
}

async function start(onRequest: (wire: RequestWire) => Promise<Reply>, more: Partial<HttpOptions> = {}) {
  const server = await startHttp({
    host: '127.0.0.1',
    port: 0,
    onRequest,
    log,
    monotonic: () => performance.now(),
    ...more,
    limits: { checkEveryMs: 20, lingerMs: 100, ...more.limits },
  });
  servers.push(server);
  return server;
}

const echo = async (wire: RequestWire): Promise<Reply> =>
  text(200, `${wire.method} ${wire.target} ${Buffer.from(wire.body).toString('latin1')}`);

interface Talk {
  readonly socket: net.Socket;
  /** Everything received until the server closes. */
  readonly all: Promise<string>;
  /** Everything received once it contains the text. */
  readonly until: (wanted: string) => Promise<string>;
}

function talk(port: number, first = ''): Talk {
  const socket = net.connect(port, '127.0.0.1');
  let seen = '';
  let changed: () => void = () => {};
  const all = new Promise<string>((resolve) => {
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      seen += chunk.toString('latin1');
      changed();
    });
    socket.once('close', () => resolve(seen));
  });
  const until = (wanted: string) =>
    new Promise<string>((resolve) => {
      changed = () => {
        if (seen.includes(wanted)) resolve(seen);
      };
      changed();
    });
  socket.write(first, 'latin1');
  return { socket, all, until };
}

function ask(head: string, body = ''): string {
  return `${head}\r\nHost: k\r\n${body === '' ? '' : `Content-Length: ${body.length}\r\n`}\r\n${body}`;
}

describe('what a request becomes', () => {
  test('raw target, headers in order with repetitions, the bytes of the body', async () => {
    const seen: RequestWire[] = [];
    const server = await start(async (wire) => {
      seen.push(wire);
      return text(200, 'ok');
    });
    const { all } = talk(
      server.port,
      'POST /gateway/pay/order?sign=A%20B&x=/../ HTTP/1.1\r\nHost: k\r\nX-Sign: one\r\nx-sign: two\r\n__proto__: p\r\nContent-Type: text/plain\r\nConnection: close\r\nContent-Length: 3\r\n\r\na\xff\x00',
    );
    assert.match(await all, /^HTTP\/1\.1 200 OK\r\n/);
    const [wire] = seen;
    assert.ok(wire);
    assert.equal(wire.kind, 'request');
    assert.equal(wire.method, 'POST');
    assert.equal(wire.target, '/gateway/pay/order?sign=A%20B&x=/../');
    assert.equal(wire.remote, '127.0.0.1');
    assert.deepEqual([...wire.body], [0x61, 0xff, 0]);
    assert.deepEqual(wire.headers, [
      ['host', 'k'],
      ['x-sign', 'one'],
      ['x-sign', 'two'],
      ['__proto__', 'p'],
      ['content-type', 'text/plain'],
      ['connection', 'close'],
      ['content-length', '3'],
    ]);
  });

  test('a chunked body arrives whole; a reply keeps its repeated headers', async () => {
    const server = await start(async (wire) => ({
      ...text(201, Buffer.from(wire.body).toString()),
      headers: [
        ['set-cookie', 'a=1'],
        ['set-cookie', 'b=2'],
        ['content-length', '999'],
      ],
    }));
    const { all } = talk(
      server.port,
      'POST / HTTP/1.1\r\nHost: k\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n',
    );
    const reply = await all;
    assert.match(reply, /set-cookie: a=1\r\nset-cookie: b=2\r\n/);
    assert.match(reply, /content-length: 5\r\n/);
    assert.doesNotMatch(reply, /999/);
    assert.match(reply, /\r\n\r\nabcde$/);
  });

  test('pipelined requests are answered in order', async () => {
    const server = await start(async (wire) => {
      if (wire.target === '/slow') await new Promise((resolve) => setTimeout(resolve, 30));
      return text(200, `<${wire.target}>`);
    });
    const { until } = talk(server.port, ask('GET /slow HTTP/1.1') + ask('GET /fast HTTP/1.1'));
    const reply = await until('</fast>');
    assert.ok(reply.indexOf('</slow>') < reply.indexOf('</fast>'));
  });

  test('HEAD has the length and no body; OPTIONS is answered here; other methods are not served', async () => {
    let served = 0;
    const server = await start(async () => {
      served++;
      return text(200, 'hello');
    });
    const head = await talk(server.port, ask('HEAD / HTTP/1.1\r\nConnection: close')).all;
    assert.match(head, /content-length: 5\r\n[^]*\r\n\r\n$/);
    const options = await talk(server.port, ask('OPTIONS * HTTP/1.1\r\nConnection: close')).all;
    assert.match(options, /^HTTP\/1\.1 204[^]*default-src 'none'; frame-ancestors 'none'[^]*nosniff[^]*DENY/);
    assert.match(await talk(server.port, ask('TRACE / HTTP/1.1')).all, /^HTTP\/1\.1 405/);
    assert.match(await talk(server.port, ask('GET http://evil/ HTTP/1.1')).all, /^HTTP\/1\.1 400/);
    assert.doesNotMatch(await talk(server.port, ask('CONNECT k:80 HTTP/1.1')).all, /200/);
    assert.equal(served, 1);
  });
});

describe('what is too much', () => {
  const inGrammar = (why: Unserved, wire: RequestWire) => text(200, `refused ${why} ${wire.target}`);

  test('a body over the limit is drained, answered in the grammar of the path, and the connection closed', async () => {
    const server = await start(echo, {
      refuse: inGrammar,
      bodyLimit: (_, target) => (target === '/p3' ? 131_072 : null),
    });
    const big = 'a'.repeat(65_537);
    const refused = await talk(server.port, ask('POST /p0 HTTP/1.1', big)).all;
    assert.match(refused, /^HTTP\/1\.1 200[^]*connection: close[^]*refused too-large \/p0$/);
    const exact = await talk(server.port, ask('POST /p0 HTTP/1.1\r\nConnection: close', big.slice(1))).all;
    assert.match(exact, /POST \/p0 aaa/);
    const larger = await talk(server.port, ask('POST /p3 HTTP/1.1\r\nConnection: close', big)).all;
    assert.match(larger, /POST \/p3 aaa/);
  });

  test('an announced 64 MiB is answered before it is read, although the peer keeps sending', async () => {
    const server = await start(echo, { refuse: inGrammar });
    const { socket, all, until } = talk(server.port, 'POST / HTTP/1.1\r\nHost: k\r\nContent-Length: 67108864\r\n\r\n');
    await until('refused too-large');
    for (let i = 0; i < 20; i++) socket.write('a'.repeat(65_536));
    assert.match(await all, /refused too-large/);
  });

  test('a peer that is still sending gets its answer before the connection ends', async () => {
    const server = await start(echo, { refuse: inGrammar });
    for (let round = 0; round < 20; round++) {
      const { socket, all } = talk(server.port, 'POST / HTTP/1.1\r\nHost: k\r\nContent-Length: 8000000\r\n\r\n');
      let wasReset = false;
      socket.on('error', () => {
        wasReset = true;
      });
      socket.end('a'.repeat(8_000_000));
      assert.match(await all, /refused too-large/);
      assert.equal(wasReset, false);
    }
  });

  test('an endless chunked body ends at the drain limit', async () => {
    let sent = 0;
    const server = await start(echo, { refuse: inGrammar });
    const { socket, all } = talk(server.port, 'POST / HTTP/1.1\r\nHost: k\r\nTransfer-Encoding: chunked\r\n\r\n');
    const timer = setInterval(() => {
      sent += 65_536;
      socket.write(`10000\r\n${'a'.repeat(65_536)}\r\n`);
    }, 2);
    const reply = await all;
    clearInterval(timer);
    assert.match(reply, /refused too-large/);
    assert.ok(sent < 64 * 2 ** 20);
  });

  test('compressed bodies are refused, identity is not', async () => {
    const server = await start(echo, { refuse: inGrammar });
    const encoded = (value: string) =>
      talk(server.port, ask(`POST / HTTP/1.1\r\nConnection: close\r\nContent-Encoding: ${value}`, 'x')).all;
    assert.match(await encoded('gzip'), /refused encoded/);
    assert.match(await encoded('identity\r\nContent-Encoding: br'), /refused encoded/);
    assert.match(await encoded('identity'), /POST \/ x/);
  });

  test('too many or too long headers', async () => {
    const server = await start(echo);
    const many = Array.from({ length: 101 }, (_, i) => `X-${i}: 1`).join('\r\n');
    assert.match(await talk(server.port, ask(`GET / HTTP/1.1\r\n${many}`)).all, /^HTTP\/1\.1 431/);
    const long = `X: ${'a'.repeat(20_000)}`;
    assert.match(await talk(server.port, ask(`GET / HTTP/1.1\r\n${long}`)).all, /^HTTP\/1\.1 431/);
  });

  test('more in flight than allowed is refused as busy, and the connection stays usable', async () => {
    let release: () => void = () => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const server = await start(
      async (wire) => {
        if (wire.target === '/held') await gate;
        return text(200, `served ${wire.target}`);
      },
      { refuse: inGrammar, limits: { inFlight: 1 } },
    );
    const held = talk(server.port, ask('GET /held HTTP/1.1'));
    while (server.inFlight() === 0) await new Promise((resolve) => setImmediate(resolve));
    const other = talk(server.port, ask('POST /other HTTP/1.1', 'abc'));
    await other.until('refused busy /other');
    release();
    await held.until('served /held');
    other.socket.write(ask('GET /again HTTP/1.1'));
    await other.until('served /again');
    assert.equal(server.inFlight(), 0);
  });

  test('more sockets from one address than allowed are cut, others are not', async () => {
    const server = await start(echo, { limits: { connectionsPerAddress: 2 } });
    const first = talk(server.port, ask('GET /1 HTTP/1.1'));
    const second = talk(server.port, ask('GET /2 HTTP/1.1'));
    await Promise.all([first.until('/1'), second.until('/2')]);
    assert.equal(await talk(server.port, ask('GET /3 HTTP/1.1')).all, '');
    first.socket.destroy();
    await first.all;
    for (let reply = ''; !reply.includes('/4'); ) {
      reply = await talk(server.port, ask('GET /4 HTTP/1.1\r\nConnection: close')).all;
    }
  });
});

describe('slow peers', () => {
  test('headers and bodies that do not end are cut, and others are served meanwhile', async () => {
    const server = await start(echo, { limits: { headersTimeoutMs: 100, requestTimeoutMs: 200 } });
    const slow = Array.from({ length: 100 }, (_, i) =>
      talk(
        server.port,
        i % 2 === 0 ? 'GET / HTTP/1.1\r\nHo' : 'POST / HTTP/1.1\r\nHost: k\r\nContent-Length: 9\r\n\r\na',
      ),
    );
    const good = await talk(server.port, ask('GET /good HTTP/1.1\r\nConnection: close')).all;
    assert.match(good, /GET \/good/);
    for (const reply of await Promise.all(slow.map(({ all }) => all))) assert.match(reply, /^HTTP\/1\.1 408/);
  });

  test('an idle keep-alive connection is closed', async () => {
    const server = await start(echo, { limits: { keepAliveMs: 30 } });
    assert.match(await talk(server.port, ask('GET /idle HTTP/1.1')).all, /GET \/idle/);
  });

  // One socket per address: whether the first is gone shows at the next. The peer reads nothing until it is.
  test('a peer that does not take its answer is cut', { timeout: 60_000 }, async () => {
    const size = 32_000_000;
    let arrived: () => void = () => {};
    const asked = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    const server = await start(
      async (wire) => {
        if (wire.target !== '/large') return text(200, 'free again');
        arrived();
        return text(200, 'a'.repeat(size));
      },
      { limits: { idleMs: 100, connectionsPerAddress: 1 } },
    );
    const { socket, all } = talk(server.port, ask('GET /large HTTP/1.1'));
    socket.pause();
    await asked;
    for (let next = ''; !next.includes('free again'); )
      next = await talk(server.port, ask('GET /small HTTP/1.1\r\nConnection: close')).all;
    assert.ok(socket.bytesRead < size / 100, 'a paused socket reads a chunk and no more');
    socket.resume();
    assert.ok((await all).length < size);
  });
});

describe('what is not HTTP', () => {
  const smuggling: Record<string, string> = {
    'length and chunked':
      'POST / HTTP/1.1\r\nHost: k\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: k\r\n\r\n',
    'two lengths': `POST / HTTP/1.1\r\nHost: k\r\nContent-Length: 0\r\nContent-Length: 40\r\n\r\n${ask('GET /smuggled HTTP/1.1')}`,
    'a list of lengths': `POST / HTTP/1.1\r\nHost: k\r\nContent-Length: 0, 40\r\n\r\n${ask('GET /smuggled HTTP/1.1')}`,
    'chunked that is not last': `POST / HTTP/1.1\r\nHost: k\r\nTransfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n${ask('GET /smuggled HTTP/1.1')}`,
    'an obscured chunked': `POST / HTTP/1.1\r\nHost: k\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n${ask('GET /smuggled HTTP/1.1')}`,
    'a blank before the colon': `POST / HTTP/1.1\r\nHost: k\r\nContent-Length : 40\r\n\r\n${ask('GET /smuggled HTTP/1.1')}`,
    'a folded header': `POST / HTTP/1.1\r\nHost: k\r\nTransfer-Encoding:\r\n chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n${ask('GET /smuggled HTTP/1.1')}`,
    'a bare CR': `GET / HTTP/1.1\r\nHost: k\r\nX: a\rGET /smuggled HTTP/1.1\r\n\r\n`,
    'a negative length': `POST / HTTP/1.1\r\nHost: k\r\nContent-Length: -1\r\n\r\n${ask('GET /smuggled HTTP/1.1')}`,
    'a chunk size with junk': `POST / HTTP/1.1\r\nHost: k\r\nTransfer-Encoding: chunked\r\n\r\n0x0\r\n\r\n${ask('GET /smuggled HTTP/1.1')}`,
    'no host': 'GET /smuggled HTTP/1.1\r\n\r\n',
    'another protocol': '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
  };
  for (const [name, bytes] of Object.entries(smuggling)) {
    test(`${name}: refused, nothing behind it is served`, async () => {
      const targets: string[] = [];
      const server = await start(
        async (wire) => {
          targets.push(wire.target);
          return text(200, 'served');
        },
        { limits: { headersTimeoutMs: 200, requestTimeoutMs: 200 } },
      );
      const reply = await talk(server.port, bytes).all;
      assert.match(reply, /^HTTP\/1\.1 4\d\d [A-Z]/i);
      assert.doesNotMatch(reply, / at |node:|Error/);
      assert.ok(!targets.includes('/smuggled'), targets.join());
    });
  }
});

describe('failures', () => {
  test('a throwing request is a bare 500, logged without query and tokens', async () => {
    const server = await start(async () => {
      throw new Error('secret detail');
    });
    const target = `/cashier/${'t'.repeat(40)}?sign=secret`;
    const reply = await talk(server.port, ask(`GET ${target} HTTP/1.1\r\nConnection: close`)).all;
    assert.match(reply, /^HTTP\/1\.1 500 [^]*\r\n\r\n\{\}$/);
    assert.doesNotMatch(reply, /secret/);
    assert.ok(logged.includes('http.failed /cashier/…'), logged.join('\n'));
  });

  test('a header that cannot be written, and a refusal that throws, are a bare 500 too', async () => {
    const server = await start(
      async (wire) => {
        if (wire.target === '/throw') throw new Error('x');
        return { ...text(200, 'x'), headers: [['x-a', 'b\r\nevil: 1']] };
      },
      {
        refuse: () => {
          throw new Error('refusal');
        },
      },
    );
    for (const target of ['/throw', '/header']) {
      const reply = await talk(server.port, ask(`GET ${target} HTTP/1.1\r\nConnection: close`)).all;
      assert.match(reply, /^HTTP\/1\.1 500 [^]*\r\n\r\n\{\}$/);
    }
  });

  test('a peer that leaves does not stop what it asked for', async () => {
    let finished: () => void = () => {};
    const done = new Promise<void>((resolve) => {
      finished = resolve;
    });
    let leave: () => Promise<unknown> = async () => {};
    const server = await start(async () => {
      await leave();
      await new Promise((resolve) => setTimeout(resolve, 10));
      finished();
      return text(200, 'nobody reads this');
    });
    const gone = talk(server.port);
    leave = () => {
      gone.socket.destroy();
      return gone.all;
    };
    gone.socket.write(ask('POST / HTTP/1.1', 'x'));
    await done;
  });
});

describe('streams', () => {
  async function* lines(count: number): AsyncGenerator<Uint8Array> {
    for (let i = 0; i < count; i++) yield new TextEncoder().encode(`${i}\n`);
  }
  const stream = (body: AsyncIterable<Uint8Array>, isEndless = false): Reply => ({
    kind: 'stream',
    status: 200,
    headers: [['content-type', 'text/csv']],
    body,
    isEndless,
  });

  test('a stream is sent chunked to its end, also when long', async () => {
    const server = await start(async () => stream(lines(20_000)));
    const reply = await talk(server.port, ask('GET / HTTP/1.1\r\nConnection: close')).all;
    assert.match(reply, /transfer-encoding: chunked/i);
    assert.ok(reply.includes('\n19999\n'));
    assert.ok(reply.endsWith('0\r\n\r\n'));
  });

  test('a stream that fails is visibly cut', async () => {
    const server = await start(async () =>
      stream(
        (async function* () {
          yield* lines(1);
          throw new Error('database gone');
        })(),
      ),
    );
    const reply = await talk(server.port, ask('GET / HTTP/1.1')).all;
    assert.ok(!reply.endsWith('0\r\n\r\n'));
    assert.doesNotMatch(reply, /database/);
  });

  test('a reader that leaves ends the source', async () => {
    let returned: () => void = () => {};
    const ended = new Promise<void>((resolve) => {
      returned = resolve;
    });
    const source: AsyncIterable<Uint8Array> = {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise(() => {}),
        return: async () => {
          returned();
          return { done: true, value: undefined };
        },
      }),
    };
    const server = await start(async () => stream(source, true));
    const reader = talk(server.port, ask('GET / HTTP/1.1'));
    await reader.until('\r\n\r\n');
    reader.socket.destroy();
    await ended;
  });

  test('an endless stream ends cleanly when the server closes', async () => {
    const never: AsyncIterable<Uint8Array> = { [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}) }) };
    const server = await start(async () => stream(never, true));
    const reader = talk(server.port, ask('GET / HTTP/1.1'));
    await reader.until('\r\n\r\n');
    const began = performance.now();
    await server.close({ graceMs: 5000 });
    assert.ok(performance.now() - began < 2000);
    assert.ok((await reader.all).endsWith('0\r\n\r\n'));
  });
});

describe('closing', () => {
  test('what is in flight finishes, silent and idle sockets do not hold it up, nobody new comes in', async () => {
    let release: () => void = () => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const server = await start(async (wire) => {
      if (wire.target === '/held') await gate;
      return text(200, `served ${wire.target}`);
    });
    const idle = talk(server.port, ask('GET /idle HTTP/1.1'));
    await idle.until('served');
    const silent = talk(server.port);
    const held = talk(server.port, ask('GET /held HTTP/1.1'));
    while (server.inFlight() === 0) await new Promise((resolve) => setImmediate(resolve));
    const closed = server.close({ graceMs: 5000 });
    await Promise.all([idle.all, silent.all]);
    assert.equal(await talk(server.port, ask('GET /late HTTP/1.1')).all, '');
    release();
    assert.match(await held.all, /connection: close[^]*served \/held/i);
    await closed;
  });

  test('what does not finish within the grace is cut', async () => {
    const server = await start(() => new Promise(() => {}));
    const held = talk(server.port, ask('GET /held HTTP/1.1'));
    while (server.inFlight() === 0) await new Promise((resolve) => setImmediate(resolve));
    await server.close({ graceMs: 30 });
    assert.equal(await held.all, '');
  });
});

test('X-Forwarded-For counts only as far as trusted proxies vouch for it', () => {
  const proxies = parseProxies(['10.0.0.0/8', '::1', '192.0.2.1']);
  const rows: [peer: string, forwarded: string[], caller: string][] = [
    ['203.0.113.9', ['1.2.3.4'], '203.0.113.9'],
    ['::ffff:203.0.113.9', [], '203.0.113.9'],
    ['10.0.0.1', [], '10.0.0.1'],
    ['10.0.0.1', ['1.2.3.4'], '1.2.3.4'],
    ['::ffff:10.0.0.1', ['6.6.6.6, 1.2.3.4'], '1.2.3.4'],
    ['10.0.0.1', ['6.6.6.6', '1.2.3.4, 10.0.0.2'], '1.2.3.4'],
    ['10.0.0.1', ['6.6.6.6, nonsense, 10.0.0.2'], '10.0.0.2'],
    ['::1', ['2001:db8::1'], '2001:db8::1'],
  ];
  for (const [peer, forwarded, caller] of rows) {
    const headers = forwarded.map((value) => ['x-forwarded-for', value] as const);
    assert.equal(callerAddress(peer, headers, proxies), caller, `${peer} ${forwarded.join()}`);
    assert.equal(callerAddress(peer, headers, []), peer.replace('::ffff:', ''));
  }
  assert.throws(() => parseProxies(['not an address']));
});
