/** The only reader of the environment. Every option is a flag of `kanal start` and a variable; flags win. */
import { resolve } from 'node:path';
import { z } from 'zod';

const networks = z.string().regex(/^[0-9a-fA-F:.]+(\/\d{1,3})?$/, 'an address or network');

const shape = z.strictObject({
  mode: z.enum(['production', 'sandbox']),
  host: z.string().min(1),
  port: z.number().int().min(0).max(65535),
  data: z.string().min(1),
  role: z.enum(['all', 'edge', 'worker']),
  processes: z.number().int().min(1).max(64),
  timeScale: z.number().positive().max(100_000),
  databaseUrl: z.string().startsWith('postgres').nullable(),
  masterKeyFile: z.string().min(1).nullable(),
  publicUrl: z.url({ protocol: /^https?$/ }).nullable(),
  allowCallbackHosts: z.array(z.string().regex(/^[^\s/:]+:\d{1,5}$|^\[[0-9a-fA-F:]+\]:\d{1,5}$/, 'HOST:PORT')),
  trustedProxies: z.array(networks),
  sqsRegion: z
    .string()
    .regex(/^[a-z0-9-]+$/)
    .nullable(),
  sqsAccounts: z.array(z.string().regex(/^\d{12}$/, 'a twelve-digit account')),
  sqsEndpoint: z.url({ protocol: /^https?$/ }).nullable(),
  sqsAccessKeyId: z.string().min(1).nullable(),
  sqsSecretAccessKey: z.string().min(1).nullable(),
  transcriptDays: z.number().int().min(0).max(3_650),
  logLevel: z.enum(['debug', 'info', 'warn', 'error', 'silent']),
});
export type Config = Readonly<z.infer<typeof shape>>;

export interface Option {
  readonly key: keyof Config;
  readonly flag: string;
  readonly variable: string;
  /** As written on the command line or in the environment. */
  readonly default: string | null;
  readonly about: string;
  /** Holds something that must not be printed. */
  readonly secret?: true;
}

/** Source of `docs/generated/configuration.md`. */
export const options: readonly Option[] = [
  {
    key: 'mode',
    flag: 'mode',
    variable: 'KANAL_MODE',
    default: 'production',
    about: '`sandbox` (same as `--sandbox`): twins, demo merchants, loopback notices. `production`: closed by default.',
  },
  { key: 'host', flag: 'host', variable: 'KANAL_HOST', default: '127.0.0.1', about: 'Address to listen on.' },
  {
    key: 'port',
    flag: 'port',
    variable: 'KANAL_PORT',
    default: '8080',
    about: 'Port to listen on; 0 picks a free one.',
  },
  {
    key: 'data',
    flag: 'data',
    variable: 'KANAL_DATA',
    default: './data',
    about: 'Folder that holds everything: embedded database, master key, pid.',
  },
  {
    key: 'role',
    flag: 'role',
    variable: 'KANAL_ROLE',
    default: 'all',
    about: '`edge` only answers, `worker` only works in the background; both need DATABASE_URL.',
  },
  {
    key: 'processes',
    flag: 'processes',
    variable: 'KANAL_PROCESSES',
    default: '1',
    about: 'Gateway processes on this machine; further ones share the database.',
  },
  {
    key: 'timeScale',
    flag: 'time-scale',
    variable: 'KANAL_TIME_SCALE',
    default: '1',
    about: 'Sandbox only: every business wait passes that many times faster; time stamps stay real.',
  },
  {
    key: 'databaseUrl',
    flag: 'database-url',
    variable: 'DATABASE_URL',
    default: null,
    about: 'PostgreSQL 15 or newer instead of the embedded one.',
    secret: true,
  },
  {
    key: 'masterKeyFile',
    flag: 'master-key-file',
    variable: 'KANAL_MASTER_KEY_FILE',
    default: null,
    about: '32 bytes (hex or Base64) that seal all secrets; default `<data>/master.key`, made at first start.',
  },
  {
    key: 'publicUrl',
    flag: 'public-url',
    variable: 'KANAL_PUBLIC_URL',
    default: null,
    about: 'How channels and payers reach us; default `http://HOST:PORT`.',
  },
  {
    key: 'allowCallbackHosts',
    flag: 'allow-callback-host',
    variable: 'KANAL_CALLBACK_ALLOW',
    default: '',
    about: 'HOST:PORT that notices may go to although it is not public; repeatable, or comma-separated.',
  },
  {
    key: 'trustedProxies',
    flag: 'trusted-proxy',
    variable: 'KANAL_TRUSTED_PROXIES',
    default: '',
    about: 'Networks whose X-Forwarded-For is believed; default none.',
  },
  {
    key: 'sqsRegion',
    flag: 'sqs-region',
    variable: 'KANAL_SQS_REGION',
    default: null,
    about: 'Region of the queue service; without it notices to queues are refused.',
  },
  {
    key: 'sqsAccounts',
    flag: 'sqs-account',
    variable: 'KANAL_SQS_ACCOUNTS',
    default: '',
    about: 'Account numbers whose queues may be written to; repeatable, or comma-separated.',
  },
  {
    key: 'sqsEndpoint',
    flag: 'sqs-endpoint',
    variable: 'KANAL_SQS_ENDPOINT',
    default: null,
    about: 'Another service that speaks the SQS protocol; queue URLs must begin with it.',
  },
  {
    key: 'sqsAccessKeyId',
    flag: 'sqs-access-key-id',
    variable: 'KANAL_SQS_ACCESS_KEY_ID',
    default: null,
    about: 'Access key of the operator, not of a merchant.',
  },
  {
    key: 'sqsSecretAccessKey',
    flag: 'sqs-secret-access-key',
    variable: 'KANAL_SQS_SECRET_ACCESS_KEY',
    default: null,
    about: 'Its secret; better in the environment than on the command line.',
    secret: true,
  },
  {
    key: 'transcriptDays',
    flag: 'transcript-days',
    variable: 'KANAL_TRANSCRIPT_DAYS',
    default: '30',
    about:
      'How long requests and replies about orders are kept for the flight recorder, without what is confidential; 0 keeps none.',
  },
  {
    key: 'logLevel',
    flag: 'log-level',
    variable: 'KANAL_LOG_LEVEL',
    default: 'info',
    about: 'debug, info, warn, error or silent.',
  },
];

const lists: ReadonlySet<string> = new Set(['allowCallbackHosts', 'trustedProxies', 'sqsAccounts']);
const numbers: ReadonlySet<string> = new Set(['port', 'processes', 'timeScale', 'transcriptDays']);

/** What a person did wrong; the message names the option and says what it takes. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/**
 * Settles flags over environment over defaults. `flags` is by flag name. Throws ConfigError for anything that does not fit.
 */
export function readConfig(
  flags: Readonly<Record<string, string | readonly string[] | undefined>>,
  environment: NodeJS.ProcessEnv = process.env,
): Config {
  const raw = Object.fromEntries(
    options.map((option) => [
      option.key,
      parsed(option, flags[option.flag] ?? environment[option.variable] ?? option.default),
    ]),
  );
  const result = shape.safeParse(raw);
  if (!result.success) throw new ConfigError(result.error.issues.map(explain).join('\n'));
  const config = result.data;
  if (config.role !== 'all' && config.databaseUrl === null)
    throw new ConfigError(
      `--role ${config.role} needs DATABASE_URL: the embedded database belongs to the process that starts it`,
    );
  if (config.timeScale !== 1 && config.mode !== 'sandbox')
    throw new ConfigError('--time-scale is for the sandbox only');
  return Object.freeze({ ...config, data: resolve(config.data) });
}

/** What the first process has settled for a further one. */
export function childConfig(environment: NodeJS.ProcessEnv = process.env): Config {
  return Object.freeze(shape.parse(JSON.parse(environment['KANAL_CHILD_CONFIG'] ?? 'null')));
}

function parsed(option: Option, value: string | readonly string[] | null): unknown {
  if (lists.has(option.key))
    return (typeof value === 'string' ? value.split(',') : (value ?? [])).filter((item) => item !== '');
  if (value === null) return null;
  const text = typeof value === 'string' ? value : value.at(-1);
  return numbers.has(option.key) ? Number(text) : text;
}

function explain(issue: z.core.$ZodIssue): string {
  const option = options.find((one) => one.key === issue.path[0]);
  return `${option ? `--${option.flag} (${option.variable})` : issue.path.join('.')}: ${words(issue)}`;
}

/** zod's own words, where they would not help a person. */
function words(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_value') return `one of ${issue.values.join(', ')}`;
  if (issue.code === 'invalid_format' && issue.format === 'url')
    return 'an address that begins with http:// or https://';
  return issue.code === 'invalid_type' ? `a ${issue.expected}` : issue.message;
}

/** As a person may see it. */
function told(config: Config, { key, secret }: Option): string {
  return secret && config[key] !== null ? '[set]' : String(config[key] ?? '');
}

/** For the log: everything that is set, but nothing secret. */
export function redacted(config: Config): Record<string, string> {
  const all = options.map((option) => [option.key, told(config, option)]);
  return Object.fromEntries(all.filter(([, value]) => value !== ''));
}

interface Told {
  readonly key: string;
  readonly flag: string;
  readonly variable: string;
  /** '' = not set. */
  readonly value: string;
  readonly isDefault: boolean;
}

/** For the console: every option and what it is, nothing secret. */
export function toldOptions(config: Config): readonly Told[] {
  return options.map((option) => {
    const { key, flag, variable } = option;
    const standard = option.default ?? '';
    // A folder was made absolute when it was read.
    const usual = key === 'data' ? resolve(standard) : standard;
    return { key, flag, variable, value: told(config, option), isDefault: String(config[key] ?? '') === usual };
  });
}
