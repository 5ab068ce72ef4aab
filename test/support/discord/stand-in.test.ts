/** The stand-in is as strict as the documentation: what it lets pass, Discord would too. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { commandList } from './command-rules.ts';
import { FakeDiscord } from './index.ts';
import { messageBody, modalBody } from './message-rules.ts';
import { RateLimits } from './rate-limits.ts';
import type { Interaction } from './world.ts';

const option = (name: string, more: object = {}) => ({ type: 3, name, description: 'words', ...more });
const command = (...options: readonly object[]) => [{ type: 1, name: 'imagine', description: 'words', options }];
const button = (id: string, more: object = {}) => ({ type: 2, style: 2, label: 'U1', custom_id: id, ...more });
const row = (...components: readonly object[]) => ({ type: 1, components });

describe('commands', () => {
  it.each([
    ['required after optional', command(option('a'), option('b', { required: true }))],
    ['suggestions beside choices', command(option('a', { autocomplete: true, choices: [{ name: 'x', value: 'x' }] }))],
    [
      '26 choices',
      command(option('a', { choices: Array.from({ length: 26 }, (_, at) => ({ name: `${at}`, value: `${at}` })) })),
    ],
    ['an upper-case name', command(option('Prompt'))],
    ['a description of 101', command(option('a', { description: 'x'.repeat(101) }))],
    ['a name twice', [...command(), ...command()]],
    [
      'more than 8000 characters',
      command(
        ...Array.from({ length: 4 }, (_, at) =>
          option(`o${at}`, {
            choices: Array.from({ length: 25 }, (_, nr) => ({ name: `${nr}`, value: 'v'.repeat(80) })),
          }),
        ),
      ),
    ],
  ])('with %s are refused', (_, commands) => {
    expect(commandList.safeParse(commands).success).toBe(false);
  });

  it('that keep to the rules are taken', () => {
    expect(commandList.safeParse(command(option('a', { required: true }), option('b'))).error).toBeUndefined();
  });
});

describe('messages', () => {
  const buttons = (count: number) => Array.from({ length: count }, (_, at) => button(`b${at}`));
  const select = { type: 3, custom_id: 's', options: [{ label: 'a', value: 'a' }] };
  it.each([
    ['6 buttons in a row', { components: [row(...buttons(6))] }],
    ['6 rows', { components: Array.from({ length: 6 }, (_, at) => row(button(`r${at}`))) }],
    ['an id twice', { components: [row(button('x')), row(button('x'))] }],
    ['an id of 101', { components: [row(button('x'.repeat(101)))] }],
    ['a button without words', { components: [row(button('x', { label: undefined }))] }],
    ['a button without style', { components: [row(button('x', { style: undefined }))] }],
    ['a button beside a select', { components: [row(select, button('x'))] }],
    ['a value twice', { components: [row({ ...select, options: [...select.options, ...select.options] })] }],
    ['2001 characters', { content: 'x'.repeat(2001) }],
    ['an alternative text of 1025', { attachments: [{ id: 0, description: 'x'.repeat(1025) }] }],
    ['a nonce of 26', { content: 'x', nonce: 'x'.repeat(26) }],
    ['users allowed twice', { content: 'x', allowed_mentions: { parse: ['users'], users: ['100000000000000001'] } }],
    ['a flag of another layout', { content: 'x', flags: 1 << 15 }],
  ])('with %s are refused', (_, body) => {
    expect(messageBody.safeParse(body).success).toBe(false);
  });

  it('and forms with too long a value or too many fields are refused', () => {
    const field = (id: string, more: object = {}) => ({
      type: 18,
      label: 'Prompt',
      component: { type: 4, custom_id: id, style: 1, ...more },
    });
    const form = (...components: readonly object[]) => ({ custom_id: 'f', title: 'Remix', components });
    expect(modalBody.safeParse(form(field('a'))).error).toBeUndefined();
    expect(modalBody.safeParse(form(field('a', { max_length: 2, value: 'abc' }))).success).toBe(false);
    expect(modalBody.safeParse(form(...'abcdef'.split('').map((id) => field(id)))).success).toBe(false);
    expect(modalBody.safeParse({ ...form(field('a')), title: 'x'.repeat(46) }).success).toBe(false);
  });
});

describe('an interaction', () => {
  let fake: FakeDiscord;

  beforeEach(async () => {
    fake = await FakeDiscord.start({ time: 'still' });
    await ask('PUT', `/applications/${fake.world.application.id}/commands`, command(option('prompt')));
  });

  afterEach(async () => {
    await fake.stop();
  });

  /** The status and Discord's own code of the answer. */
  async function ask(method: string, path: string, body?: unknown): Promise<readonly [number, number | undefined]> {
    const response = await fetch(`${fake.apiUrl}/v10${path}`, {
      method,
      headers: { authorization: `Bot ${fake.token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const answer: unknown = JSON.parse((await response.text()) || '{}');
    const code = typeof answer === 'object' && answer !== null && 'code' in answer ? Number(answer.code) : undefined;
    return [response.status, code];
  }

  const asked = (): Interaction => fake.user('ann').slash('imagine').interaction;
  const acknowledge = async ({ id, token }: Interaction, body: unknown = { type: 5 }) =>
    ask('POST', `/interactions/${id}/${token}/callback`, body);
  const hook = ({ token }: Interaction) => `/webhooks/${fake.world.application.id}/${token}`;

  it('is acknowledged within three seconds or never', async () => {
    const interaction = asked();
    fake.world.clock.skip(3_001);
    expect(await acknowledge(interaction)).toEqual([404, 10_062]);
  });

  it('is acknowledged once', async () => {
    const interaction = asked();
    expect(await acknowledge(interaction)).toEqual([204, undefined]);
    expect(await acknowledge(interaction)).toEqual([400, 40_060]);
  });

  it('is acknowledged in a way that fits it', async () => {
    expect(await acknowledge(asked(), { type: 6 })).toEqual([400, 50_035]);
    expect(await acknowledge(asked(), { type: 8, data: { choices: [] } })).toEqual([400, 50_035]);
    expect(await acknowledge(asked(), { type: 5, data: { flags: 1 << 15 } })).toEqual([400, 50_035]);
  });

  it('has a webhook from its acknowledgement on, for fifteen minutes', async () => {
    const interaction = asked();
    expect(await ask('POST', hook(interaction), { content: 'x' })).toEqual([404, 10_015]);
    await acknowledge(interaction);
    expect(await ask('PATCH', `${hook(interaction)}/messages/@original`, { content: 'x' })).toEqual([200, undefined]);
    fake.world.clock.skip(15 * 60_000 + 1);
    expect(await ask('PATCH', `${hook(interaction)}/messages/@original`, { content: 'x' })).toEqual([401, 50_027]);
  });

  it('fills its public placeholder with the first follow-up, however private that was meant', async () => {
    const interaction = asked();
    await acknowledge(interaction);
    await ask('POST', hook(interaction), { content: 'secret', flags: 64 });
    expect(fake.user('bo').sees.map((message) => message.text)).toEqual(['secret']);
  });

  it('answered privately is seen by one person, and not by the channel’s routes', async () => {
    const interaction = asked();
    await acknowledge(interaction, { type: 5, data: { flags: 64 } });
    expect(fake.user('bo').sees).toEqual([]);
    const path = `/channels/${fake.channel.id}/messages/${interaction.original}`;
    expect(await ask('PATCH', path, { content: 'x' })).toEqual([404, 10_008]);
  });

  it('and a channel ask for the bot’s permissions, and for the bot', async () => {
    const path = `/channels/${fake.channel.id}/messages`;
    expect(await ask('POST', path, {})).toEqual([400, 50_006]);
    fake.channel.botPermissions = ['viewChannel'];
    expect(await ask('POST', path, { content: 'x' })).toEqual([403, 50_013]);
    fake.channel.botPermissions = [];
    expect(await ask('POST', path, { content: 'x' })).toEqual([403, 50_001]);
    expect(fake.limits.invalidRequests).toBe(2);
    const stranger = await fetch(`${fake.apiUrl}/v10/users/@me`, { headers: { authorization: 'Bot wrong' } });
    expect(stranger.status).toBe(401);
  });

  it('is limited to so many edits in a while, and says so beforehand', () => {
    const limits = new RateLimits();
    const path = '/webhooks/100000000000000001/token/messages/@original';
    const asked = Array.from({ length: 6 }, () => limits.ask('PATCH', path));
    expect(asked.map((each) => each?.isAllowed)).toEqual([true, true, true, true, true, false]);
    expect(asked.map((each) => each?.headers['x-ratelimit-remaining'])).toEqual(['4', '3', '2', '1', '0', '0']);
    expect(limits.ask('POST', path)?.isAllowed).toBe(true);
    expect(limits.ask('POST', '/interactions/1/token/callback')).toBeUndefined();
  });
});
