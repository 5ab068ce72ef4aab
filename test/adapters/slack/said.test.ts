/** What is said to the bot: mentions, threads, direct messages; people of other organisations in shared channels. */
import { afterEach, describe, expect, it } from 'vitest';

import type { Person } from '../../support/slack/person.ts';
import { button, eventually, FINAL, picture, say, setStage, type Stage } from './stage.ts';
import { readUpload } from '../../../src/core/command.ts';

let stage: Stage;
let ana: Person;

afterEach(async () => {
  await stage.end();
});

describe.each(['socket', 'http'] as const)('what is said over %s', (kind) => {
  async function heard(): Promise<Stage['bot']['handled'][number]> {
    await eventually(() => {
      expect(stage.bot.handled.length).toBeGreaterThan(0);
    });
    return stage.bot.handled.at(-1)!;
  }

  async function open(): Promise<void> {
    stage = await setStage(kind);
    ana = stage.fake.person('Ana', { isAdmin: true });
  }

  it('in a channel by a mention is a picture asked for, answered there, and written down before it is acknowledged', async () => {
    await open();
    const order: string[] = [];
    stage.bot.onRecord = async () => {
      order.push('recorded');
      return async () => undefined;
    };
    const outcome = await ana.mention('a fox & a <hen> --seed 7');
    order.push(outcome.isAcknowledged ? 'acknowledged' : 'lost');
    const { invocation, address } = await heard();
    expect(order).toEqual(['recorded', 'acknowledged']);
    expect(invocation.action).toEqual({
      kind: 'command',
      name: 'imagine',
      options: { prompt: 'a fox & a <hen>', seed: 7 },
    });
    expect(invocation.actor).toMatchObject({ name: 'Ana', isAdmin: true });
    await stage.adapter.deliver(address, { ...say('a fox'), picture: picture('pixels') }, FINAL);
    expect(stage.fake.messages().map(({ words, pictures }) => [words, pictures.length])).toEqual([['a fox', 1]]);
  });

  it('in a thread is answered in that thread', async () => {
    await open();
    await stage.adapter.post({ server: 'slack:T0FAKE', id: stage.fake.general.id }, say('a talk'), 'talk');
    const [{ ts: head } = { ts: '' }] = stage.fake.state.messages.all();
    await ana.mention('a fox', { thread: head });
    const { address } = await heard();
    await stage.adapter.deliver(address, say('a fox'), FINAL);
    expect(stage.fake.state.messages.all().map(({ thread }) => thread)).toEqual([undefined, head]);
  });

  it('to the bot alone is answered there, and counts once though it is a mention too', async () => {
    await open();
    const direct = stage.fake.state.directChannel(ana.id).id;
    await ana.writeDirect('a fox --count 1');
    const { invocation, address } = await heard();
    expect(invocation.place.channel).toBe(direct);
    await stage.adapter.deliver(address, say('a fox'), FINAL);
    expect(stage.fake.messages(direct).map(({ words }) => words)).toEqual(['a fox']);
    await stage.fake.deliveries.again();
    await stage.adapter.stop();
    expect(stage.bot.handled).toHaveLength(1);
  });

  it('with a picture begins from it', async () => {
    await open();
    const file = ana.upload('start.png', Buffer.from('pixels'));
    await ana.writeDirect('a fox', { files: [{ ...ana.fileJson(file), mimetype: 'image/png' }] });
    const { action } = (await heard()).invocation;
    const image = action.kind === 'command' ? action.options['image'] : undefined;
    expect(typeof image === 'object' && Buffer.from(await readUpload(image, 100)).toString()).toBe('pixels');
  });

  it.each([
    ['', 'help', {}],
    ['help', 'help', {}],
    ['/queue', 'queue', {}],
    ['/style list', 'style list', {}],
    ['help me find a fox', 'imagine', { prompt: 'help me find a fox' }],
  ])('as %j is /%s', async (words, name, options) => {
    await open();
    await ana.mention(words);
    expect((await heard()).invocation.action).toEqual({ kind: 'command', name, options });
  });

  it('and is wrong is answered to the person alone, and what needs a form says where there is one', async () => {
    await open();
    await ana.mention('a fox --sed 7');
    await ana.mention('/style add neon');
    await eventually(() => {
      expect(ana.sees().map(({ isPrivate, words }) => `${isPrivate ? 'private' : 'public'}: ${words}`)).toEqual(
        expect.arrayContaining([
          'private: There is no option --sed. Did you mean --seed?',
          'private: This needs a form, which a message cannot open. Type /style add.',
        ]),
      );
    });
    expect(stage.bot.handled).toEqual([]);
  });

  it('by bots, by edits, or to others is nothing to us', async () => {
    await open();
    const { deliveries } = stage.fake;
    await ana.mention('a fox');
    await heard();
    const { body } = deliveries.last!;
    for (const change of [
      { bot_id: 'B1' },
      { subtype: 'message_changed' },
      { type: 'message', channel_type: 'channel' },
    ]) {
      const event = { ...(body['event'] as object), ts: stage.fake.state.ts(), ...change };
      expect((await deliveries.deliver({ type: 'events_api', body: { ...body, event } })).isAcknowledged).toBe(true);
    }
    await stage.adapter.stop();
    expect(stage.bot.handled).toHaveLength(1);
  });
});

describe('somebody of another organisation in a shared channel', () => {
  it('presses, fills in and asks like everybody, where the payload says that the app is installed', async () => {
    stage = await setStage();
    ana = stage.fake.person('Ana');
    const guest = stage.fake.person('Gus', { team: 'T0ELSE' });
    await ana.slash('/imagine', 'a fox');
    await eventually(() => {
      expect(stage.bot.handled).toHaveLength(1);
    });
    const shown = { ...say('a fox'), rows: [[button('1.reroll.j', 'Reroll')]] };
    await stage.adapter.deliver(stage.bot.handled[0]!.address, shown, FINAL);
    stage.fake.deliveries.installedTeam = 'T0FAKE';
    await guest.press('Reroll');
    await guest.mention('a hen');
    await eventually(() => {
      expect(stage.bot.handled.map(({ invocation }) => invocation.actor.user)).toEqual([
        `slack:T0FAKE-${ana.id}`,
        `slack:T0FAKE-${guest.id}`,
        `slack:T0FAKE-${guest.id}`,
      ]);
    });
  });
});

describe('a form in a shared channel', () => {
  it('is filled in by somebody of another organisation, and says what a file may weigh', async () => {
    stage = await setStage();
    const guest = stage.fake.person('Gus', { team: 'T0ELSE' });
    const host = stage.fake.person('Ana', { isAdmin: true });
    const field = { id: 'prompt', label: 'Prompt', value: '', isRequired: true, maxLength: 100, isMultiline: false };
    stage.bot.acknowledge = (action) => (action.kind === 'button' ? 'form' : 'public');
    stage.bot.onForm = async () => ({ id: '1.imagine-form', title: 'Draw', submit: 'Draw', fields: [field] });
    await host.slash('/imagine', 'a fox');
    await eventually(() => expect(stage.bot.handled).toHaveLength(1));
    const shown = { ...say('a fox'), rows: [[button('1.remix.j', 'Remix')]] };
    await stage.adapter.deliver(stage.bot.handled[0]!.address, shown, FINAL);
    stage.fake.deliveries.installedTeam = 'T0FAKE';
    await guest.press('Remix');
    await eventually(() => expect(guest.view()).toBeDefined());
    await guest.submit({ prompt: 'a hen' });
    await eventually(() => expect(stage.bot.handled).toHaveLength(2));
    expect(stage.bot.handled[1]?.invocation).toMatchObject({
      actor: { user: `slack:T0FAKE-${guest.id}` },
      action: { kind: 'form', id: '1.imagine-form', fields: { prompt: 'a hen' } },
    });
    stage.fake.deliveries.installedTeam = undefined;
    await host.slash('/style', 'add neon');
    await eventually(() => expect(JSON.stringify(host.view() ?? {})).toContain('up to 10 MB in this form'));
  });
});

describe('a workspace that takes the app away', () => {
  it('is told of, by either of Slack’s events, and a person’s own token is no departure', async () => {
    stage = await setStage();
    const told: string[] = [];
    stage.bot.left = async (server) => void told.push(server);
    const events = [
      { type: 'tokens_revoked', tokens: { oauth: ['U1'], bot: [] } },
      { type: 'app_uninstalled' },
      { type: 'tokens_revoked', tokens: { oauth: [], bot: ['U0BOT'] } },
    ];
    for (const [k, event] of events.entries()) {
      const body = { type: 'event_callback', team_id: 'T0FAKE', event_id: `Ev-left-${k}`, event };
      expect((await stage.fake.deliveries.deliver({ type: 'events_api', body })).isAcknowledged).toBe(true);
    }
    expect(told).toEqual(['slack:T0FAKE', 'slack:T0FAKE']);
  });
});
