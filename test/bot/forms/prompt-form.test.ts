/** The form of a prompt: what can be picked in it, what is filled in, and that typed words go before what is picked. */
import { afterEach, describe, expect, it } from 'vitest';

import { fieldsToOptions } from '../../../src/bot/forms/prompt-form.ts';
import type { Action } from '../../../src/core/chat.ts';
import type { Form } from '../../../src/core/message.ts';
import type { Place } from '../../../src/core/people.ts';
import { ada, buttonOf, guild, openWorld, type World, wordsOf } from '../world.ts';

let world: World;

afterEach(async () => {
  await world.close();
});

const formOf = (action: Action, place: Place = guild): Promise<Form> =>
  world.bot.form({ id: 'f', actor: ada, place, action, receivedAtMs: 0 });
const valuesOf = (form: Form): Readonly<Record<string, string>> =>
  Object.fromEntries(form.fields.map(({ id, value }) => [id, value]));
const choicesOf = (form: Form, field: string): readonly string[] =>
  (form.fields.find(({ id }) => id === field)?.choices ?? []).map(({ value }) => value);
const remixOf = async (at: string): Promise<Form> =>
  formOf({ kind: 'button', id: buttonOf(world.chat.at(at), 'Remix').id });
const begin: Action = { kind: 'command', name: 'imagine', options: {} };

describe('the form of a prompt', () => {
  it('offers the styles of the model here, the most used first, and none', async () => {
    world = await openWorld();
    expect(choicesOf(await formOf(begin), 'style')).toEqual(['none', 'ink', 'neon']);
    await world.imagine('a fox --style neon');
    expect(choicesOf(await formOf(begin), 'style')).toEqual(['none', 'neon', 'ink']);
    expect(valuesOf(await formOf(begin))).toEqual({ prompt: '', style: '', private: 'no', options: '' });
  });

  it('has no list of styles where the model has none', async () => {
    world = await openWorld();
    await world.stores.settings.save(guild.server, { ...(await world.stores.settings.of(guild.server)), model: 'big' });
    expect(Object.keys(valuesOf(await formOf(begin)))).toEqual(['prompt', 'private', 'options']);
  });

  it('is filled in with what was given, and keeps as words what no list holds', async () => {
    world = await openWorld();
    const given = { style: 'Neon', private: true, seed: 7 };
    expect(valuesOf(await formOf({ kind: 'command', name: 'imagine', options: given }))).toEqual({
      prompt: '',
      style: 'neon',
      private: 'yes',
      options: '--seed 7',
    });
    const mixed = await world.imagine('a fox --style neon:0.6+ink:0.4 --seed 7 --count 1');
    expect(valuesOf(await remixOf(mixed))).toMatchObject({
      style: '',
      options: expect.stringMatching(/^--style Neon:0\.6\+Ink:0\.4 --seed 7 /u),
    });
  });

  it('of a picture without a style says none, whatever has become usual since', async () => {
    world = await openWorld();
    const plain = await world.imagine('a fox');
    await world.stores.settings.save(guild.server, {
      ...(await world.stores.settings.of(guild.server)),
      defaultStyle: 'neon',
    });
    expect(valuesOf(await remixOf(plain))['style']).toBe('none');
    const { id } = await remixOf(plain);
    const at = await world.act(ada, { kind: 'form', id, fields: { prompt: 'a fox', style: 'none', private: 'no' } });
    expect(wordsOf(world.chat.at(at)).join(' ')).not.toContain('Neon');
  });

  it('asks who sees it as is usual here, and not where nobody else is', async () => {
    world = await openWorld();
    await world.stores.settings.save(guild.server, {
      ...(await world.stores.settings.of(guild.server)),
      isPrivate: true,
    });
    expect(valuesOf(await formOf(begin))['private']).toBe('yes');
    const alone = { ...guild, server: 'discord:dm-ada' } as const;
    expect(Object.keys(valuesOf(await formOf(begin, alone)))).not.toContain('private');
  });

  it('pressed on what one person alone sees is answered to that person, unless they pick otherwise', async () => {
    world = await openWorld();
    const form = (fields: Readonly<Record<string, string>>) =>
      world.bot.acknowledgement({ kind: 'form', id: '1.imagine-form', fields, isPrivate: true }, guild);
    const fields = { prompt: 'a fox' };
    expect(await form(fields)).toBe('private');
    expect(await form({ ...fields, private: 'yes' })).toBe('private');
    expect(await form({ ...fields, private: 'no' })).toBe('public');
  });

  it.each([
    [{ private: 'yes' }, false, 'private'],
    [{ private: 'no' }, true, 'public'],
    [{ private: 'no', options: '--private' }, false, 'private'],
    [{ private: 'yes', prompt: 'a fox --private no' }, true, 'public'],
    [{ options: '--private no' }, true, 'public'],
    [{}, true, 'private'],
    [{}, false, 'public'],
  ])('with %j where private is the usual: %s is answered so: %s', async (picked, isPrivate, expected) => {
    world = await openWorld();
    const settings = await world.stores.settings.of(guild.server);
    await world.stores.settings.save(guild.server, { ...settings, isPrivate });
    const fields: Readonly<Record<string, string>> = { prompt: 'a fox', ...picked };
    expect(await world.bot.acknowledgement({ kind: 'form', id: '1.imagine-form', fields }, guild)).toBe(expected);
  });

  it('takes what is typed before what is picked', async () => {
    world = await openWorld();
    const picked = { style: 'neon', private: 'yes' };
    expect(fieldsToOptions({ prompt: 'a fox', ...picked })).toEqual({ prompt: 'a fox', style: 'neon', private: true });
    expect(fieldsToOptions({ prompt: 'a fox --style ink', options: '--private no --seed 3', ...picked })).toEqual({
      prompt: 'a fox',
      style: 'ink',
      private: false,
      seed: 3,
    });
    expect(fieldsToOptions({ prompt: 'a fox', style: '', private: '' })).toEqual({ prompt: 'a fox' });
  });

  it.each([
    [{ prompt: 'a fox', style: 'glow' }, 'style'],
    [{ prompt: 'a fox --style glow', style: 'neon' }, 'prompt'],
    [{ prompt: 'a fox', style: 'neon', options: '--style glow' }, 'options'],
    [{ prompt: 'a fox', style: 'neon', options: '--steps 99' }, 'options'],
    [{ prompt: 'gore', style: 'neon', options: '' }, 'prompt'],
  ])('refuses %j under the field %s', async (fields, field) => {
    world = await openWorld();
    const action = { kind: 'form', id: '1.imagine-form', fields } as const;
    const fault = await world.bot.formFault?.({ id: 'f', actor: ada, place: guild, action, receivedAtMs: 0 });
    expect(fault?.field).toBe(field);
  });
});
