/** Slack against the suite that every chat passes: Bolt over Socket Mode and the fake workspace. */
import { createSlackAdapter, type SlackAdapter } from '../../../src/adapters/slack/index.ts';
import { type ChatStage, describeChatPort, type Sight } from '../../conformance/chat-port.ts';
import { killedAfterRecord } from '../../support/dying-chat.ts';
import { FakeSlack } from '../../support/slack/fake-slack.ts';
import type { Person } from '../../support/slack/person.ts';

const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

describeChatPort('Slack', async (bot): Promise<ChatStage> => {
  const fake = await FakeSlack.start();
  // Whoever is not acknowledged is told so soon.
  fake.deliveries.ackMs = 300;
  const transport = { kind: 'socket', appToken: fake.tokens.app } as const;
  const where = { botToken: fake.tokens.bot, transport, apiUrl: fake.apiUrl };
  const connect = async (): Promise<SlackAdapter> => {
    const made = createSlackAdapter({
      ...where,
      bot,
      log: quiet,
      timing: { patienceMs: 20_000, firstPauseMs: 20, processingPausesMs: [20, 20], sharePausesMs: [20, 20] },
    });
    await made.start();
    return made;
  };
  let adapter = await connect();
  const ana = fake.person('Ana');
  const sight = (person: Person): readonly Sight[] =>
    person.sees().map(({ words, pictures, isPrivate }) => ({ words, pictures: pictures.length, isPrivate }));
  return {
    get adapter() {
      return adapter;
    },
    ask: async (times = 1) => {
      fake.deliveries.isDoubling = times === 2;
      await ana.slash('/imagine', `a fox ${fake.state.now()}`);
    },
    sees: async () => sight(ana),
    othersSee: async () => sight(fake.person('Carl')),
    clear: async () => fake.state.messages.all().forEach((message) => fake.state.remove(message)),
    // Slack waits as long as the socket stands; over HTTP its own timeout ends the request.
    makeLate: undefined,
    refuseFiles: () => void fake.settings.scopes.delete('files:write'),
    restart: async () => {
      await adapter.stop();
      adapter = await connect();
    },
    killed: async () => {
      await adapter.stop();
      const ask = (): void => void ana.slash('/imagine', 'a fox').catch(() => undefined);
      const recorded = await killedAfterRecord({ kind: 'slack', options: where }, ask);
      adapter = await connect();
      return recorded;
    },
    close: async () => {
      await adapter.stop();
      await fake.stop();
    },
  };
});
