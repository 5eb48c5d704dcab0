import type { Gate } from '../flows/gate.ts';

/** What is counted about traffic; metrics and tests give their own. */
export interface Observer {
  served(protocol: string, endpoint: string, outcome: string, ms: number): void;
  heard(protocol: string, verdict: string): void;
  notified(protocol: string, outcome: string): void;
  chased: Gate['chased'];
}
