/** The ports of the gate, made of the arrows and the protocol list: where flows meet the edge without importing it. */
import { createHmac } from 'node:crypto';
import type { Ask, CommandName } from '../core/commands.ts';
import { usualConduct } from '../core/conduct.ts';
import type { Payment } from '../core/order.ts';
import type { World } from '../core/world.ts';
import { webhookPlace } from '../edge/admission.ts';
import { call, type Exchanged, type Upstream } from '../edge/call.ts';
import { ChannelHealth } from '../edge/channel-health.ts';
import { fetchStatement } from '../edge/fetch-statement.ts';
import type { Keyring } from '../edge/keyring.ts';
import { deliver, freeze } from '../edge/notify.ts';
import type { Vault } from '../edge/vault.ts';
import type { Delivery, Gate, NoticePort, ProtocolFacts } from '../flows/gate.ts';
import { protocolNamed } from '../protocols/all.ts';
import type { Keys } from '../protocols/protocol.ts';
import type { ChannelRow, CredentialRow, MerchantRow } from '../store/directory.ts';
import { whyUnable } from './ability.ts';
import type { Observer } from './observer.ts';
import type { Transcripts } from './transcripts.ts';

export interface PortParts {
  readonly world: World;
  readonly keyring: Keyring;
  readonly vault: Vault;
  /** Our address as channels and payers see it, without a slash at the end. */
  readonly publicUrl: () => string;
  /** Why a notice must not go there; null = it may. */
  readonly refuseUrl: (url: string) => string | null;
  readonly deskUrl: (payment: Payment) => string | null;
  readonly wakeNotices: () => void;
  readonly observer: Pick<Observer, 'notified' | 'chased'>;
  readonly sqs: SqsPort | null;
  /** Absent: nothing of what is said is kept. */
  readonly transcripts?: Transcripts;
}

/** Sending to queues, when the operator has configured it. */
export interface SqsPort {
  refuse(queueUrl: string): string | null;
  deliver(
    world: World,
    letter: { readonly id: string; readonly url: string; readonly body: string; readonly group: string },
  ): Promise<Delivery>;
}

export function upstreamOf(keyring: Keyring, channel: ChannelRow): Upstream {
  const protocol = protocolNamed(channel.protocol);
  return { protocol, baseUrl: channel.baseUrl, keys: keyring.keysOf(protocol, 'channel', channel) };
}

export function credentialKeys(keyring: Keyring, credential: CredentialRow): Keys {
  return keyring.keysOf(protocolNamed(credential.protocol), 'credential', credential);
}

export function makePorts(
  parts: PortParts,
): Pick<Gate, 'world' | 'call' | 'statement' | 'facts' | 'notices' | 'mark' | 'deskUrl' | 'chased' | 'wakeNotices'> {
  const { world, keyring } = parts;
  const health = new ChannelHealth(() => world.monotonic());
  const ask: Gate['call'] = (channel, command, asked) => {
    const upstream = upstreamOf(keyring, channel);
    const began = world.monotonic();
    const tell = (exchanged: Exchanged) =>
      parts.transcripts?.called(channel, upstream.protocol, exchanged, Math.round(world.monotonic() - began));
    return health.run(channel.id, command, () => call(world, upstream, command, asked, tell));
  };
  return {
    world,
    call: ask,
    statement: (channel, day) =>
      fetchStatement(world, protocolNamed(channel.protocol), channel.baseUrl, () =>
        ask(channel, 'get-statement', { day }),
      ),
    facts: makeFacts(parts, health),
    notices: makeNotices(parts),
    mark: (purpose, text) =>
      createHmac('sha256', parts.vault.derive(`mark/${purpose}`))
        .update(text)
        .digest(),
    deskUrl: parts.deskUrl,
    chased: (protocol, how) => parts.observer.chased(protocol, how),
    wakeNotices: parts.wakeNotices,
  };
}

/** A create waits for its channel no longer than this, whatever the endpoint's own time-out: the caller has one too. */
const longestAnswerMs = 20_000;

function makeFacts({ world, keyring, publicUrl }: PortParts, health: ChannelHealth): ProtocolFacts {
  const nonce = (bytes: number) => world.nonce(bytes);
  return {
    platformNo: (protocol, kind, home) => protocolNamed(protocol).numbers.platformNo(kind, home, nonce, world.now()),
    reference: (channel, kind, home) =>
      protocolNamed(channel.protocol).numbers.reference(kind, home, nonce, world.now()),
    homeOf: (protocol, number) => protocolNamed(protocol).numbers.homeOf(number),
    conduct: (protocol) => ({ ...usualConduct, ...protocolNamed(protocol).conduct }),
    numberSpace: (protocol, command, extras) => protocolNamed(protocol).numberSpace(command, extras),
    setting: ({ protocol, settings }, name) =>
      settings[name] ?? protocolNamed(protocol).settings.find((spec) => spec.name === name)?.default ?? null,
    unable: (channel, command, ask) => whyNot(world, keyring, channel, command, ask),
    maySendAgain({ protocol, settings }, command) {
      const rows = protocolNamed(protocol).endpoints.filter((row) => row.command === command);
      const isDocumented = rows.length > 0 && rows.every((row) => row.repeatable);
      return isDocumented || (settings['resends'] ?? '').split(',').includes(command);
    },
    isAiling: (channelId) => health.isAiling(channelId),
    publicUrl,
    callbackUrl: (channel) => `${publicUrl()}/listen/${channel.id}`,
    answerTimeMs(protocol, command) {
      const rows = protocolNamed(protocol).endpoints.filter((row) => row.command === command);
      return Math.min(longestAnswerMs, Math.max(0, ...rows.map((row) => row.timeoutMs)) || longestAnswerMs);
    },
  };
}

function whyNot(world: World, keyring: Keyring, channel: ChannelRow, command: CommandName, ask: Ask): string | null {
  const keys = openedKeys(keyring, channel);
  return keys ? whyUnable(world, protocolNamed(channel.protocol), keys, command, ask) : 'its keys do not open';
}

function openedKeys(keyring: Keyring, channel: ChannelRow): Keys | null {
  try {
    return keyring.keysOf(protocolNamed(channel.protocol), 'channel', channel);
  } catch {
    return null;
  }
}

/** Opened once for each time the directory was read; the one before only while it still counts. */
export function webhookSecrets(world: World, vault: Vault): (merchant: MerchantRow) => readonly string[] {
  const opened = new WeakMap<MerchantRow, readonly string[]>();
  const open = ({ id, webhookSecret, webhookBefore }: MerchantRow) =>
    [webhookSecret, ...(webhookBefore ? [webhookBefore.sealed] : [])].map((sealed) =>
      vault.open(webhookPlace(id), sealed).toString(),
    );
  return (merchant) => {
    const known = opened.get(merchant) ?? open(merchant);
    opened.set(merchant, known);
    return (merchant.webhookBefore?.until ?? 0) > world.now() ? known : known.slice(0, 1);
  };
}

function makeNotices({ world, keyring, vault, refuseUrl, sqs, observer }: PortParts): NoticePort {
  const secretsOf = webhookSecrets(world, vault);
  const send: NoticePort['deliver'] = async (credential, merchant, letter) => {
    if (letter.kind === 'sqs')
      return sqs
        ? sqs.deliver(world, letter)
        : { delivered: false, outcome: 'not-sent', status: null, answer: 'no queue service is configured' };
    return deliver(world, protocolNamed(credential.protocol), credentialKeys(keyring, credential), {
      ...letter,
      webhookSecrets: secretsOf(merchant),
    });
  };
  return {
    freeze: (credential, report) =>
      freeze(world, protocolNamed(credential.protocol), credentialKeys(keyring, credential), report),
    async deliver(credential, merchant, letter) {
      const delivery = await send(credential, merchant, letter);
      observer.notified(credential.protocol, delivery.outcome);
      return delivery;
    },
    gapsMs(protocol, merchant) {
      const own = merchant.settings[`${protocol}.noticeGapsS`] ?? merchant.settings['noticeGapsS'];
      return own ? own.split(',').map((seconds) => Number(seconds) * 1000) : protocolNamed(protocol).retry.gapsMs;
    },
    refuseTarget(target) {
      if (target.kind === 'sqs') return sqs ? sqs.refuse(target.url) : 'no queue service is configured';
      return (
        target.url
          .split(',')
          .map(refuseUrl)
          .find((why) => why !== null) ?? null
      );
    },
    targetsOf: (url) => url.split(',').filter((one) => one !== ''),
  };
}
