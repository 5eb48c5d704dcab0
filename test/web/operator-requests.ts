/** One request per route that succeeds: what the tests of answers, roles and secrets walk through. */
import { operatorRoutes } from '../../src/web/api/api.ts';
import type { ApiRoute } from '../../src/web/route-table.ts';
import type { Desk } from '../../src/web/api/desk.ts';
import { money } from '../../src/core/money.ts';
import { reportEvidence } from '../../src/flows/attempt.ts';
import { learnOutcome } from '../../src/flows/learn-outcome.ts';
import { enterQuarantine } from '../../src/flows/quarantine.ts';
import { paymentAnswer, rowsOf } from '../gate.ts';
import type { Belongings, OperatorScene } from './operator-scene.ts';

export interface Sample {
  /** As in the table: 'GET /admin/v1/merchants/{id}'. */
  readonly route: string;
  readonly path: string;
  readonly body?: unknown;
}

export function nameOf({ method, path }: ApiRoute<Desk>): string {
  return `${method} ${path}`;
}

export function routeNamed(name: string): ApiRoute<Desk> {
  const found = operatorRoutes.find((route) => nameOf(route) === name);
  if (!found) throw new Error(`no route ${name}`);
  return found;
}

/** Makes what a request needs and gives the request; in the order in which they may be sent. */
type Maker = (scene: OperatorScene, own: Belongings) => Promise<Omit<Sample, 'route'>> | Omit<Sample, 'route'>;

const quote = 'protocol=payin&method=qr&amount=20000&currency=IDR';
let made = 0;

async function idFrom(scene: OperatorScene, path: string, body: unknown): Promise<string> {
  const { json, text } = await scene.ask(await scene.token('admin'), 'POST', path, body);
  const found = json as { id?: unknown };
  if (typeof found.id !== 'string') throw new Error(text);
  return found.id;
}

function channelBody() {
  made += 1;
  return {
    protocol: 'payin',
    name: `spare ${made}`,
    baseUrl: 'https://upstream.example',
    file: { merchantId: '77', apiKey: 'canary-channel-key-0123456789' },
  };
}

const newChannel = (scene: OperatorScene) => idFrom(scene, '/channels', channelBody());
const newCredential = (scene: OperatorScene, own: Belongings) =>
  idFrom(scene, '/credentials', { merchant: own.merchant, protocol: 'payin' });
const routeBody = (channel: string) => ({ merchant: '*', method: 'qr', channel, weight: 1 });

/** A further movement of the order's money at the channel: it lies in suspense. */
async function paidAgain({ t }: OperatorScene, own: Belongings): Promise<void> {
  const [row] = await rowsOf(t.database, `select channel_id, reference from kanal.payments where id = ${own.order}`);
  const about = {
    kind: 'payment',
    channelId: row?.['channel_id'] as bigint,
    reference: String(row?.['reference']),
  } as const;
  const paid = paymentAnswer({ state: 'paid', paid: money(20_000n, 'IDR'), platformNo: `UP-again-${++made}` });
  const evidence = reportEvidence(about, 'callback', paid, t.world.now());
  await learnOutcome(t.gate, { key: null, evidence, callback: null, lookAgainAt: null });
}

async function quarantined({ t }: OperatorScene): Promise<void> {
  await enterQuarantine(t, 'test', t.world.now(), 'restored in the test');
}

/** The day before the scene's: nothing happened on it. */
const day = '2026-01-14';

/** A statement without lines, and where it may be sent. */
async function fileSample(scene: OperatorScene, line = ''): Promise<Omit<Sample, 'route'>> {
  const { json } = await scene.ask(await scene.token('admin'), 'POST', '/statement-files');
  const { path } = json as { path: string };
  const header = 'kind,reference,upstream_no,amount,currency,state,at,fee';
  return { path: `${path}?channel=payin-twin&day=${day}`, body: Buffer.from(`${header}\n${line}`) };
}

/** A review of money that a statement tells of and nobody knows. */
async function inSuspense(scene: OperatorScene): Promise<string> {
  const { path, body } = await fileSample(scene, `payment,nobody-${++made},,100,IDR,paid,,`);
  const admin = await scene.token('admin');
  await scene.ask(admin, 'POST', path, body);
  const { json } = await scene.ask(admin, 'GET', '/reviews?state=open');
  const found = (json as { id: string; reason: string }[]).find(({ reason }) => reason === 'statement-unknown-here');
  return found?.id ?? '0';
}

async function newRun(scene: OperatorScene): Promise<string> {
  const { path, body } = await fileSample(scene);
  const { json } = await scene.ask(await scene.token('admin'), 'POST', path, body);
  return (json as { run: string }).run;
}

const makers: Readonly<Record<string, Maker>> = {
  'GET /admin/v1/merchants': () => ({ path: '/merchants' }),
  'POST /admin/v1/merchants': () => ({ path: '/merchants', body: { name: 'Newcomer' } }),
  'GET /admin/v1/merchants/{id}': (_s, own) => ({ path: `/merchants/${own.merchant}` }),
  'PATCH /admin/v1/merchants/{id}': (_s, own) => ({
    path: `/merchants/${own.merchant}`,
    body: { payouts: true, settings: { noticeGapsS: '5,60' }, overdraft: { minor: '1000', currency: 'IDR' } },
  }),
  'POST /admin/v1/merchants/{id}/disable': async (scene) => ({
    path: `/merchants/${await idFrom(scene, '/merchants', { name: 'Leaver' })}/disable`,
  }),
  'POST /admin/v1/merchants/{id}/enable': (_s, own) => ({ path: `/merchants/${own.merchant}/enable` }),
  'POST /admin/v1/merchants/{id}/fund': (_s, own) => ({
    path: `/merchants/${own.merchant}/fund`,
    body: { amount: '5000', currency: 'IDR' },
  }),
  'POST /admin/v1/merchants/{id}/webhook-secret': (_s, own) => ({
    path: `/merchants/${own.merchant}/webhook-secret`,
    body: { overlapSeconds: 60 },
  }),
  'GET /admin/v1/credentials': () => ({ path: '/credentials' }),
  'POST /admin/v1/credentials': (_s, own) => ({
    path: '/credentials',
    body: { merchant: own.merchant, protocol: 'payin', settings: { signCase: 'upper' }, addresses: ['10.0.0.0/8'] },
  }),
  'POST /admin/v1/credentials/{id}/rotate': async (scene, own) => ({
    path: `/credentials/${await newCredential(scene, own)}/rotate`,
    body: {},
  }),
  'POST /admin/v1/credentials/{id}/disable': async (scene, own) => ({
    path: `/credentials/${await newCredential(scene, own)}/disable`,
  }),
  'POST /admin/v1/credentials/{id}/enable': (_s, own) => ({ path: `/credentials/${own.credential}/enable` }),
  'GET /admin/v1/channels': () => ({ path: '/channels' }),
  'POST /admin/v1/channels': () => ({ path: '/channels', body: channelBody() }),
  'POST /admin/v1/channels/{id}/zone': async (scene) => ({
    path: `/channels/${await newChannel(scene)}/zone`,
    body: { zone: 'Asia/Jakarta' },
  }),
  'POST /admin/v1/channels/{id}/disable': async (scene) => ({ path: `/channels/${await newChannel(scene)}/disable` }),
  'POST /admin/v1/channels/{id}/enable': async (scene) => ({ path: `/channels/${await newChannel(scene)}/enable` }),
  'GET /admin/v1/protocols': () => ({ path: '/protocols' }),
  'GET /admin/v1/routes': () => ({ path: '/routes' }),
  'POST /admin/v1/routes': async (scene) => ({ path: '/routes', body: routeBody(await newChannel(scene)) }),
  'DELETE /admin/v1/routes/{id}': async (scene) => ({
    path: `/routes/${await idFrom(scene, '/routes', routeBody(await newChannel(scene)))}`,
  }),
  'GET /admin/v1/routes/explain': (_s, own) => ({ path: `/routes/explain?merchant=${own.merchant}&${quote}` }),
  'GET /admin/v1/fees': () => ({ path: '/fees' }),
  'PUT /admin/v1/fees': () => ({ path: '/fees', body: { currency: 'CNY', percent: '0.6', max: 5000 } }),
  'GET /admin/v1/rates': () => ({ path: '/rates' }),
  'PUT /admin/v1/rates': () => ({ path: '/rates', body: { currency: 'THB', rate: '4.93' } }),
  'GET /admin/v1/fees/quote': (_s, own) => ({
    path: `/fees/quote?merchant=${own.merchant}&method=qr&amount=20000&currency=IDR`,
  }),
  'GET /admin/v1/payments': () => ({ path: '/payments' }),
  'GET /admin/v1/payouts': () => ({ path: '/payouts' }),
  'GET /admin/v1/refunds': () => ({ path: '/refunds' }),
  'GET /admin/v1/agreements': () => ({ path: '/agreements' }),
  'GET /admin/v1/attempts': () => ({ path: '/attempts' }),
  'GET /admin/v1/notices': () => ({ path: '/notices' }),
  'GET /admin/v1/callbacks': () => ({ path: '/callbacks' }),
  'GET /admin/v1/reviews': () => ({ path: '/reviews' }),
  'GET /admin/v1/orders/{id}': (_s, own) => ({ path: `/orders/${own.order}` }),
  'POST /admin/v1/notices/{id}/resend': (_s, own) => ({ path: `/notices/${own.notice}/resend` }),
  'POST /admin/v1/notices/resend': (_s, own) => ({ path: '/notices/resend', body: { ids: [own.notice] } }),
  'POST /admin/v1/reviews/{id}/close': (_s, own) => ({
    path: `/reviews/${own.review}/close`,
    body: { decision: 'seen in the bank statement' },
  }),
  'POST /admin/v1/orders/{id}/suspense': async (scene, own) => {
    await paidAgain(scene, own);
    return { path: `/orders/${own.order}/suspense`, body: { to: 'merchant', reason: 'the shop delivers twice' } };
  },
  'GET /admin/v1/users': () => ({ path: '/users' }),
  'POST /admin/v1/users': () => ({ path: '/users', body: { name: `person-${++made}`, role: 'viewer' } }),
  ...Object.fromEntries(
    ['renew', 'disable', 'enable'].map((verb): [string, Maker] => [
      `POST /admin/v1/users/{name}/${verb}`,
      async (scene) => {
        const name = `person-${++made}`;
        await idFrom(scene, '/users', { name, role: 'viewer' });
        return { path: `/users/${name}/${verb}` };
      },
    ]),
  ),
  'GET /admin/v1/tokens': () => ({ path: '/tokens' }),
  'POST /admin/v1/tokens': () => ({ path: '/tokens', body: { name: 'spare', role: 'viewer' } }),
  'DELETE /admin/v1/tokens/{id}': async (scene) => ({
    path: `/tokens/${await idFrom(scene, '/tokens', { name: 'leaver', role: 'viewer' })}`,
  }),
  'GET /admin/v1/ledger/check': () => ({ path: '/ledger/check' }),
  'GET /admin/v1/audit/verify': () => ({ path: '/audit/verify' }),
  'GET /admin/v1/audit': () => ({ path: '/audit' }),
  'GET /admin/v1/sandbox': () => ({ path: '/sandbox' }),
  'POST /admin/v1/reconciliations': ({ t }) => {
    t.statements.set('ysepay', { kind: 'statement', digest: new Uint8Array(32), lines: [] });
    return { path: '/reconciliations', body: { channel: 'ysepay-twin', day } };
  },
  'POST /admin/v1/reviews/{id}/suspense': async (scene) => ({
    path: `/reviews/${await inSuspense(scene)}/suspense`,
    body: { reason: 'the channel took it back' },
  }),
  'POST /admin/v1/statement-files': () => ({ path: '/statement-files' }),
  'POST /admin/v1/statement-files/{until}/{mark}': async (scene) => fileSample(scene),
  'GET /admin/v1/reconciliations': () => ({ path: '/reconciliations?state=open' }),
  'GET /admin/v1/reconciliations/{id}/differences': async (scene) => ({
    path: `/reconciliations/${await newRun(scene)}/differences`,
  }),
  'POST /admin/v1/reconciliations/{id}/compare': async (scene) => ({
    path: `/reconciliations/${await newRun(scene)}/compare`,
  }),
  'POST /admin/v1/reconciliations/{id}/learn': async (scene) => ({
    path: `/reconciliations/${await newRun(scene)}/learn`,
  }),
  'GET /admin/v1/quarantine': () => ({ path: '/quarantine' }),
  'POST /admin/v1/quarantine': () => ({
    path: '/quarantine',
    body: { backupAt: '2026-01-15T02:00:00Z', reason: 'restored with pg_restore' },
  }),
  'POST /admin/v1/quarantine/compare': async (scene) => {
    await quarantined(scene);
    return { path: '/quarantine/compare' };
  },
  'POST /admin/v1/quarantine/lift': async (scene) => {
    await quarantined(scene);
    return { path: '/quarantine/lift', body: { reason: 'statements compared', anyway: true } };
  },
  'POST /admin/v1/explain': () => ({
    path: '/explain',
    body: { protocol: 'payin', target: '/api/payIn', body: 'e30=' },
  }),
  'GET /admin/v1/doctor': () => ({ path: '/doctor' }),
  'GET /admin/v1/openapi.json': () => ({ path: '/openapi.json' }),
};

export const sampledRoutes: readonly string[] = Object.keys(makers);

export async function sampleOf(scene: OperatorScene, route: string, own: Belongings): Promise<Sample> {
  const make = makers[route];
  if (!make) throw new Error(`${route} has no request in test/web/operator-requests.ts`);
  return { route, ...(await make(scene, own)) };
}
