/**
 * The only reader of process.env. Reads `.env` of the working folder where there is one (set variables win), checks
 * everything at once and hands out one immutable value; nobody else looks at the environment.
 */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';

import { UserError } from '../src/core/errors.ts';
import { isWhole, type Partition } from '../src/core/partition.ts';
import { limitsOf, type LimitsConfig } from './limits.ts';
import { environmentSchema, type Environment } from './schema.ts';

export type Config = {
  readonly discord:
    | {
        readonly token: string;
        readonly apiUrl: string;
        readonly cdnUrl: string;
        readonly publicKey: string | undefined;
        readonly shards: 'auto' | Partition;
      }
    | undefined;
  readonly slack: SlackConfig | undefined;
  /** Where it is reached from outside, without a slash at its end. */
  readonly publicUrl: string | undefined;
  /** Which of several processes on one store this one is; undefined: the only one. */
  readonly partition: Partition | undefined;
  readonly host: string;
  readonly port: number;
  /** Who may use the page. */
  readonly page: {
    readonly names: readonly string[];
    readonly visitorToken: string | undefined;
    readonly isPublic: boolean;
    readonly isBehindProxy: boolean;
  };
  readonly operatorToken: string | undefined;
  /** Absolute. */
  readonly dataFolder: string;
  readonly storeUrl: string | undefined;
  readonly model: string;
  readonly devices: readonly string[];
  readonly precision: Environment['PRECISION'];
  readonly decoder: Environment['DECODER'];
  /** Of a card, to be taken at most; undefined: what it has free. */
  readonly deviceBytes: number | undefined;
  readonly logLevel: Environment['LOG_LEVEL'];
  /** What the terminal says of itself, for pictures and colours in it. */
  readonly terminal: {
    readonly term: string;
    readonly program: string;
    readonly isKitty: boolean;
    readonly isPlain: boolean;
  };
  readonly hub: { readonly endpoint: string; readonly token: string | undefined };
  readonly styleHosts: readonly string[];
  readonly blockedWords: readonly string[];
  readonly limits: LimitsConfig;
  /** Steps of a style that is learnt, minutes a day and server; 0: as the recipe says, as long as it takes. */
  readonly training: { readonly steps: number; readonly minutesPerServerDay: number };
  /** Besides the usual ones. */
  readonly adultWords: readonly string[];
};

export type SlackConfig = {
  readonly botToken: string | undefined;
  /** How workspaces install the app by themselves; undefined: they cannot. */
  readonly install:
    | { readonly clientId: string; readonly clientSecret: string; readonly secretKey: string }
    | undefined;
  readonly apiUrl: string;
  readonly transport:
    | { readonly kind: 'socket'; readonly appToken: string }
    | { readonly kind: 'http'; readonly signingSecret: string };
};

/** Reads the process's environment. Throws `UserError` naming every variable that is off, or a `.env` that cannot be read. */
export function loadConfig(): Config {
  if (existsSync('.env')) {
    readEnvFile('.env');
  }
  return parseConfig(process.env, process.cwd());
}

function readEnvFile(file: string): void {
  try {
    process.loadEnvFile(file);
  } catch (cause) {
    throw new UserError(
      'config.file',
      `Expected to read the settings in ${resolve(file)}, but that is not possible. Make it a file that this user can read, or remove it.`,
      { cause },
    );
  }
}

/** Pure: the environment's strings in, the configuration out. A variable set to nothing counts as absent. */
export function parseConfig(variables: Readonly<Record<string, string | undefined>>, workingFolder: string): Config {
  const present = Object.fromEntries(
    Object.entries(variables).filter(([, value]) => value !== undefined && value.trim() !== ''),
  );
  const parsed = environmentSchema.safeParse(present);
  if (!parsed.success) {
    const faults = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ');
    throw new UserError(
      'config.invalid',
      `The environment is not as expected: ${faults}. Correct it in .env or where it is set.`,
      {
        params: { faults },
      },
    );
  }
  const env = parsed.data;
  return {
    discord:
      env.DISCORD_TOKEN === undefined
        ? undefined
        : {
            token: env.DISCORD_TOKEN,
            apiUrl: env.DISCORD_API_URL,
            cdnUrl: env.DISCORD_CDN_URL,
            publicKey: env.DISCORD_PUBLIC_KEY,
            shards: env.DISCORD_SHARDS,
          },
    partition: partitionOf(env),
    slack: slackConfig(env),
    publicUrl: env.PUBLIC_URL,
    host: env.HOST,
    port: env.PORT,
    page: {
      names: env.ALLOWED_HOSTS,
      visitorToken: env.VISITOR_TOKEN,
      isPublic: env.PUBLIC_PAGE,
      isBehindProxy: env.TRUST_PROXY,
    },
    operatorToken: env.OPERATOR_TOKEN,
    dataFolder: resolve(workingFolder, env.FOURSTEP_DATA),
    storeUrl: env.STORE_URL,
    model: env.MODEL,
    devices: env.RUNNERS,
    precision: env.PRECISION,
    decoder: env.DECODER,
    deviceBytes: env.DEVICE_MEMORY_MB === undefined ? undefined : env.DEVICE_MEMORY_MB * 2 ** 20,
    logLevel: env.LOG_LEVEL,
    terminal: {
      term: variables['TERM'] ?? '',
      program: variables['TERM_PROGRAM'] ?? '',
      isKitty: variables['KITTY_WINDOW_ID'] !== undefined,
      isPlain: variables['NO_COLOR'] !== undefined || variables['TERM'] === 'dumb',
    },
    hub: { endpoint: env.HF_ENDPOINT, token: env.HF_TOKEN },
    styleHosts: env.STYLE_HOSTS,
    blockedWords: env.BLOCKED_WORDS,
    limits: limitsOf(env),
    training: { steps: env.TRAIN_STEPS, minutesPerServerDay: env.TRAIN_MINUTES_PER_SERVER_DAY },
    adultWords: env.ADULT_WORDS,
  };
}

/** Throws `UserError` `config.shards` for what would lose or double answers. */
function partitionOf(env: Environment): Partition | undefined {
  const { DISCORD_SHARDS: shards, STORE_URL: store, DISCORD_PUBLIC_KEY: publicKey } = env;
  if (shards === 'auto' || isWhole(shards)) {
    return undefined;
  }
  if (store === undefined) {
    throw new UserError(
      'config.shards',
      'DISCORD_SHARDS names a part of the shards, and the store is embedded, which one process has to itself; give all processes the same STORE_URL (Redis or Postgres), or leave DISCORD_SHARDS out.',
    );
  }
  if (publicKey !== undefined) {
    throw new UserError(
      'config.shards',
      'DISCORD_SHARDS names a part of the shards, but with DISCORD_PUBLIC_KEY all interactions come to one address; leave one of the two out.',
    );
  }
  return shards;
}

function slackConfig(env: Environment): SlackConfig | undefined {
  const { SLACK_BOT_TOKEN: botToken, SLACK_APP_TOKEN: appToken, SLACK_SIGNING_SECRET: signingSecret } = env;
  const install = slackInstall(env);
  if (botToken === undefined && install === undefined) {
    return undefined;
  }
  const reached = { botToken, install, apiUrl: env.SLACK_API_URL };
  if (appToken !== undefined) {
    return { ...reached, transport: { kind: 'socket', appToken } };
  }
  if (signingSecret !== undefined) {
    return { ...reached, transport: { kind: 'http', signingSecret } };
  }
  const set = botToken === undefined ? 'SLACK_CLIENT_ID' : 'SLACK_BOT_TOKEN';
  throw new UserError(
    'config.slack',
    `${set} is set, but neither SLACK_APP_TOKEN nor SLACK_SIGNING_SECRET; set the app token for Socket Mode, or the signing secret for signed HTTP.`,
    { params: { set } },
  );
}

function slackInstall(env: Environment): SlackConfig['install'] {
  const { SLACK_CLIENT_ID: clientId, SLACK_CLIENT_SECRET: clientSecret, SECRET_KEY: secretKey } = env;
  if (clientId === undefined) {
    return undefined;
  }
  if (clientSecret === undefined || secretKey === undefined) {
    const missing = clientSecret === undefined ? 'SLACK_CLIENT_SECRET' : 'SECRET_KEY';
    throw new UserError(
      'config.slack-install',
      `SLACK_CLIENT_ID is set, but not ${missing}; workspaces that install the app need both it and a key that seals their tokens (openssl rand -hex 32).`,
      { params: { missing } },
    );
  }
  return { clientId, clientSecret, secretKey };
}
