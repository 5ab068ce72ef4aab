/** The crowd in Discord: eight guilds, a channel each. */
import { deployCommands } from '../../../src/adapters/discord/index.ts';
import { jobIdOf } from '../../../src/bot/jobs/ids.ts';
import { FakeDiscord } from '../discord/index.ts';
import { type SeenMessage, seenMessage } from '../discord/seen.ts';
import type { Asked, Crowd, Sight } from './crowd.ts';

const GUILDS = 8;
/** Discord's three seconds, and time to notice that they are over. */
const PATIENCE_MS = 3500;

export async function discordCrowd(size: number): Promise<Crowd> {
  const fake = await FakeDiscord.start({ heartbeatMs: 500 });
  const { token, apiUrl, cdnUrl, world } = fake;
  await deployCommands({ token, restUrl: apiUrl });
  const guilds = Array.from({ length: GUILDS }, (_, k) => fake.addGuild(`Guild ${k}`));
  const people = Array.from({ length: size }, (_, k) =>
    fake.user(`person ${k}`, { channel: fake.addChannel({ name: `pictures ${k}`, guild: guilds[k % GUILDS]! }) }),
  );
  return {
    assignment: { platform: 'discord', token, apiUrl, cdnUrl },
    isConnected: () => fake.gateway.isConnected,
    ask: (k, prompt): Asked => {
      const person = people[k]!;
      const exchange = person.slash('imagine', { prompt, count: 1 });
      const { interaction } = exchange;
      const { createdAtMs } = interaction;
      const acknowledged = () =>
        interaction.acknowledgedAtMs === undefined ? undefined : interaction.acknowledgedAtMs - createdAtMs;
      const shown = () =>
        world.messages
          .since(person.channel, createdAtMs)
          .filter((message) => message.content.includes(`**${prompt}**`))
          .map((message) => sightOf(seenMessage(message)));
      return {
        prompt,
        askedAtMs: createdAtMs,
        heard: world.until('an acknowledgement', acknowledged, PATIENCE_MS).catch(() => undefined),
        answers: () => [...exchange.answers.map(sightOf), ...shown()],
        shown,
        marks: [interaction.id, interaction.token, jobIdOf('discord', interaction.id), person.channel.id],
      };
    },
    sees: (k) => people[k]!.sees.map(sightOf),
    until: (...wanted) => world.until(...wanted),
    changed: () => {
      world.changed();
    },
    drop: () => {
      fake.gateway.drop();
    },
    deliver: (times) => {
      fake.delivery.times = times;
    },
    loseAnswers: () => {
      const fault = { kind: 'reset', moment: 'after' } as const;
      fake.faults.order({ method: 'POST', path: /\/callback/ }, fault, 2);
      fake.faults.order({ method: 'PATCH', path: /\/messages\// }, fault, 3);
    },
    refuseSome: () => {
      const limited = { kind: 'rate-limit', scope: 'user', retryAfterS: 0.3 } as const;
      const down = { kind: 'status', status: 503 } as const;
      for (const asked of [
        { method: 'POST', path: /\/callback/ },
        { method: 'PATCH', path: /\/messages\// },
      ]) {
        fake.faults.order(asked, limited, 4);
        fake.faults.order(asked, down, 4);
      }
    },
    requests: (marks) =>
      fake.rest.seen
        .filter(({ path }) => marks.some((mark) => path.includes(mark)))
        .map(({ atMs, method, path, status }) => `${new Date(atMs).toISOString()} ${method} ${path} ${status}`),
    stop: () => fake.stop(),
  };
}

function sightOf(message: SeenMessage): Sight {
  const isEnded = !message.isLoading && !message.buttons.some(({ label }) => label.includes('Cancel'));
  return {
    id: message.id,
    text: message.text,
    isEnded,
    isPicture:
      isEnded && message.pictures.length === 1 && message.buttons.some(({ label }) => label.includes('Reroll')),
    picture: message.pictures[0]?.data,
  };
}
