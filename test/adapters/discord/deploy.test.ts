/** Commands as Discord takes them, registered once and again only when they differ. */
import { ApplicationCommandOptionType, ApplicationCommandType } from 'discord.js';
import { afterEach, describe, expect, it } from 'vitest';

import { COMMANDS } from '../../../commands/index.ts';
import { commandBodies } from '../../../src/adapters/discord/commands.ts';
import { applicationIdOf, deployCommands, inviteLink } from '../../../src/adapters/discord/index.ts';
import { LIMITS } from '../../../src/adapters/discord/limits.ts';
import type { CommandSpec } from '../../../src/core/command.ts';
import { commandList } from '../../support/discord/command-rules.ts';
import { FakeDiscord } from '../../support/discord/index.ts';

let fake: FakeDiscord | undefined;

afterEach(async () => {
  await fake?.stop();
  fake = undefined;
});

describe('the commands', () => {
  const bodies = commandBodies();

  it('are within all documented limits', () => {
    expect(commandList.safeParse(bodies).error).toBeUndefined();
  });

  it('offer every spec with every option, in English and German', () => {
    const offered = bodies.flatMap((body) => {
      const options = 'options' in body ? (body.options ?? []) : undefined;
      const isGroup = options?.some((option) => option.type === ApplicationCommandOptionType.Subcommand);
      return isGroup === true
        ? (options ?? []).map((option) => `${body.name} ${option.name}`)
        : options
          ? [body.name]
          : [];
    });
    expect(offered.sort()).toEqual(COMMANDS.map((spec) => spec.name).sort());
    const imagine = bodies.find((body) => body.name === 'imagine');
    expect(imagine).toMatchObject({
      description: 'Draw pictures from words',
      description_localizations: { de: expect.stringMatching(/\S/) },
    });
    expect(JSON.stringify(bodies).match(/"description":/g)).toHaveLength(
      JSON.stringify(bodies).match(/"description_localizations":\{"de":/g)?.length ?? 0,
    );
  });

  it('show admins’ commands to admins by default, and only on servers', () => {
    expect(bodies.find((body) => body.name === 'settings')).toMatchObject({
      default_member_permissions: '32',
      contexts: [0],
    });
    expect(bodies.find((body) => body.name === 'imagine')).toMatchObject({
      default_member_permissions: null,
      integration_types: [0, 1],
      contexts: [0, 1, 2],
    });
  });

  it('stand in the message menu too', () => {
    const menus = bodies.filter((body) => body.type === ApplicationCommandType.Message);
    expect(menus.map((menu) => menu.name)).toEqual([
      'Upscale picture',
      'Use as start',
      'Show generation info',
      'Add to a style’s pictures',
    ]);
    expect(menus.every((menu) => (menu.name_localizations?.de?.length ?? 0) <= LIMITS.commandName)).toBe(true);
  });

  it('put required options first, in whatever order they are written', () => {
    const spec: CommandSpec = {
      name: 'style rename',
      audience: 'admins',
      visibility: 'private',
      options: [
        { kind: 'text', name: 'to', isRequired: false, maxLength: 9000 },
        { kind: 'text', name: 'name', isRequired: true, maxLength: 9 },
      ],
    };
    expect(commandList.safeParse(commandBodies([spec])).error).toBeUndefined();
  });
});

describe('registration', () => {
  it('writes once, and again only what has changed', async () => {
    fake = await FakeDiscord.start();
    const at = { token: fake.token, restUrl: fake.apiUrl };
    const writes = () => fake?.rest.seen.filter((request) => request.method === 'PUT').length;
    const first = await deployCommands(at);
    expect(first.added).toHaveLength(commandBodies().length);
    expect(writes()).toBe(1);
    expect(await deployCommands(at)).toEqual({
      added: [],
      changed: [],
      removed: [],
      unchanged: commandBodies().length,
      older: [],
    });
    expect(writes()).toBe(1);
    const [dropped, ...others] = commandBodies();
    const changed = others.map((body) => (body.name === 'help' ? { ...body, description: 'Other words' } : body));
    const third = await deployCommands({ ...at, bodies: changed });
    expect(third).toMatchObject({ added: [], changed: ['help'], removed: [dropped?.name] });
    expect(writes()).toBe(2);
  });

  it('keeps the Entry Point command that the application has', async () => {
    fake = await FakeDiscord.start();
    const entryPoint = { id: '1', type: 4, name: 'launch', description: 'Opens it', handler: 2 } as const;
    fake.world.commands = [entryPoint];
    const at = { token: fake.token, restUrl: fake.apiUrl };
    expect(await deployCommands(at)).toMatchObject({ removed: [] });
    expect(fake.world.commands.find(({ name }) => name === 'launch')).toMatchObject({ type: 4, handler: 2 });
    expect(await deployCommands(at)).toMatchObject({ added: [], changed: [], removed: [] });
  });

  it('notices guilds that have commands of their own from before', async () => {
    fake = await FakeDiscord.start();
    fake.rest.guildCommands.set(fake.guild.id, [{ id: '1', name: 'imagine' }]);
    const { older } = await deployCommands({ token: fake.token, restUrl: fake.apiUrl });
    expect(older).toEqual([fake.guild.name]);
  });

  it('survives an outage, and says when the token is not known', async () => {
    fake = await FakeDiscord.start();
    const wait = async (): Promise<void> => undefined;
    fake.faults.order({ method: 'PUT', path: /commands/ }, { kind: 'status', status: 502 }, 3);
    await deployCommands({ token: fake.token, restUrl: fake.apiUrl, wait });
    expect(fake.world.commands).toHaveLength(commandBodies().length);
    await expect(deployCommands({ token: 'wrong', restUrl: fake.apiUrl, wait })).rejects.toMatchObject({
      code: 'discord.token',
    });
  });
});

describe('the invitation', () => {
  it('asks for four permissions and names the application that the token carries', () => {
    const token = `${Buffer.from('1234567890123456789').toString('base64')}.x.y`;
    const link = new URL(inviteLink(applicationIdOf(token) ?? ''));
    expect(link.searchParams.get('client_id')).toBe('1234567890123456789');
    expect(BigInt(link.searchParams.get('permissions') ?? '0')).toBe(
      (1n << 10n) | (1n << 11n) | (1n << 15n) | (1n << 38n),
    );
    expect(link.searchParams.get('scope')).toBe('bot applications.commands');
    expect(applicationIdOf('nonsense')).toBeUndefined();
  });
});
