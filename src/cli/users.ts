/** user: people of the console. */
import { codeAt, fromBase32, stepAt } from '../web/console/totp.ts';
import { type Command, exits, print, printJson, usage } from './command.ts';
import { call, rows } from './gateway.ts';
import { fields, table } from './table.ts';

const id = encodeURIComponent;

export const userCommands: readonly Command[] = [
  {
    name: 'user list',
    takes: '',
    about: 'People of the console',
    options: {},
    async run(input) {
      const all = await rows(input, '/users');
      if (input.json) printJson(all);
      else print(table(all, ['name', 'role', 'merchant', 'state', 'isSetUp', 'hasSecondFactor', 'createdAt']));
      return exits.done;
    },
  },
  {
    name: 'user add',
    takes: 'NAME',
    about: 'One more person for the console; the one-time set-up code is shown this once',
    options: {
      role: { value: 'R', about: 'viewer, support, finance, approver or admin; default viewer' },
      merchant: { value: 'M', about: 'Sees this merchant only' },
    },
    async run(input) {
      const merchant = input.text('merchant');
      const body = {
        name: input.word(0, 'NAME'),
        role: input.text('role') ?? 'viewer',
        ...(merchant === undefined ? {} : { merchant }),
      };
      const made = await call(input, 'POST', '/users', body);
      if (input.json) printJson(made);
      else print(fields(made));
      return exits.done;
    },
  },
  {
    name: 'user code',
    takes: 'KEY',
    about:
      'The six digits an authenticator would show now for the key of the set-up page; for a sandbox without a phone',
    options: {},
    run(input) {
      const secret = fromBase32(input.word(0, 'KEY'));
      if (secret === null || secret.length === 0)
        throw usage('the key of the set-up page has the letters A to Z and digits 2 to 7');
      const code = codeAt(secret, stepAt(Date.now()));
      if (input.json) printJson({ code });
      else print(code);
      return Promise.resolve(exits.done);
    },
  },
  ...(['renew', 'disable', 'enable'] as const).map(
    (verb): Command => ({
      name: `user ${verb}`,
      takes: 'NAME',
      about: {
        renew: 'Forgets password and second factor; shows a new one-time set-up code',
        disable: 'Signs out at once and lets in no more',
        enable: 'Lets in again',
      }[verb],
      options: {},
      async run(input) {
        const made = await call(input, 'POST', `/users/${id(input.word(0, 'NAME'))}/${verb}`);
        if (input.json) printJson(made);
        else print(fields(made));
        return exits.done;
      },
    }),
  ),
];
