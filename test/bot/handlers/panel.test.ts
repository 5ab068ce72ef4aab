import { afterEach, describe, expect, it } from 'vitest';
import { PANEL_FIELDS } from '../../../src/bot/button-id.ts';
import { BIG, installed, MOJI } from '../../support/manifests.ts';
import { ada, admin, buttonOf, guild, openWorld, selectsOf, type World, wordsOf } from '../world.ts';

let world: World;
afterEach(async () => {
  await world.close();
});

const panel = async () => await world.act(admin, { kind: 'command', name: 'settings', options: {} });
const said = (at: string) => wordsOf(world.chat.at(at)).join('\n');
const settings = async () => await world.stores.settings.of(guild.server);
const submit = async (at: string, field: string, fields: Record<string, string>, actor = admin) =>
  await world.act(actor, { kind: 'form', id: `1.panel.${field}`, fields }, { at });

describe('/settings', () => {
  it('is one panel of what is set, with a control for each of it', async () => {
    world = await openWorld();
    const at = await panel();
    expect(said(at)).toContain(
      'Settings of The Guild\nModel: Moji\nLanguage of answers: auto\nPictures of an /imagine: 4',
    );
    expect(world.chat.at(at).rows.length).toBeLessThanOrEqual(5);
    expect(world.chat.at(at).rows.every((row) => row.length <= 5)).toBe(true);
  });

  it('turns a value at each press, and says what it was and is', async () => {
    world = await openWorld();
    const at = await panel();
    await world.press(admin, at, 'Pictures');
    expect(said(at)).toContain('Pictures: was 4, is 1');
    await world.press(admin, at, 'For adults');
    expect(said(at)).toContain('was only in channels marked for adults, is never');
    await world.press(admin, at, 'Language');
    await world.press(admin, at, 'Language');
    expect(said(at)).toContain('Language: was English, is Deutsch');
    expect(await settings()).toMatchObject({ count: 1, adult: 'never', locale: 'de' });
    await world.press(admin, at, 'Changes');
    expect(said(at)).toContain('Root: language, was English, is Deutsch');
    await world.press(admin, at, 'Back');
    expect(said(at)).toContain('Settings of The Guild');
    const drawn = await world.imagine('ein Fuchs');
    expect(wordsOf(world.chat.at(drawn))[1]).toMatch(/^Seed \d+ · 4 Schritte · \d+,\d s$/u);
    expect(buttonOf(world.chat.at(drawn), 'Löschen').label).toBe('Löschen');
  });

  it('keeps prompts plain where the server wants that: what other programs write is then words', async () => {
    world = await openWorld();
    const at = await panel();
    const pasted = 'a (fox:1.2) Negative prompt: red Steps: 4, Sampler: LCM, Seed: 77';
    expect(said(await world.imagine(pasted))).toMatch(/^seed 77 /mu);
    await world.press(admin, at, 'Prompt weights');
    expect(said(at)).toContain('Prompts: read as plain words');
    expect(await settings()).toMatchObject({ promptGrammar: 'plain' });
    expect(said(await world.imagine(pasted))).not.toMatch(/^seed 77 /mu);
    await world.press(admin, at, 'Prompt weights');
    expect(await settings()).toMatchObject({ promptGrammar: 'weighted' });
  });

  it('chooses what finishes pictures where the model has two decoders, and the request says it', async () => {
    const both = { ...installed(MOJI), hasTinyDecoder: true };
    world = await openWorld({ ports: { models: { list: () => [both, installed(BIG)] } } });
    const drawnBy = async (): Promise<string | undefined> => {
      await world.imagine('a fox');
      const work = (await world.stores.jobs.ofUser(ada.user)).at(-1)?.work;
      return work?.kind === 'imagine' ? work.request.decoder : undefined;
    };
    const at = await panel();
    expect(said(at)).toContain('Decoder of pictures: as is usual for the model');
    expect(await drawnBy()).toBe('full');
    await world.press(admin, at, 'Decoder');
    await world.press(admin, at, 'Decoder');
    expect(said(at)).toContain('was the model’s own, the finest, is the tiny one (TAESD)');
    expect(await settings()).toMatchObject({ decoder: 'tiny' });
    expect(world.chat.at(at).rows.length).toBeLessThanOrEqual(5);
    expect(await drawnBy()).toBe('tiny');
    // Of a model that has none nothing is asked.
    const [select] = selectsOf(world.chat.at(at));
    await world.act(admin, { kind: 'select', id: select!.id, values: ['big'] }, { at });
    expect(said(at)).not.toContain('Decoder');
    expect(await drawnBy()).toBe('full');
  });

  it('chooses the model', async () => {
    world = await openWorld();
    const at = await panel();
    const [select] = selectsOf(world.chat.at(at));
    expect(select?.choices).toEqual([
      { value: 'moji', label: 'Moji', isSelected: true },
      { value: 'big', label: 'Big', isSelected: false },
    ]);
    await world.act(admin, { kind: 'select', id: select!.id, values: ['big'] }, { at });
    expect(said(at)).toContain('model: was moji, is big');
    expect((await settings()).model).toBe('big');
    await world.act(admin, { kind: 'select', id: select!.id, values: ['gone'] }, { at });
    expect(wordsOf(world.chat.privately[0])[0]).toBe('There is no model “gone” here. There are: moji, big.');
  });

  it('takes limits, channels, words and the audit channel in forms', async () => {
    world = await openWorld();
    const at = await panel();
    const action = { kind: 'button', id: buttonOf(world.chat.at(at), 'Limits').id } as const;
    const form = await world.bot.form({ id: 'f', actor: admin, place: guild, action, receivedAtMs: 0 });
    expect(form.fields.map(({ value }) => value)).toEqual(['10', '100', '0', '0']);
    await submit(at, 'audit', { audit: '<#mods|mods>' });
    await submit(at, 'limits', { perUser: '2', perServer: '', perUserDay: '5', perServerDay: '0' });
    await submit(at, 'channels', { channels: '<#art>\n#other' });
    await submit(at, 'words', { words: 'badger\nhoney badger, badger' });
    expect(await settings()).toMatchObject({
      perUser: 2,
      perUserDay: 5,
      perServerDay: 0,
      channels: ['art', 'other'],
      blockedWords: ['badger', 'honey badger'],
      auditChannel: 'mods',
    });
    expect(world.chat.posts.map(({ channel }) => channel)).toEqual(Array(5).fill('mods'));
    await world.imagine('a fox');
    expect(wordsOf(world.chat.privately.at(-1))[0]).toBe('Pictures are not drawn in this channel. Try #art, #other.');
  });

  it('lets channels be picked, shows them as channels, and draws in their threads', async () => {
    world = await openWorld();
    const at = await panel();
    for (const [label, picks] of [
      ['Channels', 'channels'],
      ['Audit channel', 'channel'],
    ] as const) {
      const action = { kind: 'button', id: buttonOf(world.chat.at(at), label).id } as const;
      const form = await world.bot.form({ id: label, actor: admin, place: guild, action, receivedAtMs: 0 });
      expect(form.fields.map((field) => field.picks)).toEqual([picks]);
    }
    await submit(at, 'channels', { channels: '111111111111111111,222222222222222222' });
    expect(wordsOf(world.chat.at(at))).toContain('Channels: #111111111111111111, #222222222222222222');
    expect(wordsOf(world.chat.at(at))).toContain('Channels: was all, is #111111111111111111, #222222222222222222');
    const action = { kind: 'command', name: 'imagine', options: { prompt: 'a fox' } } as const;
    const thread = { ...guild, channel: '333333333333333333', parentChannel: '222222222222222222' };
    const drawn = await world.act(ada, action, { place: thread });
    expect(world.chat.at(drawn).picture).toBeDefined();
  });

  it('keeps no audit channel in which it cannot post', async () => {
    world = await openWorld();
    world.chat.foreign.add('general');
    const at = await panel();
    await submit(at, 'audit', { audit: '#general' });
    expect(wordsOf(world.chat.privately[0])[0]).toContain('“general” is no channel of this server');
    expect((await settings()).auditChannel).toBeUndefined();
    expect(await world.stores.audit.last(guild.server, 9)).toEqual([]);
  });

  it.each([
    ['limits', { perUser: 'many' }, 'At a time, per person can be 1 to 1000; you wrote “many”.'],
    ['limits', { perUserDay: '-1' }, 'can be 0 to 1000000'],
    ['words', { words: 'x' }, 'A blocked word has 2 to 60 characters; “x” has not.'],
  ])('refuses %s %j and changes nothing', async (field, fields, sentence) => {
    world = await openWorld();
    const at = await panel();
    const before = await settings();
    await submit(at, field, fields);
    expect(wordsOf(world.chat.privately[0])[0]).toContain(sentence);
    expect(await settings()).toEqual(before);
  });

  it('is for admins, whatever is forged', async () => {
    world = await openWorld();
    const at = await panel();
    const before = await settings();
    for (const field of PANEL_FIELDS) {
      const id = `1.panel.${field}`;
      await world.act(ada, { kind: 'button', id }, { at });
      await world.act(ada, { kind: 'select', id, values: ['big'] }, { at });
      await submit(at, field, { words: 'fox', perUser: '1', audit: 'x', channels: 'x' }, ada);
      const action = { kind: 'button', id } as const;
      await expect(world.bot.form({ id: 'f', actor: ada, place: guild, action, receivedAtMs: 0 })).rejects.toThrow(
        'Only admins of this server',
      );
    }
    expect(world.chat.privately.map((message) => wordsOf(message)[0])).toEqual(
      Array.from({ length: PANEL_FIELDS.length * 3 }, () => 'Only admins of this server can do this. Ask one of them.'),
    );
    expect(await settings()).toEqual(before);
  });

  it('cannot lift the operator’s words', async () => {
    world = await openWorld();
    await submit(await panel(), 'words', { words: '' });
    await world.imagine('gore');
    expect(wordsOf(world.chat.privately[0])[0]).toContain('not drawn here');
  });

  it('lets a blocked person draw again', async () => {
    world = await openWorld();
    await world.stores.people.block(guild.server, { user: ada.user, name: 'Ada', by: admin.user, atMs: 0 });
    const at = await panel();
    const select = selectsOf(world.chat.at(at))[1]!;
    await world.act(admin, { kind: 'select', id: select.id, values: [ada.user] }, { at });
    expect(said(at)).toContain('unblocked Ada');
    expect(world.chat.at(await world.imagine('a fox')).picture).toBeDefined();
  });
});
