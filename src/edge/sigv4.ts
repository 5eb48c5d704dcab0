/**
 * AWS Signature Version 4 for requests whose whole body is at hand, by the AWS General Reference, "Create a signed
 * AWS API request". Credentials are given, never fetched: an instance's own role must not sign merchants' messages.
 */
import { createHash, createHmac } from 'node:crypto';
import type { Instant } from '../core/world.ts';

export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Of temporary credentials. */
  readonly sessionToken?: string;
}

export interface Signable {
  readonly method: string;
  readonly url: URL;
  /** Lower-case names; all of them are signed, and `host`, which is taken from the URL. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

export interface AwsScope {
  readonly region: string;
  readonly service: string;
}

const algorithm = 'AWS4-HMAC-SHA256';

/** The headers to send: those given, `x-amz-date`, the session token if any, and `authorization`. */
export function signV4(
  request: Signable,
  credentials: AwsCredentials,
  scope: AwsScope,
  instant: Instant,
): Readonly<Record<string, string>> {
  const stamp = amzDate(instant);
  const token = credentials.sessionToken;
  const headers = {
    ...request.headers,
    'x-amz-date': stamp,
    ...(token === undefined ? {} : { 'x-amz-security-token': token }),
  };
  const signed = { ...request, headers: { ...headers, host: request.url.host } };
  const signature = createHmac('sha256', signingKey(credentials.secretAccessKey, stamp.slice(0, 8), scope))
    .update(stringToSign(canonicalRequest(signed), stamp, scope))
    .digest('hex');
  const credential = `${credentials.accessKeyId}/${credentialScope(stamp, scope)}`;
  const names = signedNames(signed.headers);
  const authorization = `${algorithm} Credential=${credential}, SignedHeaders=${names}, Signature=${signature}`;
  return { ...headers, authorization };
}

/** "20150830T123600Z". */
export function amzDate(instant: Instant): string {
  const [date = '', time = ''] = isoOf(instant).split('T');
  return `${date.replaceAll('-', '')}T${time.slice(0, 8).replaceAll(':', '')}Z`;
}

function isoOf(instant: Instant): string {
  // Not a clock: the instant is given.
  return new Date(instant).toISOString();
}

export function signingKey(secretAccessKey: string, day: string, scope: AwsScope): Buffer {
  return [day, scope.region, scope.service, 'aws4_request'].reduce<Buffer>(
    (key, part) => createHmac('sha256', key).update(part).digest(),
    Buffer.from(`AWS4${secretAccessKey}`),
  );
}

function stringToSign(canonical: string, stamp: string, scope: AwsScope): string {
  return [algorithm, stamp, credentialScope(stamp, scope), sha256(canonical)].join('\n');
}

function credentialScope(stamp: string, scope: AwsScope): string {
  return `${stamp.slice(0, 8)}/${scope.region}/${scope.service}/aws4_request`;
}

function canonicalRequest(request: Signable): string {
  const lines = sortedHeaders(request.headers).map(([name, value]) => `${name}:${value.trim().replace(/ +/g, ' ')}\n`);
  return [
    request.method,
    request.url.pathname,
    canonicalQuery(request.url),
    lines.join(''),
    signedNames(request.headers),
    sha256(request.body),
  ].join('\n');
}

function canonicalQuery(url: URL): string {
  return [...url.searchParams]
    .map(([name, value]) => `${encodeStrictly(name)}=${encodeStrictly(value)}`)
    .sort(byCodeUnit)
    .join('&');
}

function encodeStrictly(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}

function signedNames(headers: Readonly<Record<string, string>>): string {
  return sortedHeaders(headers)
    .map(([name]) => name)
    .join(';');
}

function sortedHeaders(headers: Readonly<Record<string, string>>): [string, string][] {
  return Object.entries(headers).sort(([a], [b]) => byCodeUnit(a, b));
}

function byCodeUnit(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}
