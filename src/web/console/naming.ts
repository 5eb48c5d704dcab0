/** Names for ids in lists and exports; '' where there is nothing to name. */
import type { ConsoleDesk } from './row.ts';

export function merchantName(desk: ConsoleDesk, id: bigint | null): string {
  return id === null ? '' : (desk.gate.directory().merchants.get(id)?.name ?? String(id));
}

export function channelName(desk: ConsoleDesk, id: bigint | null): string {
  return id === null ? '' : (desk.gate.directory().channels.get(id)?.name ?? String(id));
}

export function iso(at: number | bigint | null): string {
  return at === null ? '' : new Date(Number(at)).toISOString();
}
