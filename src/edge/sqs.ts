/**
 * Notices into a merchant's SQS queue: the AWS JSON 1.0 protocol, written by hand because the SDK sends signed requests
 * to whatever host a queue URL names. Here the host comes from our configuration; the queue URL is only compared.
 */
import type { Instant, OutboundRequest, Sent } from '../core/world.ts';
import { type AwsCredentials, signV4 } from './sigv4.ts';

export interface SqsSettings extends AwsCredentials {
  /** Base URL of the service; absent = AWS's own for the region. Its origin and path also begin every queue URL. */
  readonly endpoint?: URL;
  readonly region: string;
  /** Account numbers whose queues may be written to. */
  readonly accounts: ReadonlySet<string>;
}

export interface SqsMessage {
  readonly queueUrl: string;
  readonly body: string;
  /** Our event id: the same event twice within five minutes is one message of a FIFO queue. Ignored otherwise. */
  readonly dedupId?: string;
  /** The order: messages of one group keep their order. Required for FIFO queues, ignored otherwise. */
  readonly groupId?: string;
  /** Message attributes, all of type String; at most ten. */
  readonly attributes: Readonly<Record<string, string>>;
}

export type SqsRequest =
  | { readonly kind: 'request'; readonly request: OutboundRequest }
  | { readonly kind: 'refused'; readonly why: string };

export type SqsReply =
  | { readonly kind: 'ok'; readonly messageId: string }
  /** It may arrive another time (or has arrived already: readers see duplicates, which is why the event id is in it). */
  | { readonly kind: 'retry'; readonly why: string }
  /** It will not arrive however often it is tried: somebody must change the queue, the rights or the message. */
  | { readonly kind: 'bad'; readonly why: string };

/** Body, attribute names, types and values together, in bytes. */
const maxSqsBytes = 262_144;

/** Error names that more tries cannot cure; anything else unknown is tried again. */
const finalErrors: ReadonlySet<string> = new Set([
  'AccessDenied',
  'AccessDeniedException',
  'IncompleteSignature',
  'InvalidAddress',
  'InvalidAttributeValue',
  'InvalidClientTokenId',
  'InvalidMessageContents',
  'InvalidParameterValue',
  'InvalidSecurity',
  'KmsAccessDenied',
  'KmsDisabled',
  'KmsInvalidKeyUsage',
  'KmsInvalidState',
  'KmsNotFound',
  'KmsOptInRequired',
  'MissingAuthenticationToken',
  'MissingParameter',
  'MissingRequiredParameterException',
  'OptInRequired',
  'QueueDoesNotExist',
  'SerializationException',
  'SignatureDoesNotMatch',
  'UnknownOperationException',
  'UnrecognizedClientException',
  'UnsupportedOperation',
  'ValidationException',
]);

/** Why this queue is not one we write to; null when it is. For the moment an order names it, too. */
export function checkQueue(queueUrl: string, settings: SqsSettings): string | null {
  const base = endpointOf(settings).href.replace(/\/$/, '');
  const rest = queueUrl.startsWith(`${base}/`) ? queueUrl.slice(base.length + 1) : null;
  if (rest === null) return `queue is not at ${base}`;
  const parts = /^(\d{12})\/([A-Za-z0-9_-]{1,80}|[A-Za-z0-9_-]{1,75}\.fifo)$/.exec(rest);
  if (parts === null) return 'queue URL is not <endpoint>/<account>/<name>';
  return settings.accounts.has(parts[1] ?? '') ? null : `account ${parts[1]} is not allowed`;
}

/** One signed SendMessage. Bytes, headers and address depend on the arguments alone. */
export function sqsRequest(message: SqsMessage, settings: SqsSettings, instant: Instant): SqsRequest {
  const why = checkQueue(message.queueUrl, settings) ?? checkMessage(message);
  if (why !== null) return { kind: 'refused', why };
  const url = endpointOf(settings);
  const body = new TextEncoder().encode(JSON.stringify(sendMessage(message)));
  const headers = { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': 'AmazonSQS.SendMessage' };
  const scope = { region: settings.region, service: 'sqs' };
  const signed = signV4({ method: 'POST', url, headers, body }, settings, scope, instant);
  return { kind: 'request', request: { method: 'POST', url: url.href, headers: signed, body } };
}

function endpointOf(settings: SqsSettings): URL {
  if (settings.endpoint !== undefined) return settings.endpoint;
  if (!/^[a-z]{2,3}(-[a-z]+)+-\d$/.test(settings.region)) throw new Error(`not an AWS region: ${settings.region}`);
  return new URL(`https://sqs.${settings.region}.amazonaws.com${settings.region.startsWith('cn-') ? '.cn' : ''}/`);
}

function isFifo(message: SqsMessage): boolean {
  return message.queueUrl.endsWith('.fifo');
}

function checkMessage(message: SqsMessage): string | null {
  if (message.body === '') return 'message is empty';
  const names = Object.keys(message.attributes);
  if (names.length > 10) return 'more than ten attributes';
  const badName = names.find((name) => !/^(?!AWS\.|Amazon\.)[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/i.test(name));
  if (badName !== undefined) return `attribute name ${badName} is not allowed`;
  const texts = [message.body, ...Object.values(message.attributes)];
  if (texts.some((text) => !isXmlText(text))) return 'contains characters that SQS does not carry';
  if (Object.values(message.attributes).includes('')) return 'attribute is empty';
  if (sizeOf(message) > maxSqsBytes) return `larger than ${maxSqsBytes} bytes`;
  return isFifo(message) ? checkFifo(message) : null;
}

function checkFifo({ groupId, dedupId }: SqsMessage): string | null {
  const isToken = (text: string | undefined) => text !== undefined && /^[!-~]{1,128}$/.test(text);
  if (!isToken(groupId)) return 'a FIFO queue needs a group';
  return isToken(dedupId) ? null : 'a FIFO queue needs a deduplication id';
}

function sizeOf(message: SqsMessage): number {
  const attributes = Object.entries(message.attributes).map(([name, value]) => name + attributeType + value);
  return [message.body, ...attributes].reduce((sum, text) => sum + Buffer.byteLength(text), 0);
}

const attributeType = 'String';

/** SQS accepts the characters of XML 1.0 and refuses the whole message for any other. */
function isXmlText(text: string): boolean {
  return text.isWellFormed() && !/[^\P{Cc}\t\n\r\u007f-\u009f]|[\ufffe\uffff]/u.test(text);
}

function sendMessage(message: SqsMessage): Readonly<Record<string, unknown>> {
  const attributes = Object.entries(message.attributes).map(
    ([name, value]) => [name, { DataType: attributeType, StringValue: value }] as const,
  );
  return {
    QueueUrl: message.queueUrl,
    MessageBody: message.body,
    ...(attributes.length === 0 ? {} : { MessageAttributes: Object.fromEntries(attributes) }),
    ...(isFifo(message) ? { MessageGroupId: message.groupId, MessageDeduplicationId: message.dedupId } : {}),
  };
}

/** What SQS's answer, or its absence, means for the notice. */
export function readSqsReply(sent: Sent): SqsReply {
  if (sent.kind !== 'ANSWER') return { kind: 'retry', why: sent.why };
  if (sent.truncated) return { kind: 'retry', why: 'answer too long' };
  const answer = parseObject(sent.body);
  if (sent.status === 200) {
    const id = answer?.['MessageId'];
    if (typeof id === 'string' && id !== '') return { kind: 'ok', messageId: id };
    return { kind: 'retry', why: 'answer without a message id' };
  }
  const error = errorName(answer);
  const why = `${sent.status} ${error}`.trim();
  return sent.status < 500 && finalErrors.has(error) ? { kind: 'bad', why } : { kind: 'retry', why };
}

/** `com.amazonaws.sqs#QueueDoesNotExist` → `QueueDoesNotExist`. */
function errorName(answer: Readonly<Record<string, unknown>> | null): string {
  const type = answer?.['__type'];
  return typeof type === 'string' ? (type.split('#').pop() ?? '').slice(0, 60) : '';
}

function parseObject(body: Uint8Array): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(body));
    return typeof value === 'object' && value !== null ? { ...value } : null;
  } catch {
    // Not JSON: then it says nothing we could use.
    return null;
  }
}
