/** Interactions as invocations: rights, places, languages and values from the payload alone, whatever the payload is. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { parseInteraction } from '../../../src/adapters/discord/parse.ts';
import type { InteractionEvent, ParseContext } from '../../../src/adapters/discord/parse.ts';
import type { Action } from '../../../src/core/chat.ts';
import { uploadOf } from '../../support/upload.ts';

const APP = '100000000000000001';

const context: ParseContext = {
  now: () => 5,
  monotonicMs: () => 1,
  guildName: () => undefined,
  isNsfw: () => undefined,
  upload: ({ filename, size }) => uploadOf(filename, new Uint8Array(), size),
};

const parse = (payload: unknown): InteractionEvent | undefined => parseInteraction(payload, context);

const command = (more: object = {}, data: object = { name: 'queue', type: 1 }): Record<string, unknown> => ({
  id: '100000000000000002',
  application_id: APP,
  type: 2,
  token: 'token',
  data,
  guild_id: '100000000000000003',
  guild_locale: 'de',
  channel: { id: '100000000000000004', type: 0, nsfw: true },
  member: { user: { id: '100000000000000005', username: 'ann', global_name: 'Ann' }, nick: null, permissions: '0' },
  locale: 'en-GB',
  app_permissions: '0',
  attachment_size_limit: 1234,
  ...more,
});

function invocationOf(payload: unknown) {
  const delivery = parse(payload);
  if (delivery?.kind !== 'invocation') {
    throw new Error(`expected an invocation, came ${delivery?.kind}`);
  }
  return delivery.invocation;
}

const actionOf = (payload: unknown): Action => invocationOf(payload).action;

describe('who asks and where', () => {
  it('is read from the delivery', () => {
    expect(invocationOf(command())).toMatchObject({
      id: '100000000000000002',
      receivedAtMs: 5,
      actor: { user: 'discord:100000000000000005', name: 'Ann', locale: 'en' },
      place: {
        platform: 'discord',
        server: 'discord:100000000000000003',
        channel: '100000000000000004',
        isNsfw: true,
        locale: 'de',
        maxUploadBytes: 1234,
      },
    });
  });

  it.each([
    ['0', false, false],
    [String(1 << 5), true, true],
    [String(1 << 3), true, true],
    [String(1 << 13), false, true],
    [String((1n << 60n) | (1n << 5n)), true, true],
  ])('has with permissions %s the rights of admin %s, moderator %s', (permissions, isAdmin, isModerator) => {
    const member = { user: { id: '1', username: 'ann' }, permissions };
    expect(invocationOf(command({ member })).actor).toMatchObject({ isAdmin, isModerator });
  });

  it('is read where absent things are null and permissions a number', () => {
    const member = { user: { id: '1', username: 'ann', global_name: null }, nick: null, permissions: 32 };
    const nothing = { message: null, user: null, guild: null, guild_locale: null, channel_id: null };
    const { actor, place } = invocationOf(command({ ...nothing, member, attachment_size_limit: null }));
    expect(actor).toMatchObject({ name: 'ann', isAdmin: true });
    expect(place).toMatchObject({ locale: 'en', maxUploadBytes: 10_485_760 });
  });

  it('in a direct message is a server of one’s own, administered by nobody', () => {
    const { actor, place } = invocationOf(
      command({
        guild_id: undefined,
        guild_locale: undefined,
        member: undefined,
        channel: { id: '9', type: 1 },
        user: { id: '7', username: 'bo', global_name: null },
        locale: 'de',
        attachment_size_limit: undefined,
      }),
    );
    expect(actor).toMatchObject({ user: 'discord:7', name: 'bo', isAdmin: false, isModerator: false, locale: 'de' });
    expect(place).toMatchObject({ server: 'discord:dm-7', locale: 'de', isNsfw: false, maxUploadBytes: 10_485_760 });
  });

  it.each([
    [0, 'sends', (1n << 10n) | (1n << 11n) | (1n << 15n), true],
    [0, 'sends in threads only', (1n << 10n) | (1n << 38n) | (1n << 15n), false],
    [11, 'sends in threads', (1n << 10n) | (1n << 38n) | (1n << 15n), true],
    [0, 'is an administrator', 1n << 3n, true],
    [0, 'cannot attach', (1n << 10n) | (1n << 11n), false],
  ])('in a channel of type %i where the bot %s, knows whether it can post', (type, _, bits, canPost) => {
    const delivery = parse(command({ channel: { id: '9', type }, app_permissions: String(bits) }));
    expect(delivery?.token.address.canPost).toBe(canPost);
  });
});

describe('what is asked', () => {
  it('joins the words of a sub-command and keeps its values', () => {
    const options = [
      {
        type: 1,
        name: 'add',
        options: [
          { type: 3, name: 'name', value: 'neon' },
          { type: 10, name: 'weight', value: 0.8 },
          { type: 11, name: 'file', value: '55' },
        ],
      },
    ];
    const attachments = { 55: { id: '55', filename: 'n.safetensors', size: 9, url: 'https://cdn.test/n' } };
    const action = actionOf(command({}, { name: 'style', type: 1, options, resolved: { attachments } }));
    expect(action).toMatchObject({
      kind: 'command',
      name: 'style add',
      options: { name: 'neon', weight: 0.8, file: { name: 'n.safetensors', sizeBytes: 9 } },
    });
  });

  it('is given the quality that was chosen', () => {
    const options = [
      { type: 3, name: 'prompt', value: 'a fox' },
      { type: 3, name: 'quality', value: 'fine' },
    ];
    expect(actionOf(command({}, { name: 'imagine', type: 1, options }))).toMatchObject({
      options: { prompt: 'a fox', quality: 'fine' },
    });
  });

  it('keeps zero, false and the empty word', () => {
    const options = [
      { type: 4, name: 'seed', value: 0 },
      { type: 5, name: 'flag', value: false },
      { type: 3, name: 'prompt', value: '' },
    ];
    expect(actionOf(command({}, { name: 'imagine', type: 1, options }))).toMatchObject({
      options: { seed: 0, flag: false, prompt: '' },
    });
  });

  it('takes names for names, also those that JavaScript knows', () => {
    const options = [
      { type: 3, name: '__proto__', value: 'x' },
      { type: 11, name: 'image', value: 'constructor' },
    ];
    const action = actionOf(command({}, { name: 'imagine', type: 1, options, resolved: { attachments: {} } }));
    expect(action.kind === 'command' && Object.keys(action.options)).toEqual(['__proto__']);
    expect(Object.getPrototypeOf(action.kind === 'command' ? action.options : {})).toBe(Object.prototype);
  });

  it('reads buttons, selects, and forms in rows or under labels', () => {
    const message = { id: '8', flags: 64 };
    expect(actionOf(command({ type: 3, message }, { custom_id: '1.vary.j.0', component_type: 2 }))).toEqual({
      kind: 'button',
      id: '1.vary.j.0',
      isPrivate: true,
    });
    expect(actionOf(command({ type: 3, message }, { custom_id: 's', component_type: 3, values: ['a'] }))).toEqual({
      kind: 'select',
      id: 's',
      values: ['a'],
    });
    const components = [
      { type: 1, components: [{ type: 4, custom_id: 'prompt', value: 'a fox' }] },
      { type: 18, component: { type: 4, custom_id: 'negative', value: '' } },
    ];
    expect(actionOf(command({ type: 5 }, { custom_id: 'f', components }))).toEqual({
      kind: 'form',
      id: 'f',
      fields: { prompt: 'a fox', negative: '' },
    });
    const pressed = (value: string | null) => [{ type: 18, component: { type: 21, custom_id: 'kind', value } }];
    expect(actionOf(command({ type: 5 }, { custom_id: 'f', components: pressed('emoji') }))).toMatchObject({
      fields: { kind: 'emoji' },
    });
    expect(actionOf(command({ type: 5 }, { custom_id: 'f', components: pressed(null) }))).toMatchObject({
      fields: { kind: '' },
    });
    expect(parse(command({ type: 3, message }, { custom_id: 's', component_type: 2 }))?.token.source).toEqual({
      id: '8',
      isPrivate: true,
    });
  });

  it('reads the buttons of a message from its menu, but only of our own messages', () => {
    const components = [
      {
        type: 1,
        components: [
          { type: 2, custom_id: '1.info.j' },
          { type: 2, url: 'https://x.test' },
        ],
      },
    ];
    const menu = (author: string) =>
      command(
        {},
        {
          name: 'Show generation info',
          type: 3,
          target_id: '77',
          resolved: { messages: { 77: { id: '77', author: { id: author }, components } } },
        },
      );
    expect(actionOf(menu(APP))).toEqual({ kind: 'message', name: 'info', buttonIds: ['1.info.j'] });
    expect(actionOf(menu('666'))).toEqual({ kind: 'message', name: 'info', buttonIds: [] });
  });

  it('knows what is being typed', () => {
    const options = [
      { type: 3, name: 'prompt', value: 'a fox' },
      { type: 3, name: 'style', value: 'ne', focused: true },
    ];
    expect(parse(command({ type: 4 }, { name: 'imagine', type: 1, options }))).toMatchObject({
      kind: 'suggest',
      command: 'imagine',
      option: 'style',
      partial: 'ne',
    });
  });
});

describe('a payload of any shape', () => {
  it('is nothing, never a failure', () => {
    const found = fc.check(fc.property(fc.anything(), (payload) => parse(payload) === undefined));
    expect(found.counterexample).toBeNull();
    const reasons: string[] = [];
    parseInteraction({ ...command(), token: 7 }, { ...context, onUnknown: (reason) => reasons.push(reason) });
    expect(reasons).toEqual(['token: invalid_type']);
  });

  it('that is nearly right is an invocation or nothing, never a failure', () => {
    const key = fc.constantFrom(
      'id', 'type', 'token', 'data', 'guild_id', 'guild', 'channel', 'channel_id', 'member', 'user', 'message', 'locale',
      'app_permissions', 'attachment_size_limit', 'application_id',
    ); // prettier-ignore
    const dataKey = fc.constantFrom(
      'name',
      'type',
      'options',
      'custom_id',
      'values',
      'components',
      'resolved',
      'target_id',
    );
    const value = fc.oneof(fc.jsonValue(), fc.constantFrom('__proto__', 'constructor', '1', 4, 3, 5, -1, 2 ** 60));
    fc.assert(
      fc.property(
        fc.dictionary(key, value),
        fc.dictionary(dataKey, value),
        fc.integer({ min: 1, max: 6 }),
        (outer, inner, type) => {
          const delivery = parse(command({ type, data: { name: 'imagine', ...inner }, ...outer }));
          const action = delivery?.kind === 'invocation' ? delivery.invocation.action : undefined;
          expect(action === undefined || typeof action.kind === 'string').toBe(true);
        },
      ),
      { numRuns: 500 },
    );
  });
});
