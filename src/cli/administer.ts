/** merchant, credential, channel, route, fee, rate, token: what is set up. */
import { type Command, exits, type Input, type OptionSpec, pairs, print, printJson, usage } from './command.ts';
import { credentialText } from './credential-text.ts';
import { call, query, type Row, rows } from './gateway.ts';
import { givenKeys, keyOptions } from './given-keys.ts';
import { holderHelp } from './protocol-help.ts';
import { fields, table } from './table.ts';

function show(input: Input, row: Row): number {
  if (input.json) printJson(row);
  else print(fields(row));
  return exits.done;
}

function showCredential(input: Input, row: Row): number {
  if (input.json) printJson(row);
  else print(credentialText(row));
  return exits.done;
}

function showAll(input: Input, all: readonly Row[], columns: readonly string[]): number {
  if (input.json) printJson(all);
  else print(table(all, columns));
  return exits.done;
}

const id = encodeURIComponent;
const overlapOption: OptionSpec = { value: 'SECONDS', about: 'Default 86400' };
const merchantOption: OptionSpec = { value: 'M', about: 'Merchant, by id or name' };

const merchantCommands: readonly Command[] = [
  {
    name: 'merchant add',
    takes: 'NAME',
    about: 'Adds a merchant; its webhook secret is shown this once',
    options: { name: { value: 'NAME', about: 'The same as NAME' }, payouts: { about: 'May pay out' } },
    async run(input) {
      const name = input.text('name') ?? input.word(0, 'NAME');
      return show(input, await call(input, 'POST', '/merchants', { name, payouts: input.flag('payouts') }));
    },
  },
  {
    name: 'merchant list',
    takes: '',
    about: 'All merchants',
    options: {},
    run: async (input) => showAll(input, await rows(input, '/merchants'), ['id', 'name', 'state', 'payouts']),
  },
  ...(['disable', 'enable'] as const).map(
    (verb): Command => ({
      name: `merchant ${verb}`,
      takes: 'M',
      about: verb === 'disable' ? 'Refuses its requests from now on' : 'Lets it in again',
      options: {},
      run: async (input) => show(input, await call(input, 'POST', `/merchants/${id(input.word(0, 'M'))}/${verb}`)),
    }),
  ),
  {
    name: 'merchant set',
    takes: 'M',
    about: 'Changes payouts, settings or the overdraft of a currency',
    options: {
      name: { value: 'NAME', about: 'New name' },
      payouts: { value: 'on|off', about: 'May it pay out?' },
      overdraft: { value: 'MINOR', about: 'How far the available balance may go below zero, smallest units' },
      currency: { value: 'CODE', about: 'Currency of the overdraft' },
      set: {
        value: 'NAME=VALUE',
        many: true,
        about: 'A setting: noticeGapsS=5,60,3600, returnHosts=shop.example or cardTextsPerHour=10',
      },
    },
    run: setMerchant,
  },
  {
    name: 'merchant webhook',
    takes: 'M',
    about: 'A new webhook secret, shown this once; the old one signs beside it for the overlap',
    options: { overlap: overlapOption },
    async run(input) {
      const path = `/merchants/${id(input.word(0, 'M'))}/webhook-secret`;
      return show(input, await call(input, 'POST', path, overlapOf(input)));
    },
  },
  {
    name: 'merchant fund',
    takes: 'M',
    about: "Posts from the operator's account to the merchant's available balance",
    options: {
      amount: { value: 'MINOR', about: 'Smallest units' },
      currency: { value: 'CODE', about: 'IDR, CNY, THB, HKD, USD or JPY' },
    },
    async run(input) {
      const body = { amount: input.needed('amount'), currency: input.needed('currency') };
      return show(input, await call(input, 'POST', `/merchants/${id(input.word(0, 'M'))}/fund`, body));
    },
  },
];

function overlapOf(input: Input): { overlapSeconds?: number } {
  const overlap = input.text('overlap');
  if (overlap !== undefined && !/^\d{1,8}$/.test(overlap)) throw usage('--overlap takes seconds');
  return overlap === undefined ? {} : { overlapSeconds: Number(overlap) };
}

async function setMerchant(input: Input): Promise<number> {
  const [name, payouts, overdraft] = [input.text('name'), input.text('payouts'), input.text('overdraft')];
  if (payouts !== undefined && payouts !== 'on' && payouts !== 'off') throw usage('--payouts takes on or off');
  const settings = pairs(input.all('set'), 'set');
  const body = {
    ...(name === undefined ? {} : { name }),
    ...(payouts === undefined ? {} : { payouts: payouts === 'on' }),
    ...(Object.keys(settings).length === 0 ? {} : { settings }),
    ...(overdraft === undefined ? {} : { overdraft: { minor: overdraft, currency: input.needed('currency') } }),
  };
  return show(input, await call(input, 'PATCH', `/merchants/${id(input.word(0, 'M'))}`, body));
}

async function keyNames(input: Input, protocol: string): Promise<readonly string[]> {
  const sheet = (await rows(input, '/protocols')).find(({ name }) => name === protocol);
  const keys: readonly unknown[] = Array.isArray(sheet?.['keys']) ? sheet['keys'] : [];
  return keys.map((key) => (typeof key === 'object' && key !== null && 'name' in key ? String(key.name) : ''));
}

const protocolOption: OptionSpec = { value: 'P', about: 'Protocol' };
const setOption: OptionSpec = { value: 'NAME=VALUE', many: true, about: 'A setting' };
const credentialColumns = ['id', 'merchant', 'protocol', 'sender', 'state'];

const credentialCommands: readonly Command[] = [
  {
    name: 'credential add',
    takes: '',
    about: 'Gives a merchant access in a protocol; secrets are shown this once',
    options: {
      merchant: merchantOption,
      protocol: protocolOption,
      sender: { value: 'ID', about: 'Its public name in the protocol; made when absent' },
      ...keyOptions,
      set: setOption,
      address: { value: 'CIDR', many: true, about: 'From where it may be used; default anywhere' },
      'allow-weak-key': { about: 'Take an RSA key of 1024 bits' },
    },
    more: (input) => holderHelp(input.text('protocol'), 'merchant'),
    async run(input) {
      const protocol = input.needed('protocol');
      const sender = input.text('sender');
      const body = {
        merchant: input.needed('merchant'),
        protocol,
        ...(sender === undefined ? {} : { sender }),
        ...(await givenKeys(input, await keyNames(input, protocol), 'merchant')),
        settings: pairs(input.all('set'), 'set'),
        addresses: input.all('address'),
        allowWeakKey: input.flag('allow-weak-key'),
      };
      return showCredential(input, await call(input, 'POST', '/credentials', body));
    },
  },
  {
    name: 'credential list',
    takes: '',
    about: 'Credentials, without secrets',
    options: { merchant: merchantOption, protocol: protocolOption },
    async run(input) {
      const filter = { merchant: input.text('merchant'), protocol: input.text('protocol') };
      return showAll(input, await rows(input, `/credentials${query(filter)}`), credentialColumns);
    },
  },
  {
    name: 'credential rotate',
    takes: 'ID',
    about: 'New secrets now; the old ones are accepted for the overlap',
    options: { ...keyOptions, overlap: overlapOption },
    async run(input) {
      const credential = input.word(0, 'ID');
      const row = (await rows(input, '/credentials')).find((one) => one['id'] === credential);
      const names = await keyNames(input, typeof row?.['protocol'] === 'string' ? row['protocol'] : '');
      const body = { ...(await givenKeys(input, names, 'merchant')), ...overlapOf(input) };
      return showCredential(input, await call(input, 'POST', `/credentials/${id(credential)}/rotate`, body));
    },
  },
  ...switches('credential', '/credentials'),
];

/** `X disable ID` and `X enable ID`. */
function switches(noun: string, path: string): Command[] {
  return (['disable', 'enable'] as const).map((verb) => ({
    name: `${noun} ${verb}`,
    takes: 'ID',
    about: verb === 'disable' ? 'It is not used any more' : 'It is used again',
    options: {},
    run: async (input: Input) => show(input, await call(input, 'POST', `${path}/${id(input.word(0, 'ID'))}/${verb}`)),
  }));
}

const channelCommands: readonly Command[] = [
  {
    name: 'channel add',
    takes: '',
    about: 'Adds an upstream account',
    options: {
      protocol: protocolOption,
      'base-url': { value: 'URL', about: 'Where its protocol is spoken' },
      name: { value: 'NAME', about: 'Unique; made when absent' },
      sender: { value: 'ID', about: 'Our name there; default from --keys' },
      ...keyOptions,
      set: setOption,
    },
    more: (input) => holderHelp(input.text('protocol'), 'channel'),
    async run(input) {
      const protocol = input.needed('protocol');
      const [name, sender] = [input.text('name'), input.text('sender')];
      const body = {
        protocol,
        baseUrl: input.needed('base-url'),
        ...(name === undefined ? {} : { name }),
        ...(sender === undefined ? {} : { sender }),
        ...(await givenKeys(input, await keyNames(input, protocol), 'channel')),
        settings: pairs(input.all('set'), 'set'),
      };
      return show(input, await call(input, 'POST', '/channels', body));
    },
  },
  {
    name: 'channel list',
    takes: '',
    about: 'Channels, without secrets',
    options: {},
    run: async (input) =>
      showAll(input, await rows(input, '/channels'), ['id', 'name', 'protocol', 'sender', 'state', 'baseUrl']),
  },
  {
    name: 'channel zone',
    takes: 'C ZONE',
    about: 'In which time zone its statements count days (kanal reconcile), such as Asia/Jakarta',
    options: {},
    run: async (input) =>
      show(
        input,
        await call(input, 'POST', `/channels/${id(input.word(0, 'C'))}/zone`, { zone: input.word(1, 'ZONE') }),
      ),
  },
  ...switches('channel', '/channels'),
];

const routeColumns = [
  'id',
  'merchant',
  'protocol',
  'method',
  'channel',
  'channelName',
  'weight',
  'min',
  'max',
  'currency',
];

function given(input: Input, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    names
      .map((name) => [name, input.text(name)] as const)
      .filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

const routeCommands: readonly Command[] = [
  {
    name: 'route add',
    takes: '',
    about: 'Sends a method of a merchant to a channel',
    options: {
      merchant: { value: 'M|*', about: 'Merchant, or * for every one' },
      method: { value: 'X', about: 'virtual-account, store-code, qr, wallet, …, bank-transfer (payouts) or any' },
      channel: { value: 'C', about: 'Channel, by id or name' },
      protocol: { value: 'P', about: 'Only for merchants that speak this protocol' },
      weight: { value: 'N', about: 'The heaviest usable route is taken; default 1' },
      min: { value: 'A', about: 'Smallest amount, smallest units' },
      max: { value: 'A', about: 'Largest amount, smallest units' },
      currency: { value: 'C', about: 'Only this currency' },
      hours: { value: 'HH:MM-HH:MM+hh:mm', about: 'When it is open' },
      'daily-cap': { value: 'A', about: 'Largest sum of one day, smallest units' },
    },
    async run(input) {
      const weight = input.text('weight');
      if (weight !== undefined && !/^[1-9]\d{0,5}$/.test(weight)) throw usage('--weight takes a whole number');
      const body = {
        merchant: input.needed('merchant'),
        method: input.needed('method'),
        channel: input.needed('channel'),
        ...given(input, ['protocol', 'min', 'max', 'currency', 'hours']),
        ...(input.text('daily-cap') === undefined ? {} : { dailyCap: input.text('daily-cap') }),
        ...(weight === undefined ? {} : { weight: Number(weight) }),
      };
      return show(input, await call(input, 'POST', '/routes', body));
    },
  },
  {
    name: 'route list',
    takes: '',
    about: 'Routes',
    options: { merchant: merchantOption },
    run: async (input) =>
      showAll(input, await rows(input, `/routes${query({ merchant: input.text('merchant') })}`), routeColumns),
  },
  {
    name: 'route remove',
    takes: 'ID',
    about: 'Removes a route',
    options: {},
    run: async (input) => show(input, await call(input, 'DELETE', `/routes/${id(input.word(0, 'ID'))}`)),
  },
  {
    name: 'route explain',
    takes: '',
    about: 'Which routes an order would find, and why each is or is not taken',
    options: {
      merchant: merchantOption,
      protocol: protocolOption,
      method: { value: 'X', about: 'Method' },
      amount: { value: 'MINOR', about: 'Smallest units' },
      currency: { value: 'CODE', about: 'Currency' },
      option: { value: 'O', about: 'Bank, store or wallet' },
      command: { value: 'pay|pay-out', about: 'Default pay' },
    },
    async run(input) {
      const asked = given(input, ['merchant', 'protocol', 'method', 'amount', 'currency', 'option', 'command']);
      for (const name of ['merchant', 'protocol', 'method', 'amount', 'currency']) input.needed(name);
      const all = await rows(input, `/routes/explain${query(asked)}`);
      if (input.json) printJson(all);
      else
        print(
          table(
            all.map((row) => ({
              ...(row['route'] as Row),
              taken: row['taken'] === true ? 'yes' : '',
              why: row['why'],
            })),
            ['id', 'merchant', 'method', 'channelName', 'weight', 'taken', 'why'],
          ),
        );
      return exits.done;
    },
  },
];

const feeCommands: readonly Command[] = [
  {
    name: 'fee set',
    takes: '',
    about: 'What a merchant pays for a method; orders keep what they were quoted',
    options: {
      merchant: { value: 'M|*', about: 'Merchant; default every one' },
      method: { value: 'X', about: 'Method; default any' },
      currency: { value: 'CODE', about: 'Currency' },
      fixed: { value: 'MINOR', about: 'Smallest units' },
      percent: { value: 'P', about: 'At most four decimals' },
      min: { value: 'MINOR', about: 'At least' },
      max: { value: 'MINOR', about: 'At most' },
    },
    async run(input) {
      input.needed('currency');
      const body = given(input, ['merchant', 'method', 'currency', 'fixed', 'percent', 'min', 'max']);
      return show(input, await call(input, 'PUT', '/fees', body));
    },
  },
  {
    name: 'fee list',
    takes: '',
    about: 'Fee rules',
    options: { merchant: merchantOption },
    run: async (input) =>
      showAll(input, await rows(input, `/fees${query({ merchant: input.text('merchant') })}`), [
        'merchant',
        'method',
        'currency',
        'fixed',
        'percent',
        'min',
        'max',
      ]),
  },
];

const rateCommands: readonly Command[] = [
  {
    name: 'rate set',
    takes: '',
    about: 'The rate of a foreign currency for a day; orders keep the one they were made with',
    options: {
      currency: { value: 'CODE', about: 'Foreign currency' },
      rate: { value: 'DECIMAL', about: 'As it is shown, such as 4.93' },
      day: { value: 'YYYY-MM-DD', about: 'Day in China; default today' },
      direction: { value: 'D', about: 'foreign-per-unit (default: THB for one CNY) or units-per-foreign' },
    },
    async run(input) {
      input.needed('currency');
      input.needed('rate');
      return show(input, await call(input, 'PUT', '/rates', given(input, ['currency', 'rate', 'day', 'direction'])));
    },
  },
  {
    name: 'rate list',
    takes: '',
    about: 'Rates of foreign currencies, newest day first',
    options: {},
    run: async (input) => showAll(input, await rows(input, '/rates'), ['day', 'currency', 'rate', 'direction']),
  },
];

const tokenCommands: readonly Command[] = [
  {
    name: 'token add',
    takes: 'NAME',
    about: 'A token of the operator API, shown this once',
    options: {
      role: { value: 'R', about: 'viewer, support, finance, approver or admin' },
      merchant: { value: 'M', about: 'It sees this merchant only' },
    },
    async run(input) {
      const body = { name: input.word(0, 'NAME'), role: input.needed('role'), ...given(input, ['merchant']) };
      return show(input, await call(input, 'POST', '/tokens', body));
    },
  },
  {
    name: 'token list',
    takes: '',
    about: 'Tokens, without the tokens',
    options: {},
    run: async (input) =>
      showAll(input, await rows(input, '/tokens'), ['id', 'name', 'role', 'merchant', 'createdAt', 'revokedAt']),
  },
  {
    name: 'token revoke',
    takes: 'ID',
    about: 'It opens nothing from now on',
    options: {},
    run: async (input) => show(input, await call(input, 'DELETE', `/tokens/${id(input.word(0, 'ID'))}`)),
  },
];

export const administerCommands: readonly Command[] = [
  ...merchantCommands,
  ...credentialCommands,
  ...channelCommands,
  ...routeCommands,
  ...feeCommands,
  ...rateCommands,
  ...tokenCommands,
];
