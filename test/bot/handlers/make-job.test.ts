/** Two presses at one time: both conversations end, and only one picture is drawn and counted. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { openMemory } from '../../../src/store/index.ts';
import { ada, admin, bob, buttonOf, FakeChat, guild, openWorld, type World, wordsOf } from '../world.ts';
import { NOTHING_FETCHED } from '../../support/bot-ports.ts';
import { uploadOf } from '../../support/upload.ts';
import { gate } from '../../support/gate.ts';

let world: World;
afterEach(async () => {
  await world.close();
});

describe('U pressed by two at once', () => {
  it('draws one picture, and tells the later one that it is being drawn', async () => {
    world = await openWorld();
    const grid = await world.imagine('a fox');
    const [first, second] = await Promise.all([world.press(ada, grid, 'U1'), world.press(bob, grid, 'U1')]);
    const shown = [first, second].filter((at) => world.chat.standing.has(at));
    expect(shown).toHaveLength(1);
    expect(world.chat.privately.map((message) => wordsOf(message)[0])).toEqual([
      'This picture is still being drawn. Try again when it is there.',
    ]);
  });

  it('is answered once where a crash came between the press and the picture', async () => {
    const database = openMemory();
    const chat = new FakeChat();
    const { promise: opened } = gate();
    let isSlow = false;
    const before = await openWorld({
      database,
      chat,
      runner: {
        beforeStep: async () => {
          await (isSlow ? opened : undefined);
        },
      },
    });
    const grid = await before.imagine('a fox');
    isSlow = true;
    const action = { kind: 'button', id: buttonOf(chat.at(grid), 'U1').id } as const;
    const invocation = { id: 'press', actor: ada, place: guild, action, receivedAtMs: Date.now() };
    const address = { platform: 'discord', data: { message: 'larger' } } as const;
    await before.bot.record?.(invocation, address);
    void before.bot.handle(invocation, address);
    await vi.waitFor(async () => {
      expect(await before.stores.jobs.open()).toHaveLength(1);
    });
    // The process is gone here; nothing of it speaks any more.
    world = await openWorld({ database, chat, folder: before.folder });
    await world.bot.resume();
    await vi.waitFor(() => {
      expect(wordsOf(chat.at('larger'))[1]).toContain('upscale of 1');
    });
    expect(chat.privately).toEqual([]);
    await before.bot.close(10);
  });
});

describe('Try again pressed twice', () => {
  it('draws once, and counts once', async () => {
    let isBroken = true;
    world = await openWorld({
      runner: {
        beforeStep: () => {
          if (isBroken) {
            throw new Error('the device is broken');
          }
        },
      },
      options: { quota: { perUser: 8, perServer: undefined } },
    });
    const at = await world.imagine('a fox');
    isBroken = false;
    await Promise.all([world.press(ada, at, 'Try again'), world.press(ada, at, 'Try again')]);
    expect(await world.stores.jobs.ofUser(ada.user)).toHaveLength(2);
    expect(world.chat.at(at).picture).toBeDefined();
    expect(wordsOf(world.chat.privately[0])[0]).toContain('still being drawn');
  });
});

describe('Save pressed while another weight is being tried', () => {
  it('saves, and nothing comes back in its place', async () => {
    const { resolve: open, promise: opened } = gate();
    let isSlow = false;
    world = await openWorld({
      ports: {
        loras: { fetch: NOTHING_FETCHED, inspect: async () => ({ kind: 'LoRA', rank: 4, base: 'moji', triggers: [] }) },
      },
      runner: {
        beforeStep: async () => {
          await (isSlow ? opened : undefined);
        },
      },
    });
    const header = Buffer.from('{"a":1}');
    const data = Buffer.concat([Buffer.alloc(8), header]);
    data.writeBigUInt64LE(BigInt(header.length), 0);
    const file = uploadOf('glow.safetensors', new Uint8Array(data));
    const at = await world.act(admin, { kind: 'command', name: 'style add', options: { name: 'Glow', file } });
    isSlow = true;
    const heavier = world.press(admin, at, 'Weight +');
    await vi.waitFor(async () => {
      expect((await world.stores.styles.drafts())[0]?.preset.weight).toBe(1.2);
    });
    await world.press(admin, at, 'Save');
    expect(wordsOf(world.chat.at(at))[0]).toContain('Saved.');
    open();
    await heavier;
    expect(wordsOf(world.chat.at(at))[0]).toContain('Saved.');
    expect(await world.stores.styles.drafts()).toEqual([]);
  });
});
