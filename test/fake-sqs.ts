/**
 * A small SQS: speaks the AWS JSON 1.0 protocol over real HTTP, checks Signature Version 4 over the bytes it received
 * with a verifier of its own, and refuses what the real one refuses. Faults are queued with `fail`.
 */
import { createHash, createHmac } from 'node:crypto';
import http from 'node:http';

export interface FakeMessage {
  readonly id: string;
  readonly queue: string;
  readonly body: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly groupId: string | null;
  readonly dedupId: string | null;
}

export type SqsFault = 'throttle' | 'unavailable' | 'cut-after-storing' | 'garbage';

export interface FakeSqs {
  /** Base of the queue URLs, with a slash at the end. */
  readonly endpoint: URL;
  readonly messages: readonly FakeMessage[];
  readonly requests: number;
  queueUrl(name: string): string;
  /** The next requests fail like this, one each. */
  fail(...faults: SqsFault[]): void;
  close(): Promise<void>;
}

export interface FakeSqsOptions {
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly account: string;
  readonly queues: readonly string[];
  /** The server's clock; requests more than 15 minutes off are refused. */
  readonly now: () => number;
}

class SqsError extends Error {
  readonly status: number;
  readonly type: string;
  constructor(status: number, type: string) {
    super(type);
    this.status = status;
    this.type = type;
  }
}

export async function startFakeSqs(options: FakeSqsOptions): Promise<FakeSqs> {
  const messages: FakeMessage[] = [];
  const faults: SqsFault[] = [];
  let requests = 0;
  const server = http.createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      requests++;
      const fault = faults.shift();
      const reply = answer(request, Buffer.concat(chunks), fault);
      if (fault === 'cut-after-storing') return void request.socket.destroy();
      response.writeHead(reply.status, { 'content-type': 'application/x-amz-json-1.0' });
      response.end(fault === 'garbage' ? '<html>' : JSON.stringify(reply.body));
    });
  });

  function answer(request: http.IncomingMessage, body: Buffer, fault: SqsFault | undefined) {
    try {
      if (fault === 'throttle') throw new SqsError(400, 'com.amazonaws.sqs#RequestThrottled');
      if (fault === 'unavailable') throw new SqsError(503, 'com.amazon.coral.service#ServiceUnavailableException');
      verify(request, body, options);
      return { status: 200, body: accept(request, body) };
    } catch (error) {
      if (!(error instanceof SqsError)) throw error;
      return { status: error.status, body: { __type: error.type, message: error.type } };
    }
  }

  function accept(request: http.IncomingMessage, raw: Buffer) {
    if (request.method !== 'POST') throw new SqsError(405, 'com.amazon.coral.service#UnknownOperationException');
    if (request.headers['x-amz-target'] !== 'AmazonSQS.SendMessage') {
      throw new SqsError(400, 'com.amazon.coral.service#UnknownOperationException');
    }
    if (request.headers['content-type'] !== 'application/x-amz-json-1.0') {
      throw new SqsError(400, 'com.amazon.coral.service#SerializationException');
    }
    const ask = readAsk(raw);
    const name = options.queues.find((queue) => ask.queueUrl === queueUrl(queue));
    if (name === undefined) throw new SqsError(400, 'com.amazonaws.sqs#QueueDoesNotExist');
    const size = [ask.body, ...Object.entries(ask.attributes).map(([key, value]) => `${key}String${value}`)].reduce(
      (sum, text) => sum + Buffer.byteLength(text),
      0,
    );
    if (size > 262_144 || ask.body === '') throw new SqsError(400, 'com.amazon.coral.service#InvalidParameterValue');
    if (name.endsWith('.fifo') && (ask.groupId === null || ask.dedupId === null)) {
      throw new SqsError(400, 'com.amazon.coral.service#MissingParameter');
    }
    const known = messages.find((m) => m.queue === name && ask.dedupId !== null && m.dedupId === ask.dedupId);
    const id = known?.id ?? `m-${messages.length + 1}`;
    if (known === undefined) messages.push({ id, queue: name, ...ask });
    return { MessageId: id, MD5OfMessageBody: createHash('md5').update(ask.body).digest('hex') };
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const endpoint = new URL(`http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/`);
  const queueUrl = (name: string) => `${endpoint.href}${options.account}/${name}`;
  return {
    endpoint,
    messages,
    get requests() {
      return requests;
    },
    queueUrl,
    fail: (...more) => faults.push(...more),
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

function readAsk(raw: Buffer) {
  const ask: unknown = JSON.parse(raw.toString('utf8'));
  const attributes: Record<string, string> = {};
  for (const [name, value] of Object.entries(member(ask, 'MessageAttributes') ?? {})) {
    if (member(value, 'DataType') !== 'String')
      throw new SqsError(400, 'com.amazon.coral.service#InvalidParameterValue');
    attributes[name] = String(member(value, 'StringValue'));
  }
  const text = (name: string) => {
    const value = member(ask, name);
    return typeof value === 'string' ? value : null;
  };
  return {
    queueUrl: text('QueueUrl') ?? '',
    body: text('MessageBody') ?? '',
    attributes,
    groupId: text('MessageGroupId'),
    dedupId: text('MessageDeduplicationId'),
  };
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null
    ? Object.entries(value).find(([key]) => key === name)?.[1]
    : undefined;
}

/** Written against the documents, not against our signer: it starts from raw header lines. */
function verify(request: http.IncomingMessage, body: Buffer, options: FakeSqsOptions): void {
  const parts =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request, SignedHeaders=([a-z0-9;-]+), Signature=([0-9a-f]{64})$/.exec(
      request.headers.authorization ?? '',
    );
  if (parts === null) throw new SqsError(403, 'com.amazon.coral.service#IncompleteSignature');
  const [, keyId, day = '', region = '', service = '', names = '', signature] = parts;
  if (keyId !== options.accessKeyId || region !== options.region || service !== 'sqs') {
    throw new SqsError(403, 'com.amazon.coral.service#UnrecognizedClientException');
  }
  const stamp = String(request.headers['x-amz-date']);
  const [, y, mo, d, h, mi, s] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(stamp) ?? [];
  const age = options.now() - Date.parse(`${y}-${mo}-${d}T${h}:${mi}:${s}Z`);
  if (!(Math.abs(age) <= 900_000)) throw new SqsError(403, 'com.amazon.coral.service#RequestExpired');

  const signed = names.split(';');
  const needed = ['host', ...Object.keys(request.headers).filter((n) => n.startsWith('x-amz-'))];
  if (needed.some((name) => !signed.includes(name))) throw new SqsError(403, 'x#SignatureDoesNotMatch');
  const valueOf = (name: string) => {
    const values = request.rawHeaders.filter(
      (_, i) => i % 2 === 1 && request.rawHeaders[i - 1]?.toLowerCase() === name,
    );
    return values.map((value) => value.trim()).join(',');
  };
  const canonical = `${request.method}\n${request.url}\n\n${signed.map((n) => `${n}:${valueOf(n)}\n`).join('')}\n${names}\n${hash(body)}`;
  const toSign = `AWS4-HMAC-SHA256\n${stamp}\n${day}/${region}/${service}/aws4_request\n${hash(canonical)}`;
  let key: string | Buffer = `AWS4${options.secretAccessKey}`;
  for (const part of [day, region, service, 'aws4_request', toSign]) {
    key = createHmac('sha256', key).update(part).digest();
  }
  if (Buffer.from(key).toString('hex') !== signature) throw new SqsError(403, 'x#SignatureDoesNotMatch');
}

function hash(data: string | Buffer): string {
  return createHash('sha256').update(data).digest('hex');
}
