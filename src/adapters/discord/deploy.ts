/**
 * Registers the commands: looks at what Discord has, compares, and writes only when it differs. Writing replaces all
 * commands of the application; what is not among the bodies is gone afterwards.
 */
import { ApplicationCommandType, Routes } from 'discord.js';
import { z } from 'zod';
import { startFault } from './start-fault.ts';

import { pause, retry, type Wait } from '../shared/retry.ts';
import { commandBodies } from './commands.ts';
import type { CommandBody } from './commands.ts';
import { type ApiRequest, DiscordClient } from './client.ts';

export type DeployOptions = {
  readonly token: string;
  /** Without the version: `https://discord.com/api`. */
  readonly restUrl: string;
  readonly bodies?: readonly CommandBody[];
  readonly wait?: Wait;
};

type Deployment = {
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
  readonly unchanged: number;
  /** Guilds that have commands of their own from before: they stand beside these. */
  readonly older: readonly string[];
};

const PATIENCE_MS = 60_000;

/** Throws `UserError` `discord.token` for a token that Discord does not know. */
export async function deployCommands({
  token,
  restUrl,
  bodies = commandBodies(),
  wait = pause,
}: DeployOptions): Promise<Deployment> {
  const client = new DiscordClient({ token, restUrl });
  const ask = async (request: ApiRequest): Promise<unknown> =>
    retry(async () => client.byBot(request), { patienceMs: PATIENCE_MS, wait });
  try {
    const application = withId.parse(await ask({ method: 'GET', path: Routes.currentApplication() })).id;
    const path = Routes.applicationCommands(application);
    const query = new URLSearchParams({ with_localizations: 'true' });
    const there = registered.parse(await ask({ method: 'GET', path, query }));
    // Where the application has an Entry Point command, Discord refuses a list without it: it is not ours to take away.
    const entryPoints = there.filter(({ type }) => type === ApplicationCommandType.PrimaryEntryPoint);
    const difference = compare(
      bodies,
      there.filter((command) => !entryPoints.includes(command)),
    );
    if (difference.added.length + difference.changed.length + difference.removed.length > 0) {
      await ask({ method: 'PUT', path, body: [...bodies, ...entryPoints.map(reduced)] });
    }
    return { ...difference, older: await guildsWithOlder(ask, application) };
  } catch (error) {
    throw startFault(error);
  } finally {
    client.close();
  }
}

/** Discord tells of so many guilds at a time; further ones show when somebody uses such a command there. */
const LOOKED_AT = 200;

async function guildsWithOlder(
  ask: (request: ApiRequest) => Promise<unknown>,
  application: string,
): Promise<readonly string[]> {
  const query = new URLSearchParams({ limit: String(LOOKED_AT) });
  const guilds = z
    .array(z.object({ id: z.string(), name: z.string() }))
    .parse(await ask({ method: 'GET', path: Routes.userGuilds(), query }));
  const older: string[] = [];
  for (const { id, name } of guilds) {
    const commands = z
      .array(z.unknown())
      .parse(await ask({ method: 'GET', path: Routes.applicationGuildCommands(application, id) }));
    if (commands.length > 0) {
      older.push(name);
    }
  }
  return older;
}

const withId = z.object({ id: z.string() });
const registered = z.array(
  z.looseObject({
    type: z
      .custom<ApplicationCommandType>((given) => typeof given === 'number')
      .default(ApplicationCommandType.ChatInput),
    name: z.string(),
  }),
);

/** By kind and name; what Discord adds on its own (ids, versions, defaults) does not count. */
export function compare(
  wanted: readonly CommandBody[],
  there: readonly { readonly type: number; readonly name: string }[],
): Omit<Deployment, 'older'> {
  const key = (command: { readonly type?: number | undefined; readonly name: string }): string =>
    `${command.type ?? 1} ${command.name}`;
  const old = new Map(there.map((command) => [key(command), command]));
  const wantedKeys = new Set(wanted.map(key));
  const known = wanted.filter((command) => old.has(key(command)));
  const changed = known.filter((command) => essence(command) !== essence(old.get(key(command))));
  return {
    added: wanted.filter((command) => !old.has(key(command))).map((command) => command.name),
    changed: changed.map((command) => command.name),
    removed: there.filter((command) => !wantedKeys.has(key(command))).map((command) => command.name),
    unchanged: known.length - changed.length,
  };
}

/** What we declare, in one order, without what means the same as absence. */
const DECLARED = [
  'type',
  'name',
  'name_localizations',
  'description',
  'description_localizations',
  'options',
  'required',
  'choices',
  'value',
  'autocomplete',
  'min_value',
  'max_value',
  'min_length',
  'max_length',
  'file_types',
  'handler',
  'default_member_permissions',
  'contexts',
  'integration_types',
] as const;

function essence(value: unknown): string {
  return JSON.stringify(reduced(value));
}

function reduced(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(reduced);
  }
  if (typeof value !== 'object' || value === null) {
    return value;
  }
  const fields = new Map<string, unknown>(Object.entries(value));
  return Object.fromEntries(
    DECLARED.flatMap((name): readonly (readonly [string, unknown])[] => {
      const field = fields.get(name);
      if (field === undefined || field === null || field === false || field === '' || isEmpty(field)) {
        return [];
      }
      return [[name, name.endsWith('_localizations') ? sorted(field) : reduced(field)]];
    }),
  );
}

function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}

function sorted(value: unknown): unknown {
  return typeof value === 'object' && value !== null
    ? Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
    : value;
}
