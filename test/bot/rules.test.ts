/** A server's rules: who may draw, with which style, how much, where with what; whose buttons they are; and undo. */
import { afterEach, describe, expect, it } from 'vitest';

import type { Actor, Role } from '../../src/core/people.ts';
import { FairAdmission } from '../../src/queue/index.ts';
import { DEFAULT_SETTINGS, type ServerSettings } from '../../src/store/index.ts';
import { ada, admin, bob, FakeChat, guild, openWorld, type World, wordsOf } from './world.ts';

const BOOSTER: Role = { id: 'r1', name: 'Booster' };
const boosted: Actor = { ...ada, roles: [BOOSTER.id] };

class ChatWithRoles extends FakeChat {
  async roles(): Promise<readonly Role[]> {
    return [BOOSTER];
  }
}

let world: World;
afterEach(async () => {
  await world.close();
});

async function under(settings: Partial<ServerSettings>): Promise<void> {
  world = await openWorld({ chat: new ChatWithRoles() });
  await world.stores.settings.save(guild.server, { ...DEFAULT_SETTINGS, ...settings });
}

const refusal = (): string => wordsOf(world.chat.privately.at(-1)).join('\n');

describe('a server’s rules', () => {
  it('let those draw who have a role, and admins', async () => {
    await under({ drawRoles: [BOOSTER] });
    await world.imagine('a fox', {}, bob);
    expect(refusal()).toBe('Pictures are drawn here for: Booster. Ask an admin for one of these roles.');
    for (const actor of [boosted, admin]) {
      const at = await world.imagine('a fox', {}, actor);
      expect(world.chat.at(at).picture).toBeDefined();
    }
  });

  it('keep a style for some, also when its picture is drawn again', async () => {
    await under({ styleRoles: { neon: [BOOSTER] } });
    const at = await world.imagine('a fox', { style: 'neon' }, boosted);
    await world.imagine('a fox', { style: 'neon' }, bob);
    expect(refusal()).toContain('The style Neon is for: Booster');
    await world.press(bob, at, 'Reroll');
    expect(world.chat.privately).toHaveLength(2);
    expect(refusal()).toContain('The style Neon is for: Booster');
  });

  it('give a role limits of its own', async () => {
    await under({ perUserDay: 1, roleLimits: [{ role: BOOSTER, perUserDay: 3 }] });
    await world.imagine('a fox', { count: 2 }, bob);
    expect(refusal()).toContain('You have 1 of 1 pictures left today');
    await world.imagine('a fox', { count: 2 }, boosted);
    await world.imagine('a hen', { count: 2 }, boosted);
    expect(refusal()).toContain('You have 1 of 3 pictures left today');
  });

  it('draw with a channel’s own style and model, whatever is usual', async () => {
    await under({ channelRules: [{ channel: guild.channel, style: 'neon' }] });
    const at = await world.imagine('a fox');
    expect(wordsOf(world.chat.at(at)).join(' ')).toContain('Neon');
    const elsewhere = await world.act(
      ada,
      { kind: 'command', name: 'imagine', options: { prompt: 'a fox' } },
      { place: { ...guild, channel: 'other' } },
    );
    expect(wordsOf(world.chat.at(elsewhere)).join(' ')).not.toContain('Neon');
  });

  it('leave a picture’s buttons to who asked for it, and to moderators', async () => {
    await under({ buttonsFor: 'requester' });
    const at = await world.imagine('a fox');
    await world.press(bob, at, 'Reroll');
    expect(refusal()).toContain('Only Ada');
    await world.press(ada, at, 'Reroll');
    await world.press(admin, at, 'V1');
    expect(world.chat.privately).toHaveLength(1);
  });

  it('are set in forms, said as they were and are, and taken away by nothing', async () => {
    await under({});
    const at = await world.act(admin, { kind: 'command', name: 'settings', options: {} });
    await world.press(admin, at, 'Rules');
    const submit = async (field: string, fields: Record<string, string>) =>
      world.act(admin, { kind: 'form', id: `1.panel.${field}`, fields }, { at });
    const settings = async () => world.stores.settings.of(guild.server);
    const said = (): string => wordsOf(world.chat.at(at)).join('\n');
    await submit('roles', { roles: '@booster' });
    expect(said()).toContain('Who may draw: was everybody, is Booster');
    await submit('role-limits', { role: 'r1', day: '9', slots: '' });
    expect(said()).toContain('Limits by role: Booster: 9 a day');
    await submit('style-roles', { style: 'Neon', styleRoles: 'r1' });
    await submit('places', { place: '<#general>', placeStyle: 'neon', placeModel: 'moji' });
    expect(await settings()).toMatchObject({
      drawRoles: [BOOSTER],
      roleLimits: [{ role: BOOSTER, perUserDay: 9 }],
      styleRoles: { neon: [BOOSTER] },
      channelRules: [{ channel: 'general', style: 'neon', model: 'moji' }],
    });
    await submit('roles', { roles: 'nobody' });
    expect(refusal()).toContain('There is no role or group “nobody” here.');
    await submit('roles', { roles: '' });
    await submit('role-limits', { role: 'r1' });
    await submit('style-roles', { style: 'neon', styleRoles: '' });
    await submit('places', { place: 'general' });
    expect(await settings()).toMatchObject({ drawRoles: [], roleLimits: [], styleRoles: {}, channelRules: [] });
  });
});

describe('a style that was removed', () => {
  it('comes back for a day, with its file and as the default', async () => {
    await under({ defaultStyle: 'mine' });
    const preset = {
      id: 'mine',
      name: 'Mine',
      model: 'moji',
      sha256: 'a'.repeat(64),
      weight: 1,
      trigger: '',
      negative: '',
      description: '',
      addedBy: admin.user,
      addedByName: 'Root',
      addedAtMs: 1,
    };
    await world.stores.styles.save(guild.server, preset);
    const at = await world.act(admin, { kind: 'command', name: 'style remove', options: { name: 'mine' } });
    expect(await world.stores.styles.get(guild.server, 'mine')).toBeUndefined();
    expect(await world.stores.styles.usesFile(preset.sha256)).toBe(true);
    await world.press(admin, at, 'Undo');
    expect(await world.stores.styles.get(guild.server, 'mine')).toEqual(preset);
    expect((await world.stores.settings.of(guild.server)).defaultStyle).toBe('mine');
    await world.press(admin, at, 'Undo').catch(() => undefined);
    expect(await world.stores.styles.of(guild.server)).toHaveLength(1);
  });
});

describe('where an answer reaches its person for minutes only', () => {
  it('a longer wait is refused at once, and nothing of it is kept or counted', async () => {
    const admission = new FairAdmission({ slots: 1 });
    let release = (): void => undefined;
    const other = { id: 'other', server: 'discord:9', user: 'discord:9', costMs: 1, priority: 'job' } as const;
    const held = admission.add(other, undefined, async () => new Promise<void>((resolve) => (release = resolve)));
    admission.place = () => ({ ahead: 9, estimateMs: 20 * 60_000 });
    world = await openWorld({ ports: { admission } });
    await world.act(
      ada,
      { kind: 'command', name: 'imagine', options: { prompt: 'a fox' } },
      { place: { ...guild, answerWithinMs: 13 * 60_000 } },
    );
    expect(refusal()).toContain('The wait is about 20 minutes, and here an answer reaches you for 13 minutes only.');
    expect(await world.stores.jobs.ofUser(ada.user)).toEqual([]);
    expect(admission.counts()).toMatchObject({ waiting: 0, running: 1 });
    release();
    await held;
  });
});
