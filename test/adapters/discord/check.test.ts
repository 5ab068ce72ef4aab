/** What `fourstep doctor` finds out about a bot's token: the permissions that it really has, guild by guild. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { checkDiscord } from '../../../src/adapters/discord/index.ts';
import { INVITE_PERMISSIONS } from '../../../src/adapters/discord/invite.ts';
import { FakeDiscord } from '../../support/discord/index.ts';
import { bitsOf } from '../../support/discord/world.ts';

let fake: FakeDiscord;

beforeEach(async () => {
  fake = await FakeDiscord.start({ time: 'still' });
});

afterEach(async () => {
  await fake.stop();
});

const check = async (token = fake.token) => checkDiscord({ token, restUrl: fake.apiUrl, wait: async () => undefined });
const grant = (guild: string, permissions: Parameters<typeof bitsOf>[0]) =>
  fake.rest.permissionsIn.set(guild, String(bitsOf(permissions)));

describe('the permissions of a bot', () => {
  it('are all there where it was invited by its link, and where it is an administrator', async () => {
    grant(fake.guild.id, ['viewChannel', 'sendMessages', 'sendInThreads', 'attachFiles']);
    grant(fake.addGuild('Admin’s').id, ['administrator']);
    expect(await check()).toEqual({ guilds: 2, lacking: [] });
  });

  it('that are lacking are named, with the guild', async () => {
    grant(fake.guild.id, ['viewChannel', 'sendMessages', 'sendInThreads']);
    grant(fake.addGuild('Closed').id, []);
    expect(await check()).toEqual({
      guilds: 2,
      lacking: expect.arrayContaining([
        { guild: 'Test Guild', permissions: ['AttachFiles'] },
        { guild: 'Closed', permissions: INVITE_PERMISSIONS },
      ]),
    });
  });

  it('are looked at in every guild, however many there are, and in spite of limits and outages', async () => {
    const guilds = Array.from({ length: 449 }, (_, k) => fake.addGuild(`Guild ${k}`));
    grant(guilds[444]?.id ?? '', ['viewChannel', 'sendMessages', 'attachFiles']);
    const path = /^\/users\/@me\/guilds$/;
    fake.faults.order({ path }, { kind: 'rate-limit', scope: 'user', retryAfterS: 1 }, 2);
    fake.faults.order({ path }, { kind: 'status', status: 503 });
    expect(await check()).toEqual({
      guilds: 450,
      lacking: [{ guild: 'Guild 444', permissions: ['SendMessagesInThreads'] }],
    });
    expect(fake.faults.struck).toBe(3);
  });

  it('of a token that Discord does not know are none: it is said in a sentence', async () => {
    await expect(check('wrong')).rejects.toMatchObject({ code: 'discord.token', name: 'UserError' });
  });
});
