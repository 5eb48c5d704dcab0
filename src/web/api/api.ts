/** The operator API: everything the command line does, over HTTP with bearer tokens. One table, one way through. */
import { z } from 'zod';
import { Refusal } from '../../core/refusal.ts';
import { type Actor, type ApiRoute, checkActor, errorReply, inputsOf, matchRoute, one } from '../route-table.ts';
import { tokenOf } from '../../store/tokens.ts';
import type { Room, WebReply, WebRequest } from '../web.ts';
import { channelTable } from './channels.ts';
import type { Desk } from './desk.ts';
import { inspectionTable } from './inspection.ts';
import { listTable } from './lists.ts';
import { merchantTable } from './merchants.ts';
import { openApi } from './openapi.ts';
import { operationTable } from './operations.ts';
import { quarantineTable } from './quarantine.ts';
import { rateTable } from './rates.ts';
import { reconciliationTable } from './reconciliation.ts';
import { showTable } from './show.ts';
import { userTable } from './users.ts';

const apiVersion = '1';

const documentRoute: ApiRoute<Desk> = one({
  method: 'GET',
  path: '/admin/v1/openapi.json',
  about: 'This document',
  roles: ['viewer', 'support', 'finance', 'approver', 'admin'],
  tenant: 'merchant-bound',
  answers: z.looseObject({ openapi: z.string() }),
  run: async () => openApiDocument(),
});

export const operatorRoutes: readonly ApiRoute<Desk>[] = [
  ...merchantTable,
  ...channelTable,
  ...rateTable,
  ...listTable,
  ...showTable,
  ...operationTable,
  ...quarantineTable,
  ...reconciliationTable,
  ...inspectionTable,
  ...userTable,
  documentRoute,
];

export function openApiDocument(): { openapi: string; [member: string]: unknown } {
  return { ...openApi(operatorRoutes, apiVersion), openapi: '3.1.0' };
}

const prefix = '/admin/v1';

export function operatorApi(desk: Desk): Room {
  return async (request) => {
    if (request.path !== prefix && !request.path.startsWith(`${prefix}/`)) return null;
    try {
      return await answer(desk, request);
    } catch (error) {
      return errorReply(asRefusal(desk, request, error));
    }
  };
}

/** Who → which row → may they → what do they say → do it. */
async function answer(desk: Desk, request: WebRequest): Promise<WebReply> {
  const actor = await actorOf(desk, request);
  // Another process may have changed something a moment ago, and whoever did so expects to find it.
  await desk.gate.refresh();
  const method = request.method === 'HEAD' ? 'GET' : request.method;
  const { route, params } = matchRoute(operatorRoutes, method, request.path);
  checkActor(route, actor);
  return route.reply(desk, { actor, params, ...inputsOf(route, request) });
}

/** A token is 43 characters of base64url behind `kop_`; anything else is not looked up. */
async function actorOf(desk: Desk, { headers }: WebRequest): Promise<Actor> {
  const token = /^Bearer (kop_[A-Za-z0-9_-]{43})$/i.exec(headers['authorization'] ?? '')?.[1];
  const row = token === undefined ? null : await tokenOf(desk.gate.db, token);
  if (!row)
    throw new Refusal('unauthenticated', { text: 'a valid operator token is needed: Authorization: Bearer kop_…' });
  // A token may have any name, that of a person too: on the record it is told apart.
  const name = row.isOwner ? row.name : `token ${row.name}`;
  return { name, role: row.role, merchantId: row.merchantId, isOwner: row.isOwner };
}

/** What is not a Refusal is our fault: logged here, told without a word of detail. */
function asRefusal(desk: Desk, request: WebRequest, error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  desk.gate.world.log.error('operator-api-failed', {
    method: request.method,
    path: request.path,
    error: error instanceof Error ? (error.stack ?? error.message) : String(error),
  });
  return new Refusal('internal');
}
