/** The bot of a person, wherever they are: no place of its own, no message but by the interaction, five follow-ups at most. */
import { expect } from 'vitest';

import { LIMITS } from '../../src/adapters/discord/limits.ts';
import { discordTest } from '../support/journey-tests.ts';

const PLACES = ['in a guild without the bot', 'among friends'];

discordTest.for(PLACES)('%s it answers by the interaction alone', async (where, { fake, running }) => {
  const strange = where === 'among friends' ? {} : { guild: fake.addGuild('Elsewhere') };
  const channel = fake.addChannel({ name: 'theirs', ...strange, botPermissions: [] });
  const ann = fake.user('ann', { channel, isPersonal: true, permissions: ['manageGuild'] });
  const answer = await ann.slash('imagine', { prompt: 'a fox', count: 1 }).picture();
  const reroll = ann.press('Reroll', answer);
  expect((await reroll.picture()).text).toContain('reroll');
  const info = ann.press('Info', answer);
  expect((await info.answer()).isPrivate).toBe(true);
  for (const exchange of [reroll, info]) {
    // The stand-in refuses a sixth, as Discord does.
    expect(exchange.interaction.followUps).toBeLessThanOrEqual(LIMITS.personalFollowUps);
  }
  // What it knows is the person's: not the guild's, where it has no say.
  expect(running.handled.map(({ place, actor }) => [place.server, actor.isAdmin, place.answerWithinMs])).toEqual(
    running.handled.map(() => [`discord:dm-${ann.user.id}`, false, 13 * 60_000]),
  );
  expect(fake.rest.seen.filter(({ method, path }) => method === 'POST' && path.startsWith('/channels/'))).toEqual([]);
});
