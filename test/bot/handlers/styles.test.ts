import { afterEach, describe, expect, it } from 'vitest';
import type { Upload } from '../../../src/core/command.ts';
import type { LoraFacts } from '../../../src/bot/index.ts';
import { ada, admin, buttonOf, buttonsOf, guild, openWorld, type World, wordsOf } from '../world.ts';
import { NOTHING_FETCHED } from '../../support/bot-ports.ts';
import { uploadOf } from '../../support/upload.ts';

let world: World;
afterEach(async () => {
  await world.close();
});

/** Bytes that begin like a safetensors file. */
const lora = (name = 'glow.safetensors', tail = 'x'): Upload => {
  const header = Buffer.from('{"a":1}');
  const data = Buffer.concat([Buffer.alloc(8), header, Buffer.from(tail)]);
  data.writeBigUInt64LE(BigInt(header.length), 0);
  return uploadOf(name, new Uint8Array(data));
};
const facts: LoraFacts = { kind: 'LoRA', rank: 16, base: 'moji', triggers: ['glowing', 'tubes'] };
const open = async (found: LoraFacts = facts) =>
  await openWorld({ ports: { loras: { fetch: NOTHING_FETCHED, inspect: async () => found } } });
const run = async (name: string, options = {}, actor = admin) =>
  await world.act(actor, { kind: 'command', name, options });
const said = (at: string) => wordsOf(world.chat.at(at)).join('\n');
const presets = async () => await world.stores.styles.of(guild.server);

describe('/style add', () => {
  it('says what the file is, shows it beside none with the same seed, and saves it at the press of a button', async () => {
    world = await open();
    const at = await run('style add', { name: 'Glow', file: lora(), weight: 0.6, trigger: 'glowing tubes' });
    expect(said(at)).toContain(
      'New style Glow\nLoRA, rank 16, for moji\nTrigger words in the file: glowing, tubes\nWeight 0.6',
    );
    expect(world.chat.at(at).picture?.alt).toBe('Two pictures with the same seed: without and with the style Glow');
    expect(buttonsOf(world.chat.at(at)).map(({ label }) => label)).toEqual(['Save', 'Weight −', 'Weight +', 'Discard']);
    expect(await presets()).toEqual([]);

    await world.press(admin, at, 'Weight +');
    expect(said(at)).toContain('Weight 0.8');
    await world.press(admin, at, 'Save');
    expect(said(at)).toBe('Saved. Use it: /imagine a house by a lake --style Glow');
    expect(await presets()).toMatchObject([
      { id: 'glow', name: 'Glow', model: 'moji', weight: 0.8, trigger: 'glowing tubes' },
    ]);
    expect(await world.stores.audit.last(guild.server, 5)).toMatchObject([
      { what: 'style-add', params: { style: 'Glow' }, userName: 'Root', is: '0.8 · moji' },
    ]);
    const drawn = await world.imagine('a fox --style glow');
    expect(wordsOf(world.chat.at(drawn))[1]).toContain(' · Glow · ');
    const [job] = await world.stores.jobs.ofUser(ada.user);
    const [preset] = await presets();
    expect(job?.work).toMatchObject({
      request: {
        prompt: 'glowing tubes, a fox',
        styles: [{ weight: 0.8, file: world.stores.files.pathOf('loras', preset!.sha256, '.safetensors') }],
      },
    });
  });

  it('keeps nothing of what is discarded', async () => {
    world = await open();
    const at = await run('style add', { name: 'Glow', file: lora() });
    const { id } = buttonOf(world.chat.at(at), 'Save');
    await world.press(admin, at, 'Discard');
    expect(said(at)).toBe('Discarded; nothing was saved.');
    await world.act(admin, { kind: 'button', id });
    expect(wordsOf(world.chat.privately[0])[0]).toContain('no longer open');
    expect(await presets()).toEqual([]);
  });

  it('takes up the preview that a stop has interrupted', async () => {
    world = await open();
    const at = await run('style add', { name: 'Glow', file: lora() });
    const [draft] = await world.stores.styles.drafts();
    await world.stores.styles.saveDraft({ ...draft!, isShown: false });
    world.chat.standing.delete(at);
    await world.bot.resume();
    await expect.poll(() => world.chat.standing.get(at)?.picture).toBeDefined();
  });

  it('is not asked for again after a crash, since its draft is kept', async () => {
    let atWork: readonly unknown[] = ['not drawn'];
    world = await openWorld({
      ports: { loras: { fetch: NOTHING_FETCHED, inspect: async () => facts } },
      runner: {
        beforeStep: async () => {
          atWork = await world.stores.inbox.recorded();
        },
      },
    });
    const options = { name: 'Glow', file: lora() };
    const action = { kind: 'command', name: 'style add', options } as const;
    const invocation = { id: 'add', actor: admin, place: guild, action, receivedAtMs: Date.now() };
    const address = { platform: 'discord', data: { message: 'trial' } } as const;
    await world.bot.record?.(invocation, address);
    await world.bot.handle(invocation, address);
    expect(atWork).toEqual([]);
  });

  it('refuses a LoRA for another base with both names', async () => {
    world = await open({ ...facts, base: 'sdxl' });
    await run('style add', { name: 'Glow', file: lora() });
    expect(wordsOf(world.chat.history.at(-1)?.message)[0]).toBe(
      'This LoRA is for sdxl; Moji is moji. Give a LoRA for moji, or another model.',
    );
  });

  it.each([
    [{ name: 'Glow' }, 'A style needs a LoRA'],
    [{ name: 'Glow', file: lora(), url: 'https://example.org/x' }, 'not both'],
    [{ name: 'none', file: lora() }, 'No style can be called “none”'],
    [{ name: 'neon', file: lora() }, 'There is a style neon already.'],
    [{ name: 'a:b', file: lora() }, 'letters, digits, - or _'],
    [{ name: 'Glow', file: lora('glow.ckpt') }, '(.safetensors)'],
    [
      { name: 'Glow', file: uploadOf('glow.safetensors', new TextEncoder().encode('hello, I am no LoRA')) },
      'does not begin like one',
    ],
    [{ name: 'Glow', file: { ...lora(), sizeBytes: 5_000_000 } }, 'can have 0 MB here; this one has 5 MB'],
    [{ name: 'Glow', file: lora(), model: 'dall' }, 'There are: moji, big.'],
    [{ name: 'Glow', file: lora(), weight: 9 }, 'Weight can be -2 to 2'],
    [{ name: 'gore', file: lora() }, 'not drawn here'],
  ])('refuses %j', async (options, sentence) => {
    world = await open();
    await run('style add', options);
    expect(wordsOf(world.chat.history.at(-1)?.message)[0]).toContain(sentence);
    expect(await presets()).toEqual([]);
  });
});

describe('/style add of a textual inversion', () => {
  const found: LoraFacts = {
    kind: 'textual inversion',
    rank: 2,
    base: 'moji',
    triggers: [],
    embedding: { token: '<ring>' },
  };
  const add = async (options = {}) => {
    world = await open(found);
    const at = await run('style add', { name: 'Ring', file: lora(), ...options });
    await world.press(admin, at, 'Save');
    const [preset] = await presets();
    return { at, file: world.stores.files.pathOf('loras', preset!.sha256, '.safetensors') };
  };
  const requestAfter = async (prompt: string) => {
    const before = new Set((await world.stores.jobs.ofUser(ada.user)).map(({ id }) => id));
    await world.imagine(prompt);
    const work = (await world.stores.jobs.ofUser(ada.user)).find(({ id }) => !before.has(id))?.work;
    return work?.kind === 'imagine' ? work.request : undefined;
  };

  it('says its word and shows what it draws', async () => {
    world = await open(found);
    const at = await run('style add', { name: 'Ring', file: lora() });
    expect(said(at)).toContain(
      'New style Ring\nTextual inversion of 2 vectors, for moji\nIts word, for the prompt or for what is kept out: <ring>',
    );
    expect(world.chat.at(at).picture).toBeDefined();
  });

  it('is used by its word in the prompt and in what is kept out', async () => {
    const { file } = await add();
    const embeddings = [{ word: '<ring>', file }];
    expect(await requestAfter('a fox with a <RING>')).toMatchObject({
      prompt: 'a fox with a <RING>',
      styles: [],
      embeddings,
    });
    expect(await requestAfter('a fox --no <ring>')).toMatchObject({ negative: '<ring>', embeddings });
    expect(await requestAfter('a fox')).toMatchObject({ embeddings: [] });
  });

  it('goes by its name where its file says no word, or by the trigger', async () => {
    await add({ trigger: 'my ring' });
    expect(await requestAfter('my ring')).toMatchObject({ embeddings: [{ word: 'my ring' }] });
  });

  it('puts its word into the prompt where it is chosen as a style, at its weight', async () => {
    await add({ weight: 0.8 });
    expect(await requestAfter('a fox --style ring')).toMatchObject({
      prompt: '(<ring>:0.8), a fox',
      styles: [],
      embeddings: [{ word: '<ring>' }],
    });
    expect(await requestAfter('a <ring> fox --style ring')).toMatchObject({ prompt: 'a <ring> fox' });
  });

  it('that is to be kept out is chosen as a style without standing in the prompt', async () => {
    await add({ negative: '<ring>' });
    expect(await requestAfter('a fox --style ring')).toMatchObject({
      prompt: 'a fox',
      negative: '<ring>',
      embeddings: [{ word: '<ring>' }],
    });
  });

  it('keeps a word when its trigger is taken away, and goes when it is removed', async () => {
    await add();
    await run('style edit', { name: 'ring', trigger: '-' });
    expect(await requestAfter('a Ring')).toMatchObject({ embeddings: [{ word: 'Ring' }] });
    await run('style remove', { name: 'ring' });
    expect(await requestAfter('a Ring')).toMatchObject({ embeddings: [] });
  });
});

describe('styles', () => {
  it('are changed by admins only', async () => {
    world = await open();
    const at = await run('style add', { name: 'Glow', file: lora() });
    for (const [name, options] of [
      ['style add', { name: 'Other', file: lora() }],
      ['style edit', { name: 'glow', weight: 1 }],
      ['style remove', { name: 'glow' }],
      ['style rename', { name: 'glow', to: 'shine' }],
      ['style default', { name: 'neon' }],
      ['settings', {}],
    ] as const) {
      const place = await run(name, options, ada);
      expect(said(place)).toBe('Only admins of this server can do this. Ask one of them.');
    }
    await world.act(ada, { kind: 'button', id: buttonOf(world.chat.at(at), 'Save').id }, { at });
    expect(wordsOf(world.chat.privately[0])[0]).toContain('Only admins');
    const other = { ...admin, user: 'discord:other' as const };
    await world.act(other, { kind: 'button', id: buttonOf(world.chat.at(at), 'Save').id }, { at });
    expect(wordsOf(world.chat.privately[1])[0]).toContain('Only the admin who began');
    expect(await presets()).toEqual([]);
  });

  it('are edited, renamed and removed, saying what was and is', async () => {
    world = await open();
    await world.press(admin, await run('style add', { name: 'Glow', file: lora() }), 'Save');
    expect(said(await run('style edit', { name: 'GLOW', weight: 0.5, negative: 'text' }))).toBe(
      'Style Glow: weight was 1, is 0.5; negative was none, is text.',
    );
    await run('style default', { name: 'glow' });
    expect(said(await run('style rename', { name: 'glow', to: 'New Shine' }))).toBe('The style Glow is now New-Shine.');
    expect((await world.stores.settings.of(guild.server)).defaultStyle).toBe('new-shine');
    expect(said(await run('style show', { name: 'new-shine' }))).toContain('Weight: 0.5');
    expect(said(await run('style remove', { name: 'new-shine' }))).toBe(
      'Removed the style New-Shine. For a day it can be brought back.',
    );
    expect((await world.stores.settings.of(guild.server)).defaultStyle).toBe('');
    expect((await world.stores.audit.last(guild.server, 9)).map(({ what }) => what)).toEqual([
      'style-remove',
      'style-rename',
      'default-style',
      'style-edit',
      'style-edit',
      'style-add',
    ]);
    expect(said(await run('style edit', { name: 'neon', weight: 2 }))).toContain('comes with the model');
    expect(said(await run('style edit', { name: 'nope', weight: 2 }))).toContain('/style list shows them all');
  });

  it('are used where none is named: the person’s own before the server’s', async () => {
    world = await open();
    expect(said(await run('style default', { name: 'neon' }))).toBe('Default style: was none, is neon.');
    expect(wordsOf(world.chat.at(await world.imagine('a fox')))[1]).toContain(' · Neon · ');
    expect(said(await run('style mine', { name: 'ink' }, ada))).toBe('Your style: was the server’s, is ink.');
    expect(wordsOf(world.chat.at(await world.imagine('a fox')))[1]).toContain(' · Ink · ');
    expect(wordsOf(world.chat.at(await world.imagine('a fox --style none')))[1]).toMatch(/^seed \d+ · 4 steps/u);
    expect(said(await run('style mine', { name: 'none' }, ada))).toBe('Your style: was ink, is none.');
    expect(wordsOf(world.chat.at(await world.imagine('a fox')))[1]).toMatch(/^seed \d+ · 4 steps/u);
    expect(said(await run('style mine', {}, ada))).toBe('Your style: was none, is the server’s.');
    expect(wordsOf(world.chat.at(await world.imagine('a fox')))[1]).toContain(' · Neon · ');
    expect(said(await run('style list', {}, ada))).toContain('Neon (default) glowing · weight 0.8 · moji');
  });

  it('without words of their own are said to be empty, in German as well', async () => {
    world = await open();
    await world.press(admin, await run('style add', { name: 'Glow', file: lora() }), 'Save');
    const hans = { ...admin, locale: 'de' } as const;
    expect(said(await run('style show', { name: 'glow' }, hans))).toContain('Auslöseworte: leer');
    expect(said(await run('style edit', { name: 'glow', negative: 'text' }, hans))).toBe(
      'Stil Glow: Ferngehaltenes war leer, ist text.',
    );
    const at = await world.imagine('a fox', {}, hans);
    expect(said(await world.press(hans, at, 'Info'))).toContain('Ohne –');
  });

  it('are mixed at their shares', async () => {
    world = await open();
    const at = await world.imagine('a fox --style neon:0.5+ink');
    expect(wordsOf(world.chat.at(at))[1]).toContain(' · Neon:0.5+Ink · ');
    const [job] = await world.stores.jobs.ofUser(ada.user);
    expect(job?.work).toMatchObject({
      request: {
        styles: [
          { id: 'neon', weight: 0.4 },
          { id: 'ink', weight: 1 },
        ],
      },
    });
  });

  it('of another model are refused by name', async () => {
    world = await openWorld({ options: { model: 'big' } });
    await world.imagine('a fox --style neon');
    expect(wordsOf(world.chat.privately[0])[0]).toBe(
      'The style Neon is for moji; this server draws with big. Choose another style, or leave it out.',
    );
  });

  it('are suggested: the default first, then the person’s own, then by use, matched anywhere', async () => {
    world = await open();
    const suggest = async (partial: string) =>
      (await world.bot.suggest(guild, ada.user, 'imagine', 'style', partial)).map(({ value }) => value);
    for (const name of ['alpha', 'beta', 'gamma']) {
      await world.press(admin, await run('style add', { name, file: lora('x.safetensors', name) }), 'Save');
    }
    await run('style default', { name: 'gamma' });
    await run('style mine', { name: 'beta' }, ada);
    await world.imagine('a fox --style ink');
    expect(await suggest('')).toEqual(['gamma', 'beta', 'ink', 'alpha', 'neon']);
    expect(await suggest('MM')).toEqual(['gamma']);
    const [neon] = await world.bot.suggest(guild, ada.user, 'imagine', 'style', 'neo');
    expect(neon).toEqual({ value: 'neon', label: 'Neon · glowing · moji' });
    const models = await world.bot.suggest(guild, ada.user, 'style add', 'model', 'bi');
    expect(models).toEqual([{ value: 'big', label: 'big · Big' }]);
    expect(await world.bot.suggest(guild, ada.user, 'imagine', 'prompt', 'a')).toEqual([]);
  });
});
