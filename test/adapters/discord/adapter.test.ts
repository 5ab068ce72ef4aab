/** The adapter with the real discord.js client, against the stand-in. */
import { describe, expect, it } from 'vitest';

import type { Form } from '../../../src/core/message.ts';
import { UserError } from '../../../src/core/errors.ts';
import type { FakeChannel } from '../../support/discord/world.ts';
import { pictureFile, say, stage } from './scripted-bot.ts';

const FINAL = { isFinal: true, key: 'k' } as const;

describe('a command', () => {
  it('is acknowledged in public and answered in the same message with picture, words and buttons', async () => {
    const { fake, bot, adapter } = await stage();
    bot.act = async (_, address) => {
      await adapter.deliver(
        address,
        say('a fox', {
          picture: pictureFile(),
          rows: [
            [{ kind: 'button', id: '1.reroll.j', label: 'Reroll', emoji: '🔄', tone: 'normal', isDisabled: false }],
          ],
        }),
        { ...FINAL, mode: 'edit' },
      );
    };
    const ann = fake.user('ann');
    const exchange = ann.slash('imagine', { prompt: 'a fox' });
    const answer = await exchange.answer();
    expect(exchange.interaction.answerType).toBe(5);
    expect(exchange.answers).toHaveLength(1);
    expect(answer).toMatchObject({ text: 'a fox', isPrivate: false });
    expect(answer.pictures.map(({ name, alt }) => ({ name, alt }))).toEqual([
      { name: 'fox.png', alt: 'a fox on blue' },
    ]);
    expect(answer.buttons.map((button) => button.label)).toEqual(['🔄 Reroll']);
    expect(bot.handled[0]?.invocation).toMatchObject({
      actor: { user: `discord:${ann.user.id}`, name: 'ann', isAdmin: false, isModerator: false, locale: 'en' },
      place: { server: `discord:${fake.guild.id}`, serverName: 'Test Guild', channel: fake.channel.id, isNsfw: false },
      action: { kind: 'command', name: 'imagine', options: { prompt: 'a fox' } },
    });
  });

  it('asks for no privileged intent', async () => {
    const { fake } = await stage();
    expect(fake.gateway.intents).toBe(1);
  });

  it('is carried out once when the gateway delivers it twice', async () => {
    const { fake, bot, adapter } = await stage();
    fake.delivery.times = 2;
    bot.act = async (_, address) => {
      await adapter.deliver(address, say('done'), { ...FINAL, mode: 'edit' });
    };
    const exchange = fake.user('ann').slash('queue');
    await exchange.answer();
    await adapter.stop();
    expect(bot.handled).toHaveLength(1);
    expect(fake.rest.seen.filter((request) => request.path.endsWith('/callback'))).toHaveLength(1);
  });

  it('is not carried out when it reaches us too late to be answered', async () => {
    const late: boolean[] = [];
    const { fake, bot, adapter } = await stage({ onAcknowledged: (_, isInTime) => late.push(isInTime) });
    fake.delivery.delayMs = 20;
    const exchange = fake.user('ann').slash('queue');
    fake.world.clock.skip(3_001);
    await fake.world.until('the attempt', () => fake.rest.seen.find(({ path }) => path.endsWith('/callback')));
    await adapter.stop();
    expect(exchange.isFailed).toBe(true);
    expect(bot.handled).toEqual([]);
    expect(late).toEqual([false]);
  });

  it('is not carried out when another process of the bot has answered it', async () => {
    const { fake, bot, adapter } = await stage();
    fake.faults.order({ path: /callback$/ }, { kind: 'status', status: 400, code: 40_060 });
    fake.user('ann').slash('queue');
    await fake.world.until('the attempt', () => fake.rest.seen.find(({ path }) => path.endsWith('/callback')));
    await adapter.stop();
    expect(bot.handled).toEqual([]);
  });

  it('is acknowledged again when Discord limits the acknowledgement for a moment', async () => {
    const { fake, bot, adapter } = await stage();
    fake.faults.order({ path: /callback$/ }, { kind: 'rate-limit', scope: 'shared', retryAfterS: 0.3 });
    bot.act = async (_, address) => {
      await adapter.deliver(address, say('here'), { ...FINAL, mode: 'edit' });
    };
    expect((await fake.user('ann').slash('queue').answer()).text).toBe('here');
  });

  it('is acknowledged at a second try when the connection breaks, arrived or not', async () => {
    for (const moment of ['before', 'after'] as const) {
      const { fake, bot, adapter } = await stage();
      fake.faults.order({ path: /callback/ }, { kind: 'reset', moment });
      bot.act = async (_, address) => {
        await adapter.deliver(address, say('here'), { ...FINAL, mode: 'edit' });
      };
      const exchange = fake.user('ann').slash('queue');
      expect((await exchange.answer()).text).toBe('here');
      expect(fake.faults.struck).toBe(1);
    }
  });

  it('whose time is up after a try that may have arrived is carried out if it has, and only then', async () => {
    for (const [moment, expected] of [
      ['after', ['here']],
      ['before', []],
    ] as const) {
      const { fake, bot, adapter } = await stage({
        wait: async () => {
          fake.world.clock.skip(3_001);
        },
      });
      fake.faults.order({ path: /callback/ }, { kind: 'reset', moment });
      bot.act = async (_, address) => {
        await adapter.deliver(address, say('here'), { ...FINAL, mode: 'edit' });
      };
      const exchange = fake.user('ann').slash('queue');
      const asked = () => fake.rest.seen.filter(({ path }) => path.endsWith('/callback'));
      await fake.world.until('two tries', () => (asked().length === 2 ? true : undefined));
      await adapter.stop();
      expect(exchange.answers.map(({ text }) => text)).toEqual(expected);
    }
  });

  it('is acknowledged in time although the machine’s clock is set while it is', async () => {
    let offsetMs = 0;
    const { fake, bot } = await stage({ offsetMs: () => offsetMs });
    const handled = bot.next();
    fake.faults.order({ path: /callback/ }, { kind: 'reset', moment: 'before' });
    const exchange = fake.user('ann').slash('queue');
    await fake.world.until('the first try', () => fake.rest.seen.find(({ path }) => path.endsWith('/callback')));
    offsetMs = 3_600_000;
    await handled;
    expect(exchange.interaction.answerType).toBe(5);
  });
});

describe('a form', () => {
  const form: Form = {
    id: '1.remix.j',
    title: 'Remix',
    submit: 'Draw',
    fields: [{ id: 'prompt', label: 'Prompt', value: 'a fox', isRequired: true, maxLength: 2000, isMultiline: true }],
  };

  it('is the first answer to a press, comes prefilled, and its values come back', async () => {
    const { fake, bot, adapter } = await stage();
    bot.act = async (_, address) => {
      await adapter.deliver(
        address,
        say('old', {
          rows: [[{ kind: 'button', id: '1.remix.j', label: 'Remix', emoji: '✏️', tone: 'normal', isDisabled: false }]],
        }),
        { ...FINAL, mode: 'edit' },
      );
    };
    const ann = fake.user('ann');
    await ann.slash('queue').answer();
    bot.how = 'form';
    bot.makeForm = async () => form;
    const press = ann.press('Remix');
    const modal = await press.modal();
    expect(modal.title).toBe('Remix');
    bot.how = 'public';
    await (await ann.submit(press, { prompt: 'a fox in snow' })).answer();
    expect(bot.handled.at(-1)?.invocation.action).toEqual({
      kind: 'form',
      id: '1.remix.j',
      fields: { prompt: 'a fox in snow' },
    });
  });

  it('that is refused is answered privately, in the language of who asked', async () => {
    const { fake, bot } = await stage();
    bot.how = 'form';
    bot.makeForm = async () => {
      throw new UserError('allowed.admin', 'Only admins of this server can do this. Ask one of them.');
    };
    const berta = fake.user('berta', { locale: 'de' });
    const answer = await berta.slash('queue').answer();
    expect(answer.isPrivate).toBe(true);
    expect(answer.text).toContain('Admins');
    expect(fake.user('carl').sees).toEqual([]);
  });
});

describe('suggestions', () => {
  it('are offered while an option is typed, cut to what Discord takes', async () => {
    const { fake, bot } = await stage();
    bot.suggestions = Array.from({ length: 30 }, (_, at) => ({ value: `style-${at}`, label: 'x'.repeat(150) }));
    const offered = await fake.user('ann').autocomplete('imagine', 'style', 'sty');
    expect(offered).toHaveLength(25);
    expect(offered[0]).toEqual({ name: `${'x'.repeat(99)}…`, value: 'style-0' });
  });
});

describe('a place for adults', () => {
  it.each([
    ['a text channel', 0, undefined],
    ['the chat of a voice channel', 2, undefined],
    ['the chat of a stage', 13, undefined],
    ['a thread', 0, 11],
    ['a private thread', 0, 12],
    ['the post of a forum', 15, 11],
  ])('is %s where its channel is marked so, and no other', async (_, type, thread) => {
    for (const isNsfw of [true, false]) {
      let channel: FakeChannel | undefined;
      const { fake, bot } = await stage({}, {}, (before) => {
        const marked = before.addChannel({ name: 'marked', guild: before.guild, isNsfw, type });
        channel = thread === undefined ? marked : before.addChannel({ name: 'in it', parent: marked, type: thread });
      });
      const handled = bot.next();
      fake.user('ann', { channel: channel! }).slash('queue');
      expect((await handled).invocation.place.isNsfw).toBe(isNsfw);
    }
  });
});
