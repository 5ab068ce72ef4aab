/**
 * What can be set from outside, with meaning, unit and default: one zod schema over the environment's strings.
 * Parses and nothing else: it reads no environment (load.ts does) and knows no adapter.
 */
import { z } from 'zod';

import { limitVariables } from './limits.ts';

import { parsePartition } from '../src/core/partition.ts';

const url = (protocols: readonly string[]) =>
  z.string().refine((text) => URL.canParse(text) && protocols.includes(new URL(text).protocol), {
    message: `expected a URL starting with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}`,
  });

const webUrl = url(['http:', 'https:']).transform((text) => text.replace(/\/+$/, ''));

const words = z
  .string()
  .default('')
  .transform((text) =>
    text
      .split(',')
      .map((word) => word.trim())
      .filter((word) => word !== ''),
  );

const flag = z
  .enum(['0', '1'], { message: 'expected 1 or 0' })
  .default('0')
  .transform((text) => text === '1');

/** Where pictures are drawn: `cpu`, a GPU by its provider and number, or `redis://…` for runners on other machines. */
const device = z
  .string()
  .refine((text) => /^(cpu|webgpu|coreml|(cuda|tensorrt|dml)(:\d+)?)$/.test(text) || isRedisAddress(text), {
    message: 'expected cpu, cuda:0, tensorrt:0, dml:0, coreml, webgpu or redis://host:port',
  });

function isRedisAddress(text: string): boolean {
  return /^rediss?:\/\//.test(text) && URL.canParse(text);
}

export const environmentSchema = z.object({
  /** Bot token; absent: no Discord. */
  DISCORD_TOKEN: z.string().min(1).optional(),
  /** REST base without the version; the gateway's address comes from it. */
  DISCORD_API_URL: webUrl.default('https://discord.com/api'),
  /** From where attachments may be fetched; nothing else is. */
  DISCORD_CDN_URL: webUrl.default('https://cdn.discordapp.com'),

  /** Of the application (General Information): signed interactions at /discord/interactions. */
  DISCORD_PUBLIC_KEY: z
    .string()
    .regex(/^[0-9a-fA-F]{64}$/, 'expected 64 hexadecimal digits')
    .optional(),

  /** `auto`: as many as Discord recommends, all here; `8`: eight, all here; `0-3/8`: a part, for several processes. */
  DISCORD_SHARDS: z
    .string()
    .default('auto')
    .transform((text) => (text === 'auto' ? text : parsePartition(text)))
    .refine((shards) => shards !== undefined, 'expected auto, a number of shards, or a part of them like 0-3/8'),

  /** xoxb-…; absent: no Slack. */
  SLACK_BOT_TOKEN: z.string().min(1).optional(),
  /** xapp-…: Socket Mode. */
  SLACK_APP_TOKEN: z.string().min(1).optional(),
  /** Of the app (Basic Information): any workspace can install it at /slack/install; beside or instead of SLACK_BOT_TOKEN. */
  SLACK_CLIENT_ID: z.string().min(1).optional(),
  SLACK_CLIENT_SECRET: z.string().min(1).optional(),
  /** Seals the tokens of those workspaces at rest: `openssl rand -hex 32`. With another one they cannot be read. */
  SECRET_KEY: z.string().min(32, { message: 'expected at least 32 characters: openssl rand -hex 32' }).optional(),
  /** Signed HTTP at /slack/events, where there is no app token. */
  SLACK_SIGNING_SECRET: z.string().min(1).optional(),
  /** Web API base. */
  SLACK_API_URL: webUrl.default('https://slack.com/api'),

  /** Where the page, /healthz, /readyz, /metrics and /slack/events listen. */
  HOST: z.string().min(1).default('127.0.0.1'),
  /** 0: any free port, printed at start. */
  PORT: z.coerce.number().int().min(0).max(65_535).default(7777),
  /** Where it is reached from outside, https://bot.example.com: for links that lead back here. */
  PUBLIC_URL: webUrl.optional(),
  /** Names beside HOST under which the page is reached, comma-separated: those of a proxy in front. */
  ALLOWED_HOSTS: words,
  /** What visitors must give where the page can be reached from other machines; absent: the operator's token. */
  VISITOR_TOKEN: z.string().min(8, { message: 'expected at least 8 characters' }).optional(),
  /** 1: everybody who reaches the page may draw, without any token. */
  PUBLIC_PAGE: flag,
  /** 1: a proxy in front says the visitor's address as the last of X-Forwarded-For. */
  TRUST_PROXY: flag,
  /** Opens the page's admin panel; absent: made up and printed once at start. */
  OPERATOR_TOKEN: z.string().min(8, { message: 'expected at least 8 characters' }).optional(),

  /** Folder for store, caches, added models and styles. */
  FOURSTEP_DATA: z.string().min(1).default('./data'),
  /** redis://… or postgres://…; absent: the embedded store in FOURSTEP_DATA. */
  STORE_URL: url(['redis:', 'rediss:', 'postgres:', 'postgresql:']).optional(),

  /** The model of servers that have not chosen one: a catalog id, a diffusers folder or a checkpoint file. */
  MODEL: z.string().min(1).default('moji'),
  /** What large models are drawn in: fp32, int8, or auto: 8 bits on a processor that has instructions for them. */
  PRECISION: z.enum(['auto', 'fp32', 'int8']).optional(),
  /** What pictures are decoded by, of models that have a tiny decoder: full or tiny; absent: as the model says. */
  DECODER: z.enum(['full', 'tiny']).optional(),
  /** Devices, comma-separated; one child process each. */
  RUNNERS: words.pipe(z.array(device)).transform((devices) => (devices.length === 0 ? ['cpu'] : devices)),
  /** Megabytes of a graphics card's memory to be taken at most; absent: what it has free when the bot starts. */
  DEVICE_MEMORY_MB: z.coerce.number().int().min(256).optional(),
  /** fatal, error, warn, info, debug, trace or silent. */
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),

  /** Where `fourstep model add hf:owner/name` downloads from: the hub or a mirror of it. */
  HF_ENDPOINT: webUrl.default('https://huggingface.co'),
  /** hf_…; for repositories whose licence must be accepted first. */
  HF_TOKEN: z.string().regex(/^hf_/, { message: 'expected a token that starts with hf_' }).optional(),

  /** Hosts from which admins may add styles by URL, comma-separated. */
  STYLE_HOSTS: words.transform((hosts) =>
    hosts.length === 0 ? ['huggingface.co', 'civitai.com'] : hosts.map((host) => host.toLowerCase()),
  ),
  ...limitVariables,
  /** Steps of a style that is learnt from pictures; 0: as the model's recipe says. */
  TRAIN_STEPS: z.coerce.number().int().min(0).default(0),
  /** Minutes a day that a server may have devices for learning styles; 0: as long as it takes. */
  TRAIN_MINUTES_PER_SERVER_DAY: z.coerce.number().int().min(0).default(240),
  /** The operator's floor: words that no server can allow, comma-separated. */
  BLOCKED_WORDS: words,
  /** Words besides the usual ones that are drawn only in channels for adults, comma-separated. */
  ADULT_WORDS: words,
});

export type Environment = z.infer<typeof environmentSchema>;
