/** quarantine: after a restore, what the channels know is compared with what we know before money leaves again. */
import { type Command, exits, type Input, print, printJson, usage } from './command.ts';
import { call, type Row } from './gateway.ts';
import { fields } from './table.ts';

function show(input: Input, row: Row): number {
  if (input.json) printJson(row);
  else print(fields(row));
  return exits.done;
}

export const quarantineCommands: readonly Command[] = [
  {
    name: 'quarantine show',
    takes: '',
    about: 'Is there one, since when, what was compared, and what is still open',
    options: {},
    run: async (input) => show(input, await call(input, 'GET', '/quarantine')),
  },
  {
    name: 'quarantine begin',
    takes: '',
    about: 'After a restore with other tools than kanal restore',
    options: {
      'backup-at': { value: 'TIME', about: 'Until when the database knows what happened, ISO 8601' },
      reason: { value: 'TEXT', about: 'What was restored, and why' },
    },
    async run(input) {
      const backupAt = input.needed('backup-at');
      if (Number.isNaN(Date.parse(backupAt))) throw usage('--backup-at takes a time such as 2026-01-31T08:00:00Z');
      return show(input, await call(input, 'POST', '/quarantine', { backupAt, reason: input.needed('reason') }));
    },
  },
  {
    name: 'quarantine compare',
    takes: '',
    about: 'Asks the channels about every order that may have moved since the backup; exit 1 when some did not answer',
    options: {},
    async run(input) {
      const found = await call(input, 'POST', '/quarantine/compare');
      show(input, found);
      return found['unanswered'] === 0 ? exits.done : exits.failed;
    },
  },
  {
    name: 'quarantine lift',
    takes: '',
    about: 'Lets money leave again; only after a comparison in which every channel answered',
    options: {
      reason: { value: 'TEXT', about: 'What was compared, by whom, with which statements' },
      anyway: { about: 'Although channels did not answer, or nothing was compared here' },
    },
    run: async (input) =>
      show(
        input,
        await call(input, 'POST', '/quarantine/lift', {
          reason: input.needed('reason'),
          ...(input.flag('anyway') ? { anyway: true } : {}),
        }),
      ),
  },
];
