/** The button Emoji: the form, the server's own emoji, the file where there are none, refusals, and undo. */
import { afterEach, describe, expect, it } from 'vitest';

import type { ExpressionKind, Expressions } from '../../../src/core/chat.ts';
import { UserError } from '../../../src/core/errors.ts';
import { openOwnPicture } from '../../../src/image/index.ts';
import { plainRunner } from '../../support/plain-runner.ts';
import { ada, admin, buttonOf, FakeChat, guild, openWorld, type World, wordsOf } from '../world.ts';

let world: World;
afterEach(async () => {
  await world.close();
});

class ServerEmoji implements Expressions {
  readonly forms = { emoji: { sidePx: 128, maxBytes: 262_144 }, sticker: { sidePx: 320, maxBytes: 524_288 } };
  readonly added: { readonly kind: ExpressionKind; readonly name: string; readonly data: Uint8Array }[] = [];
  readonly removed: string[] = [];
  refusal: UserError | undefined;

  async add(_: string, expression: ServerEmoji['added'][number]): Promise<{ id: string; shown: string }> {
    if (this.refusal !== undefined) {
      throw this.refusal;
    }
    this.added.push(expression);
    return { id: '77', shown: `:${expression.name}:` };
  }

  async remove(server: string, kind: ExpressionKind, id: string): Promise<void> {
    this.removed.push(`${server} ${kind} ${id}`);
  }
}

async function open({ hasEmoji = true } = {}): Promise<ServerEmoji | undefined> {
  const expressions = hasEmoji ? new ServerEmoji() : undefined;
  const chat: FakeChat & { expressions?: Expressions | undefined } = new FakeChat();
  chat.expressions = expressions;
  world = await openWorld({ chat, ports: { runner: plainRunner() } });
  return expressions;
}

const formOf = async (at: string, actor = admin) => {
  const { id } = buttonOf(world.chat.at(at), 'Emoji');
  return world.bot.form({ id: 'f', actor, place: guild, action: { kind: 'button', id }, receivedAtMs: Date.now() });
};

async function send(
  at: string,
  fields: Readonly<Record<string, string>>,
  actor = admin,
  place = guild,
): Promise<string> {
  return world.act(actor, { kind: 'form', id: buttonOf(world.chat.at(at), 'Emoji').id, fields }, { place });
}

describe('Emoji', () => {
  it('opens a form with a name from the prompt, and asks which picture where there are several', async () => {
    await open();
    const one = await formOf(await world.imagine('a happy cactus --count 1'));
    expect(one.fields.map(({ id, value }) => [id, value])).toEqual([
      ['name', 'happy_cactus'],
      ['kind', 'emoji'],
    ]);
    expect((await formOf(await world.imagine('a fox'))).fields.map(({ id }) => id)).toEqual([
      'name',
      'picture',
      'kind',
    ]);
  });

  it('adds the picture cut out to the server, says so, and takes it back', async () => {
    const own = await open();
    const at = await send(await world.imagine('a happy cactus'), { name: 'Cactus!', picture: '2', kind: 'emoji' });
    expect(own?.added).toMatchObject([{ kind: 'emoji', name: 'cactus' }]);
    const added = await openOwnPicture(own?.added[0]?.data ?? new Uint8Array());
    expect([added.width, added.alpha?.[0], added.alpha?.[64 * 128 + 64]]).toEqual([128, 0, 255]);
    const answer = world.chat.at(at);
    expect(wordsOf(answer)).toEqual([':cactus: is added to this server.']);
    const undo = await world.press(admin, at, 'Undo');
    expect(own?.removed).toEqual(['discord:guild emoji 77']);
    expect(wordsOf(world.chat.at(undo))).toEqual(['It is taken back.']);
  });

  it('makes a sticker of 320 pixels', async () => {
    const own = await open();
    await send(await world.imagine('a fox --count 1'), { name: 'fox', kind: ' Sticker' });
    expect(own?.added[0]?.kind).toBe('sticker');
    expect((await openOwnPicture(own?.added[0]?.data ?? new Uint8Array())).width).toBe(320);
  });

  it('gives a file with the name where the chat has no emoji to add to', async () => {
    await open({ hasEmoji: false });
    const at = await send(await world.imagine('a fox --count 1'), { name: 'fox', kind: 'emoji' });
    expect(world.chat.at(at).files.map(({ name, contentType }) => [name, contentType])).toEqual([
      ['fox.png', 'image/png'],
    ]);
    expect(wordsOf(world.chat.at(at))[0]).toContain(':fox:');
  });

  it('is refused to who may not add emoji, and open to who may', async () => {
    const own = await open();
    const picture = await world.imagine('a fox --count 1');
    await expect(formOf(picture, ada)).rejects.toThrow('Only who may add emoji');
    const at = await send(picture, { name: 'fox', kind: 'emoji' }, ada);
    expect(wordsOf(world.chat.at(at))[0]).toContain('Only who may add emoji');
    await send(picture, { name: 'fox', kind: 'emoji' }, { ...ada, mayAddEmoji: true });
    expect(own?.added).toHaveLength(1);
  });

  it('is refused for a picture or a kind that there is not, each named with its field', async () => {
    const own = await open();
    const at = await world.imagine('a fox --count 2');
    const { id } = buttonOf(world.chat.at(at), 'Emoji');
    for (const [wrong, said] of [
      [{ picture: '3' }, 'can be 1 to 2; you wrote “3”'],
      [{ picture: 'two' }, 'you wrote “two”'],
      [{ kind: 'gif' }, 'an emoji or a sticker; you wrote “gif”'],
    ] as const) {
      const fields = { name: 'fox', picture: '1', kind: 'emoji', ...wrong };
      const action = { kind: 'form', id, fields } as const;
      const fault = await world.bot.formFault?.({ id: 'f', actor: admin, place: guild, action, receivedAtMs: 0 });
      expect(fault).toEqual({ field: Object.keys(wrong)[0], sentence: expect.stringContaining(said) });
      expect(wordsOf(world.chat.at(await send(at, fields)))[0]).toContain(said);
    }
    expect(own?.added).toEqual([]);
  });

  it('says what the server refuses, and that a scene cannot be cut', async () => {
    const own = await open();
    const picture = await world.imagine('a fox --count 1');
    if (own !== undefined) {
      own.refusal = new UserError('emoji.permission', 'no', { params: { link: 'https://discord.com/x' } });
    }
    expect(wordsOf(world.chat.at(await send(picture, { name: 'fox', kind: 'emoji' })))[0]).toContain(
      'https://discord.com/x',
    );
    const scene = await send(await world.imagine('a city --count 1'), { name: 'city', kind: 'emoji' });
    expect(wordsOf(world.chat.at(scene))[0]).toContain('no plain ground');
  });
});
