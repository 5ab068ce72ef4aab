/** One gate before anything is drawn or shown: words as they are drawn, styles, channels, and which message is pressed. */
import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

import { afterEach, describe, expect, it } from 'vitest';

import { UserError } from '../../src/core/errors.ts';
import { installed, MOJI } from '../support/manifests.ts';
import { ada, admin, bob, buttonOf, guild, openWorld, type World, wordsOf } from './world.ts';
import { NOTHING_FETCHED } from '../support/bot-ports.ts';
import { uploadOf } from '../support/upload.ts';
import type { Upload } from '../../src/core/command.ts';

let world: World;
afterEach(async () => {
  await world.close();
});

const moji = installed(MOJI);
const life = { ...moji.styles[0]!, id: 'life', name: 'Life', trigger: 'nude study' };
const models = { list: () => [{ ...moji, styles: [...moji.styles, life] }] };
const nsfw = { ...guild, isNsfw: true, channel: 'adult' };
const said = (at: string) => wordsOf(world.chat.at(at)).join(' ');
const lastRefusal = () => wordsOf(world.chat.privately.at(-1)).join(' ');

describe('a picture of an adult style, pressed in an ordinary channel', () => {
  it.each(['U1', 'V1', 'Reroll'])('is not made into another by %s', async (label) => {
    world = await openWorld({ ports: { models } });
    const options = { prompt: 'a fox', style: 'life', count: 1 };
    const at = await world.act(ada, { kind: 'command', name: 'imagine', options }, { place: nsfw });
    const { id } = buttonOf(world.chat.at(at), label);
    await world.act(bob, { kind: 'button', id });
    expect(lastRefusal()).toContain('Life');
    expect(await world.stores.jobs.ofUser(bob.user)).toEqual([]);
    await world.act(bob, { kind: 'button', id }, { place: nsfw });
    expect(await world.stores.jobs.ofUser(bob.user)).toHaveLength(1);
  });
});

describe('an emoji of a picture of an adult style, asked for in an ordinary channel', () => {
  it('is neither asked for nor shown', async () => {
    world = await openWorld({ ports: { models } });
    const options = { prompt: 'a fox', style: 'life', count: 1 };
    const at = await world.act(ada, { kind: 'command', name: 'imagine', options }, { place: nsfw });
    const { id } = buttonOf(world.chat.at(at), 'Emoji');
    const ask = {
      id: 'f',
      actor: admin,
      place: guild,
      action: { kind: 'button', id },
      receivedAtMs: Date.now(),
    } as const;
    await expect(world.bot.form(ask)).rejects.toMatchObject({ code: 'safety.nsfw-style' });
    const sent = await world.act(admin, { kind: 'form', id, fields: { name: 'fox', kind: 'emoji' } });
    expect(said(sent)).toContain('Life');
    expect(world.chat.privately.flatMap(({ files }) => files)).toEqual([]);
  });
});

describe('the operator’s list', () => {
  it('holds for words that a style’s trigger brings, whoever let it in', async () => {
    const gory = { ...moji.styles[0]!, id: 'gory', name: 'Red', trigger: 'gorefest' };
    world = await openWorld({ ports: { models: { list: () => [{ ...moji, styles: [gory] }] } } });
    await world.imagine('a fox --style gory --count 1');
    expect(lastRefusal()).toContain('not drawn here');
    expect(await world.stores.jobs.ofUser(ada.user)).toEqual([]);
  });

  it('holds for what the model reads in place of what is written', async () => {
    const reads = (prompt: string): Promise<string> => Promise.resolve(prompt.replace('ein Metzgerbild', 'a gorefest'));
    world = await openWorld({ ports: { models: { list: () => [{ ...moji, reads }] } } });
    await world.imagine('ein Metzgerbild');
    await world.imagine('a fox --no ein Metzgerbild');
    expect(world.chat.privately.map((each) => wordsOf(each).join(' '))).toEqual(Array(2).fill(expect.stringContaining('not drawn here'))); // prettier-ignore
    expect(await world.stores.jobs.ofUser(ada.user)).toEqual([]);
    await world.imagine('ein Bild');
    expect(await world.stores.jobs.ofUser(ada.user)).toHaveLength(1);
  });

  it('holds for words to keep out too', async () => {
    world = await openWorld();
    await world.imagine('a fox --no gore');
    expect(lastRefusal()).toContain('not drawn here');
  });

  it('holds for a style’s name and trigger when they are changed', async () => {
    const facts = { kind: 'LoRA', rank: 4, base: 'moji', triggers: [] } as const;
    world = await openWorld({ ports: { loras: { fetch: NOTHING_FETCHED, inspect: async () => facts } } });
    const trial = await world.act(admin, {
      kind: 'command',
      name: 'style add',
      options: { name: 'Glow', file: lora() },
    });
    await world.press(admin, trial, 'Save');
    for (const [name, options] of [
      ['style edit', { name: 'glow', trigger: 'gorefest' }],
      ['style rename', { name: 'glow', to: 'gore1' }],
    ] as const) {
      const at = await world.act(admin, { kind: 'command', name, options });
      expect(said(at)).toContain('not drawn here');
    }
  });
});

describe('a button', () => {
  it('acts on the message that carries it and on no other', async () => {
    world = await openWorld();
    const [own, other] = [await world.imagine('a fox', {}, bob), await world.imagine('a bear')];
    const { id } = buttonOf(world.chat.at(own), 'Delete');
    const carried = [buttonOf(world.chat.at(other), 'Delete').id];
    await world.act(bob, { kind: 'button', id, carried }, { at: other });
    expect(world.chat.removed).toEqual([]);
    expect(world.chat.standing.has(other)).toBe(true);
    await world.act(bob, { kind: 'button', id, carried: [id] }, { at: own });
    expect(world.chat.removed).toEqual([own]);
  });
});

describe('a LoRA that is refused', () => {
  const add = async (name: string, file = lora()) =>
    await world.act(admin, { kind: 'command', name: 'style add', options: { name, file } });
  const weigh = async () => {
    await world.stores.files.holdBudgets();
    return world.stores.files.weightOf('loras');
  };

  it('is looked into before it is among the kept ones, and said of by its own name', async () => {
    const seen: string[] = [];
    const inspect = async (file: string): Promise<never> => {
      await world.stores.files.holdBudgets();
      seen.push(`${world.stores.files.weightOf('loras')} ${basename(dirname(file))}`);
      throw new UserError('lora.empty', `"${basename(file)}" holds nothing.`, { params: { file: basename(file) } });
    };
    world = await openWorld({ ports: { loras: { fetch: NOTHING_FETCHED, inspect } } });
    expect(said(await add('Glow'))).toContain('“glow.safetensors” holds no LoRA matrices');
    expect(seen).toEqual(['0 temporary']);
    expect(await readdir(join(world.folder, 'temporary'))).toEqual([]);
  });

  it('is not received beside another of the same server', async () => {
    const facts = { kind: 'LoRA', rank: 4, base: 'moji', triggers: [] } as const;
    let end = (): void => undefined;
    const held = new Promise<void>((resolve) => (end = resolve));
    const inspect = async (): Promise<typeof facts> => {
      await held;
      return facts;
    };
    world = await openWorld({ ports: { loras: { fetch: NOTHING_FETCHED, inspect } } });
    const first = add('Glow');
    await expect.poll(() => readdir(join(world.folder, 'temporary')).catch(() => [])).toHaveLength(1);
    expect(said(await add('Shine'))).toContain('Other style files are being received');
    end();
    expect(said(await first)).not.toContain('Other style files');
  });

  it('is not kept', async () => {
    const facts = { kind: 'LoRA', rank: 4, base: 'sdxl', triggers: [] } as const;
    world = await openWorld({ ports: { loras: { fetch: NOTHING_FETCHED, inspect: async () => facts } } });
    expect(said(await add('Glow'))).toContain('sdxl');
    expect(await weigh()).toBe(0);
  });

  it('is refused by name where it was trained on another version of the model', async () => {
    const facts = { kind: 'LoRA', rank: 4, base: 'moji', triggers: [], madeFor: 'a'.repeat(32) } as const;
    world = await openWorld({
      ports: {
        loras: { fetch: NOTHING_FETCHED, inspect: async () => facts },
        models: { list: () => [{ ...installed(MOJI), fingerprint: 'b'.repeat(32) }] },
      },
    });
    expect(said(await add('Glow'))).toContain('The style Glow was trained on another version of');
    expect(await weigh()).toBe(0);
  });

  it('of one draft stays while another draft has it', async () => {
    const facts = { kind: 'LoRA', rank: 4, base: 'moji', triggers: [] } as const;
    world = await openWorld({ ports: { loras: { fetch: NOTHING_FETCHED, inspect: async () => facts } } });
    const [first, second] = [await add('Glow'), await add('Shine')];
    await world.press(admin, first, 'Discard');
    expect(await weigh()).toBeGreaterThan(0);
    await world.press(admin, second, 'Save');
    const [preset] = await world.stores.styles.of(guild.server);
    expect(await world.stores.files.has(world.stores.files.pathOf('loras', preset!.sha256, '.safetensors'))).toBe(true);
  });

  it('would weigh more than a server may, and says by how much', async () => {
    const facts = { kind: 'LoRA', rank: 4, base: 'moji', triggers: [] } as const;
    world = await openWorld({
      ports: { loras: { fetch: NOTHING_FETCHED, inspect: async () => facts } },
      options: { maxLoraBytesOfServer: 3 },
    });
    expect(said(await add('Glow'))).toContain('the most');
    expect(await weigh()).toBe(0);
  });
});

describe('/mydata delete', () => {
  it('gives no new day', async () => {
    world = await openWorld();
    const settings = await world.stores.settings.of(guild.server);
    await world.stores.settings.save(guild.server, { ...settings, perUserDay: 1 });
    await world.imagine('a fox --count 1');
    const asked = await world.act(ada, { kind: 'command', name: 'mydata delete', options: {} });
    await world.press(ada, asked, 'Delete');
    expect(await world.stores.jobs.ofUser(ada.user)).toEqual([]);
    await world.imagine('a fox --count 1');
    expect(await world.stores.jobs.ofUser(ada.user)).toEqual([]);
  });

  it('empties what the chat itself keeps', async () => {
    world = await openWorld();
    const at = await world.imagine('a fox --count 1');
    const forgotten: unknown[] = [];
    Object.assign(world.chat, {
      forget: async (user: string, addresses: readonly { readonly data: { readonly message?: unknown } }[]) => {
        forgotten.push(
          user,
          addresses.map(({ data }) => data.message),
        );
      },
    });
    const asked = await world.act(ada, { kind: 'command', name: 'mydata delete', options: {} });
    await world.press(ada, asked, 'Delete');
    expect(forgotten).toEqual([ada.user, [at]]);
  });
});

function lora(): Upload {
  const header = Buffer.from('{"a":1}');
  const data = Buffer.concat([Buffer.alloc(8), header]);
  data.writeBigUInt64LE(BigInt(header.length), 0);
  return uploadOf('glow.safetensors', new Uint8Array(data));
}
