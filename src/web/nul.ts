import { Refusal } from '../core/refusal.ts';

/** PostgreSQL text takes no NUL, and nobody types one: it is the asker's mistake, not ours. Throws Refusal `invalid-request`. */
export function checkNoNul(text: string, field: string): void {
  if (text.includes('\0')) throw new Refusal('invalid-request', { field, text: 'contains a NUL character' });
}
