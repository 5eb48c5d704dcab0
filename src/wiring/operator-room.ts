/** The operator API with its real ports, and the sandbox document (docs/interface): what `kanal sandbox --json` prints. */
import { makeAdmissions } from '../edge/admission.ts';
import type { OpenGate } from '../flows/open-gate.ts';
import { channelProtocols, merchantProtocols } from '../protocols/all.ts';
import { operatorApi } from '../web/api/api.ts';
import type { Room } from '../web/web.ts';
import { ownerToken } from './owner-token.ts';
import type { RoomParts } from './rooms.ts';
import type { Sandbox } from './sandbox-twins.ts';

export function operatorRoom(parts: RoomParts, gate: OpenGate): Room {
  const { vault, world, sandbox } = parts;
  const admissions = makeAdmissions({
    vault,
    nonce: (bytes) => world.nonce(bytes),
    now: () => world.now(),
    merchantProtocols,
    channelProtocols,
  });
  return operatorApi({ gate, admissions, sandbox: sandbox && (() => sandboxDocument(parts, sandbox, gate)) });
}

async function sandboxDocument({ vault, world, publicUrl }: RoomParts, { facts, twins }: Sandbox, gate: OpenGate) {
  return {
    baseUrl: publicUrl(),
    operator: { token: await ownerToken(gate.db, vault, world) },
    console: { url: `${publicUrl()}/console` },
    merchants: facts.merchants,
    twins: Object.fromEntries(
      [...twins].map(([name, { baseUrl, controlUrl }]) => [name, { baseUrl, controlUrl }] as const),
    ),
  };
}
