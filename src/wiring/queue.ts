/** Notices into merchants' queues: the operator's own queue service and account, never what a queue URL says by itself (T080). */
import type { Config } from '../config.ts';
import { checkQueue, readSqsReply, type SqsSettings, sqsRequest } from '../edge/sqs.ts';
import type { SqsPort } from './ports.ts';

const limits = {
  connectTimeoutMs: 5_000,
  totalTimeoutMs: 18_000,
  maxResponseBytes: 16 * 1024,
  targets: 'any',
} as const;

/** Null when no queue service is configured: then an order that names a queue is refused. */
export function makeQueue(config: Config): SqsPort | null {
  const { sqsRegion, sqsAccessKeyId, sqsSecretAccessKey, sqsAccounts, sqsEndpoint } = config;
  if (sqsRegion === null || sqsAccessKeyId === null || sqsSecretAccessKey === null) return null;
  const settings: SqsSettings = {
    region: sqsRegion,
    accessKeyId: sqsAccessKeyId,
    secretAccessKey: sqsSecretAccessKey,
    accounts: new Set(sqsAccounts),
    ...(sqsEndpoint === null ? {} : { endpoint: new URL(sqsEndpoint) }),
  };
  return {
    refuse: (queueUrl) => checkQueue(queueUrl, settings),
    async deliver(world, letter) {
      const made = sqsRequest(
        {
          queueUrl: letter.url,
          body: letter.body,
          groupId: letter.group,
          dedupId: letter.id,
          attributes: { eventId: letter.id },
        },
        settings,
        world.now(),
      );
      if (made.kind === 'refused') return { delivered: false, outcome: 'not-sent', status: null, answer: made.why };
      const sent = await world.send(made.request, limits);
      const status = sent.kind === 'ANSWER' ? sent.status : null;
      const reply = readSqsReply(sent);
      if (reply.kind === 'ok') return { delivered: true, outcome: 'acknowledged', status, answer: reply.messageId };
      const outcome = sent.kind === 'NOT_SENT' ? 'not-sent' : sent.kind === 'UNKNOWN' ? 'unknown' : 'refused';
      return {
        delivered: false,
        outcome,
        status,
        answer: reply.why,
        ours: sent.kind === 'NOT_SENT' && sent.ours === true,
      };
    },
  };
}
