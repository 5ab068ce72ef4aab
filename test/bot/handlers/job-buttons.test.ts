import { afterEach, describe, expect, it } from 'vitest';
import { decodePicture } from '../../../src/image/index.ts';
import { ada, admin, bob, buttonOf, guild, labelsOf, openWorld, type World, wordsOf } from '../world.ts';

let world: World;
afterEach(async () => {
  await world.close();
});

const jobsOf = async () => await world.stores.jobs.ofUser(ada.user);

describe('U', () => {
  it('makes one picture larger, says which, and marks the button', async () => {
    world = await openWorld();
    const grid = await world.imagine('a fox --seed 7');
    const at = await world.press(bob, grid, 'U2');
    const answer = world.chat.at(at);
    expect(wordsOf(answer)[0]).toBe('a fox · Bob');
    expect(wordsOf(answer)[1]).toMatch(/^upscale of 2 · ×2 · 256 × 256 · /u);
    expect(labelsOf(answer)).toEqual([
      ['U1', 'V1', 'Reroll', 'Remix'],
      ['Subtle', 'Strong', 'Emoji', 'Info', 'Delete'],
    ]);
    expect((await decodePicture(answer.picture!.data)).width).toBe(256);
    expect(buttonOf(world.chat.at(grid), 'U2').tone).toBe('primary');
    expect(buttonOf(world.chat.at(grid), 'U1').tone).toBe('normal');
    expect(world.chat.at(grid).picture).toBeDefined();
  });

  it('answers a second press with the picture that is made already', async () => {
    world = await openWorld();
    const grid = await world.imagine('a fox');
    const first = await world.press(ada, grid, 'U1');
    const second = await world.press(bob, grid, 'U1');
    expect(world.chat.at(second).picture?.data).toEqual(world.chat.at(first).picture?.data);
    expect(await jobsOf()).toHaveLength(2);
    expect(await world.stores.jobs.ofUser(bob.user)).toHaveLength(0);
  });

  it('obeys the rule of the channel it is pressed in, also where the picture is made already', async () => {
    world = await openWorld();
    const marked = { ...guild, isNsfw: true };
    await world.act(admin, { kind: 'select', id: '1.panel.nsfw', values: ['marked'] });
    const action = { kind: 'command', name: 'imagine', options: { prompt: 'a nude fox --count 1' } } as const;
    const one = await world.act(ada, action, { place: marked });
    const press = { kind: 'button', id: buttonOf(world.chat.at(one), 'U1').id } as const;
    await world.act(ada, press, { place: marked });
    await world.act(ada, press);
    expect(wordsOf(world.chat.privately.at(-1))[0]).toContain('only in channels for adults');
    expect(await jobsOf()).toHaveLength(2);
  });

  it('goes on while a larger size exists, and then is no more', async () => {
    world = await openWorld();
    const one = await world.imagine('a fox --count 1');
    const two = await world.press(ada, one, 'U1');
    const four = await world.press(ada, two, 'U1');
    expect(wordsOf(world.chat.at(four))[1]).toMatch(/^upscale of 1 · ×4 · /u);
    expect(labelsOf(world.chat.at(four))[0]).toEqual(['V1', 'Reroll', 'Remix']);
  });

  it('draws the picture again where the cache has let it go', async () => {
    world = await openWorld();
    const grid = await world.imagine('a fox --seed 7');
    await world.stores.files.prune('pictures', 0);
    const at = await world.press(ada, grid, 'U3');
    expect(wordsOf(world.chat.at(at))[1]).toContain('upscale of 3');
  });

  it('is not there for a model that has no upscaler', async () => {
    world = await openWorld({ options: { model: 'big' } });
    const grid = await world.imagine('a fox');
    expect(labelsOf(world.chat.at(grid))[0]).toEqual(['Reroll']);
  });
});

describe('V', () => {
  it('draws as many pictures with other noise mixed into that one’s, redrawable from their request', async () => {
    world = await openWorld();
    const grid = await world.imagine('a fox --seed 7 --style neon');
    const at = await world.press(ada, grid, 'V4');
    expect(wordsOf(world.chat.at(at))[1]).toMatch(/^variation of 4 · seed \d+ · Neon · 4 steps · /u);
    const [, job] = await jobsOf();
    expect(job).toMatchObject({
      origin: { kind: 'vary', index: 3 },
      work: { request: { seed: 7, index: 3, count: 4, init: undefined, variation: { amount: 0.65 } } },
    });
  });

  it('varies a little or much as it is asked, and what came from a picture from that picture', async () => {
    world = await openWorld();
    const one = await world.imagine('a fox --seed 7 --count 1');
    const subtle = await world.press(ada, one, 'Subtle');
    await world.press(ada, subtle, 'Strong');
    const requests = (await jobsOf()).map(({ work }) => work.kind === 'imagine' && work.request);
    expect(requests[1]).toMatchObject({ seed: 7, variation: { amount: 0.35 }, init: undefined });
    expect(requests[2]).toMatchObject({ variation: undefined, init: { strength: 0.6 } });
  });

  it('of an upscaled picture begins from the one that was upscaled', async () => {
    world = await openWorld();
    const grid = await world.imagine('a fox');
    const larger = await world.press(ada, grid, 'U2');
    const at = await world.press(ada, larger, 'V1');
    expect(labelsOf(world.chat.at(at))[0]).toEqual(['U1', 'V1', 'Reroll', 'Remix']);
  });
});

describe('Reroll and Remix', () => {
  it('draw the same words with another seed', async () => {
    world = await openWorld();
    const grid = await world.imagine('a fox --seed 7 --no text --steps 2');
    const at = await world.press(bob, grid, 'Reroll');
    expect(wordsOf(world.chat.at(at))[0]).toBe('a fox · Bob');
    expect(wordsOf(world.chat.at(at))[1]).toMatch(/^reroll · seed \d+ · 2 steps · /u);
    expect(wordsOf(world.chat.at(at))[1]).not.toContain('seed 7 ');
  });

  it('open a form with the words and what is not usual, and draw what comes back', async () => {
    world = await openWorld();
    const grid = await world.imagine('a "--fox" \\--seed --seed 7 --style neon --no "big text"');
    const action = { kind: 'button', id: buttonOf(world.chat.at(grid), 'Remix').id } as const;
    expect(world.bot.acknowledgement(action, guild)).toBe('form');
    const form = await world.bot.form({ id: 'f', actor: ada, place: guild, action, receivedAtMs: 0 });
    expect(form.title).toBe('Remix');
    expect(form.fields.map(({ value }) => value)).toEqual([
      'a "--fox" \\--seed',
      'neon',
      'no',
      '--negative "big text" --seed 7 --guidance 1.5 --count 4',
    ]);
    const fields = { prompt: 'a blue cat --steps 2', options: '--seed 9 --count 1' };
    const at = await world.act(ada, { kind: 'form', id: form.id, fields });
    expect(wordsOf(world.chat.at(at))[0]).toBe('a blue cat · Ada');
    expect(wordsOf(world.chat.at(at))[1]).toMatch(/^remix · seed 9 · 2 steps · /u);
  });

  it('open an empty form for /imagine without words', async () => {
    world = await openWorld();
    const action = { kind: 'command', name: 'imagine', options: { seed: 7 } } as const;
    const form = await world.bot.form({ id: 'f', actor: ada, place: guild, action, receivedAtMs: 0 });
    expect(form.fields.map(({ value }) => value)).toEqual(['', '', 'no', '--seed 7']);
    const at = await world.act(ada, { kind: 'form', id: form.id, fields: { prompt: 'a fox', options: '--seed 7' } });
    expect(wordsOf(world.chat.at(at))[1]).toMatch(/^seed 7 · 4 steps · /u);
  });
});

describe('Info', () => {
  it('shows every parameter to the presser alone, and how to draw it again', async () => {
    world = await openWorld();
    const grid = await world.imagine('a fox --seed 7 --style neon');
    const at = await world.press(bob, grid, 'Info');
    const lines = wordsOf(world.chat.at(at));
    for (const part of [
      'Prompt a fox',
      'Model Moji',
      'Style Neon (0.8)',
      'Seed 7 … 10',
      'Size 128 × 128',
      'Scheduler lcm',
    ]) {
      expect(lines).toContain(part);
    }
    expect(lines.at(-1)).toBe('/imagine a fox --style Neon --seed 7 --count 4');
    const [job] = await jobsOf();
    const again = await world.act(bob, { kind: 'command', name: 'info', options: { job: job!.id } });
    expect(wordsOf(world.chat.at(again))).toEqual(lines);
  });

  it('gives words that fit into no message as a file, and every parameter with them', async () => {
    world = await openWorld();
    const prompt = 'a very long fox '.repeat(110).trim();
    const at = await world.press(bob, await world.imagine(prompt, { seed: 7 }), 'Info');
    const shown = world.chat.at(at);
    expect(wordsOf(shown).join('\n').length).toBeLessThan(1000);
    expect(wordsOf(shown)).toContain('Seed 7 … 10');
    expect(shown.files.map(({ name, contentType }) => [name, contentType])).toEqual([['prompt.txt', 'text/plain']]);
    expect(new TextDecoder().decode(shown.files[0]!.data)).toBe(`/imagine ${prompt} --seed 7 --count 4\n`);
  });

  it('says how to draw words again that look like options', async () => {
    world = await openWorld();
    const at = await world.press(bob, await world.imagine('a sign that says \\--no --seed 7'), 'Info');
    expect(wordsOf(world.chat.at(at)).at(-1)).toBe('/imagine a sign that says \\--no --seed 7 --count 4');
  });

  it('and upscaling work from a message’s menu', async () => {
    world = await openWorld();
    const grid = await world.imagine('a fox');
    const buttonIds = world.chat
      .at(grid)
      .rows.flat()
      .map(({ id }) => id);
    const info = await world.act(ada, { kind: 'message', name: 'info', buttonIds });
    expect(wordsOf(world.chat.at(info))).toContain('Prompt a fox');
    const larger = await world.act(ada, { kind: 'message', name: 'upscale', buttonIds });
    expect(wordsOf(world.chat.at(larger))[1]).toContain('upscale of 1');
    await world.act(ada, { kind: 'message', name: 'info', buttonIds: ['of another bot'] });
    expect(wordsOf(world.chat.history.at(-1)?.message)[0]).toContain('no picture that can be taken up');
  });
});

describe('Delete', () => {
  it('is for who asked and for moderators, and leaves nothing', async () => {
    world = await openWorld();
    const grid = await world.imagine('a fox');
    await world.press(bob, grid, 'Delete');
    expect(wordsOf(world.chat.privately[0])[0]).toBe('Only Ada, who asked for it, or a moderator can do this.');
    expect(world.chat.standing.has(grid)).toBe(true);
    const reroll = buttonOf(world.chat.at(grid), 'Reroll').id;
    await world.press(ada, grid, 'Delete');
    expect(world.chat.removed).toEqual([grid]);
    expect(await jobsOf()).toEqual([]);
    await world.act(bob, { kind: 'button', id: reroll });
    expect(wordsOf(world.chat.privately[1])[0]).toContain('no longer known');
  });

  it('of what is still being drawn takes nothing away', async () => {
    let isPressed = false;
    world = await openWorld({
      runner: {
        beforeStep: async () => {
          if (!isPressed) {
            isPressed = true;
            const [job] = await jobsOf();
            await world.act(ada, { kind: 'button', id: `1.delete.${job!.id}` }, { at: 'drawn' });
          }
        },
      },
    });
    await world.act(ada, { kind: 'command', name: 'imagine', options: { prompt: 'a fox' } }, { at: 'drawn' });
    expect(world.chat.removed).toEqual([]);
    expect(world.chat.at('drawn').picture).toBeDefined();
  });

  it('by a moderator is in the audit list', async () => {
    world = await openWorld();
    const grid = await world.imagine('a fox');
    await world.press(admin, grid, 'Delete');
    expect(await world.stores.audit.last(guild.server, 5)).toMatchObject([
      { user: admin.user, what: 'delete', was: 'a fox', params: { person: 'Ada' } },
    ]);
  });
});

describe('buttons', () => {
  it('of another server’s picture do nothing', async () => {
    world = await openWorld();
    const grid = await world.imagine('a fox');
    const { id } = buttonOf(world.chat.at(grid), 'Info');
    await world.act(bob, { kind: 'button', id }, { place: { ...guild, server: 'discord:elsewhere' } });
    expect(wordsOf(world.chat.history.at(-1)?.message)[0]).toContain('belongs to another server');
  });

  it.each(['1.vary.gone.9', '1.reroll.gone', 'garbage', '1.panel.nsfw', '1.draft.gone.save'])(
    'that are forged or old (%s) are answered privately',
    async (id) => {
      world = await openWorld();
      await world.act(bob, { kind: 'button', id });
      expect(await world.stores.jobs.ofUser(bob.user)).toEqual([]);
      expect(world.chat.history).toHaveLength(1);
      expect(world.chat.history[0]?.message.picture).toBeUndefined();
    },
  );
});

describe('Report and Block', () => {
  it('take a picture to the audit channel, and its author out', async () => {
    world = await openWorld();
    const settings = await world.stores.settings.of(guild.server);
    await world.stores.settings.save(guild.server, { ...settings, auditChannel: 'mods' });
    const grid = await world.imagine('a fox');
    const info = await world.press(bob, grid, 'Info');
    await world.press(bob, info, 'Report');
    const [post] = world.chat.posts;
    expect(post?.channel).toBe('mods');
    expect(wordsOf(post?.message)[1]).toBe('Bob reports a picture of Ada in channel general');
    expect(post?.message.picture?.isSpoiler).toBe(true);
    const block = { kind: 'button', id: buttonOf(post!.message, 'Block').id } as const;
    await world.act(bob, block);
    expect(await world.stores.people.isBlocked(guild.server, ada.user)).toBe(false);
    await world.act(admin, block);
    expect(await world.stores.people.isBlocked(guild.server, ada.user)).toBe(true);
    await world.imagine('another fox');
    expect(wordsOf(world.chat.privately.at(-1))[0]).toContain('You cannot ask for pictures on this server.');
    await world.press(bob, grid, 'Reroll');
    expect(await world.stores.jobs.ofUser(bob.user)).toHaveLength(1);
  });

  it('say so where the server has no channel for it', async () => {
    world = await openWorld();
    const grid = await world.imagine('a fox');
    const info = await world.press(bob, grid, 'Info');
    const at = await world.press(bob, info, 'Report');
    expect(wordsOf(world.chat.at(at))[0]).toContain('chosen no channel for reports');
  });
});
