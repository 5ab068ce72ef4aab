/** Discord against the suite that every chat passes: discord.js and the stand-in. */
import { createDiscordAdapter, deployCommands } from '../../../src/adapters/discord/index.ts';
import type { Adapter } from '../../../src/core/chat.ts';
import { type ChatStage, describeChatPort, type Sight } from '../../conformance/chat-port.ts';
import { killedAfterRecord } from '../../support/dying-chat.ts';
import { FakeDiscord } from '../../support/discord/index.ts';
import type { Person } from '../../support/discord/person.ts';
import { quietLog } from './scripted-bot.ts';

describeChatPort('Discord', async (bot): Promise<ChatStage> => {
  const fake = await FakeDiscord.start({ time: 'still' });
  const { token, apiUrl: restUrl, cdnUrl, world } = fake;
  await deployCommands({ token, restUrl });
  const connect = async (): Promise<Adapter> => {
    const clocks = { now: world.clock.now, monotonicMs: world.clock.now };
    const wait = async (ms: number): Promise<void> => {
      world.clock.skip(ms);
      await tick();
    };
    const made = createDiscordAdapter({ token, restUrl, cdnUrl, bot, log: quietLog, ...clocks, wait });
    await made.start();
    return made;
  };
  let adapter = await connect();
  let lateMs = 0;
  const ann = fake.user('ann');
  const sight = (person: Person): readonly Sight[] =>
    person.sees.map(({ text, pictures, isPrivate }) => ({ words: text, pictures: pictures.length, isPrivate }));
  return {
    get adapter() {
      return adapter;
    },
    ask: async (times = 1) => {
      fake.delivery.times = times;
      const seen = fake.rest.seen.length;
      ann.slash('queue');
      world.clock.skip(lateMs);
      await world.until('the callback', () =>
        fake.rest.seen.slice(seen).find(({ path }) => path.endsWith('/callback')),
      );
    },
    sees: async () => sight(ann),
    othersSee: async () => sight(fake.user('carl')),
    clear: async () => {
      for (const message of world.messages.in(fake.channel).slice()) {
        world.messages.delete(message.id);
      }
    },
    makeLate: () => {
      fake.delivery.delayMs = 10;
      lateMs = 3001;
    },
    refuseFiles: () => {
      const refusal = { kind: 'status', status: 413, code: 40_005 } as const;
      fake.faults.order({ path: /@original$/ }, refusal);
    },
    restart: async () => {
      await adapter.stop();
      adapter = await connect();
    },
    killed: async () => {
      await adapter.stop();
      const options = { token, restUrl, cdnUrl };
      const recorded = await killedAfterRecord({ kind: 'discord', options }, () => void ann.slash('queue'));
      adapter = await connect();
      return recorded;
    },
    close: async () => {
      await adapter.stop();
      await fake.stop();
    },
  };
});

async function tick(): Promise<void> {
  await new Promise((resolve) => {
    setTimeout(resolve, 2);
  });
}
