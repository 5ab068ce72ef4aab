/**
 * One process in many workspaces of Slack, through the real Bolt and the real OAuth client: each installs the app by a
 * browser and has its own styles, settings, queue and limits; one takes it away, one's token cannot be read any more, one's
 * is renewed while a picture is drawn, and an organisation shares one.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { DEFAULT_SETTINGS } from '../../src/store/index.ts';
import { FakeSlack } from '../support/slack/fake-slack.ts';
import { signedHeaders } from '../support/slack/deliveries.ts';
import type { Person } from '../support/slack/person.ts';
import { openInstallableBot } from '../support/slack/running-bot.ts';
import type { Seen } from '../support/slack/screen.ts';
import { PATIENT, shown } from '../support/slack/shown.ts';
import type { StoredChannel } from '../support/slack/state.ts';
import { createStubRunner, type StubRunnerOptions } from '../support/stub-runner.ts';

const DAY_MS = 86_400_000;

let folder: string;
let fake: FakeSlack;
let product: Awaited<ReturnType<typeof openInstallableBot>>;
let beforeStep: NonNullable<StubRunnerOptions['beforeStep']>;
let said: string[];

const SIGNING_SECRET = 'a secret that signs';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fourstep-workspaces-'));
  said = [];
  beforeStep = () => undefined;
  fake = await FakeSlack.start();
  product = await startProduct('a secret of more than thirty-two letters');
});

afterEach(async () => {
  await product.close();
  await fake.stop();
  await rm(folder, { recursive: true, force: true });
});

function startProduct(secretKey: string, more: { readonly signingSecret?: string } = {}) {
  const log = {
    debug: () => undefined,
    info: () => undefined,
    warn: (_: object, words: string) => void said.push(words),
    error: (_: object, words: string) => void said.push(words),
  };
  const runner = createStubRunner({ beforeStep: (...step) => beforeStep(...step) });
  return openInstallableBot(fake, { folder, secretKey, log, runner, ...more });
}

type Home = { readonly admin: Person; readonly ana: Person; readonly channel: StoredChannel };

/** A workspace with an admin and somebody else, in a channel of their own. */
function workspace(team: string): Home {
  const channel = fake.channel(`general-of-${team}`, { team });
  const people = { team, home: channel.id };
  return { channel, admin: fake.person('Root', { ...people, isAdmin: true }), ana: fake.person('Ana', people) };
}

async function install(team: string | undefined, more: { enterprise?: string; rotatesAfterMs?: number } = {}) {
  const installed = { team, enterprise: undefined, name: `Team ${team ?? more.enterprise}`, installer: 'U0', ...more };
  const page = await fake.install(product.url, installed);
  expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('Fourstep is in')]);
}

const isFinished = (message: Seen): boolean => message.buttons.some(({ label }) => /Delete|Löschen/.test(label));

async function draws(home: Home, prompt: string): Promise<Seen> {
  await home.ana.slash('/imagine', `${prompt} --count 1`);
  const answer = await shown(home.ana, (message) => isFinished(message) && message.words.includes(prompt));
  expect(answer.channel).toBe(home.channel.id);
  return answer;
}

it('three workspaces and an organisation have one bot, and each its own', async () => {
  const [one, two, three] = [workspace('T1'), workspace('T2'), workspace('T3')];
  fake.state.organisations.set('T91', 'E9').set('T92', 'E9');
  const [first, second] = [workspace('T91'), workspace('T92')];
  for (const team of ['T1', 'T2', 'T3']) {
    await install(team);
  }
  await install(undefined, { enterprise: 'E9' });
  for (const [k, home] of [one, two, three, first, second].entries()) {
    await draws(home, `a fox number ${k}`);
  }

  // Settings, queue and limits are each server's.
  await one.admin.slash('/settings');
  await shown(one.admin, (message) => message.isPrivate && message.buttons.length > 0);
  await one.admin.press('Language');
  await one.admin.press('Language');
  await shown(one.admin, (message) => message.words.includes('answers: Deutsch'));
  const settings = await Promise.all(
    (['slack:T1', 'slack:T2', 'slack:T91'] as const).map(async (server) => product.stores.settings.of(server)),
  );
  expect(settings.map(({ locale }) => locale)).toEqual(['de', undefined, undefined]);
  await product.stores.settings.save('slack:T91', { ...DEFAULT_SETTINGS, perUserDay: 1 });
  await first.ana.slash('/imagine', 'one too many');
  await shown(first.ana, (message) => message.isPrivate && message.words.includes('day'));
  await draws(second, 'not one too many');
  expect((await product.stores.jobs.recent('slack:T92', 10)).map(({ server }) => server)).toEqual([
    'slack:T92',
    'slack:T92',
  ]);

  // A style of one is none of another's.
  await two.admin.slash('/style', 'add glow');
  await vi.waitFor(() => expect(two.admin.view()).toBeDefined(), PATIENT);
  await two.admin.submit({ file: { file: two.admin.upload('glow.safetensors', loraFile()) } });
  const trial = await shown(two.admin, (message) => message.isPrivate && message.pictures.length > 0);
  await two.admin.press('Save', trial);
  await vi.waitFor(async () => expect(await product.stores.styles.of('slack:T2')).toHaveLength(1), PATIENT);
  await two.ana.slash('/imagine', 'a hen --style glow --count 1');
  await shown(two.ana, (message) => isFinished(message) && message.words.includes('glow'));
  await three.ana.slash('/imagine', 'a hen --style glow');
  await shown(three.ana, (message) => message.isPrivate && message.words.includes('glow'));

  // One takes the app away: it is told how to get it back, what it had goes in time, and the rest goes on.
  await fake.uninstall({ team: 'T3', enterprise: undefined });
  await three.ana.slash('/imagine', 'a lonely fox');
  const away = await shown(three.ana, (message) => message.words.includes('not installed'));
  expect(away.words).toContain(`${product.url}/slack/install`);
  await draws(one, 'a cheerful fox');
  const { departures } = product.stores;
  expect(await departures.due(Date.now() + DAY_MS)).toEqual(['slack:T3']);
  // It comes back in time, and so does its organisation, after it left with all of its workspaces.
  await install('T3');
  await draws(three, 'a returning fox');
  await fake.uninstall({ team: undefined, enterprise: 'E9' });
  expect([...(await departures.due(Date.now() + DAY_MS))].sort()).toEqual(['slack:T91', 'slack:T92']);
  await second.ana.slash('/imagine', 'a lonely fox');
  await shown(second.ana, (message) => message.words.includes('not installed'));
  await install(undefined, { enterprise: 'E9' });
  await draws(second, 'another returning fox');
  expect(await departures.due(Date.now() + DAY_MS)).toEqual([]);
});

it('in a shared channel somebody of another organisation, which has the app too, asks the one whose channel it is', async () => {
  const [one, two] = [workspace('T1'), workspace('T2')];
  await install('T1');
  await install('T2');
  const answer = await draws(one, 'a fox');
  // What Slack says of a person of T2 in a channel of T1.
  fake.deliveries.installedTeam = 'T1';
  await two.ana.press('Reroll', answer);
  const rerolled = await shown(one.ana, (message) => isFinished(message) && message.words.includes('reroll'));
  expect(rerolled.channel).toBe(one.channel.id);
  await two.ana.press('Remix', answer);
  await vi.waitFor(() => expect(two.ana.view()).toBeDefined(), PATIENT);
  await two.ana.submit({ prompt: 'a hen', options: '--count 1' });
  await shown(one.ana, (message) => isFinished(message) && message.words.includes('a hen'));
  await two.ana.mention('an owl --count 1', { channel: one.channel.id });
  await shown(one.ana, (message) => isFinished(message) && message.words.includes('an owl'));
  expect(await product.stores.jobs.recent('slack:T1', 10)).toHaveLength(4);
  expect(await product.stores.jobs.recent('slack:T2', 10)).toEqual([]);
});

it('over HTTP two workspaces are told apart by what is signed, and nothing unsigned is heard', async () => {
  await product.close();
  await fake.stop();
  const eventsUrl = (): string => `${product.url}/slack/events`;
  fake = await FakeSlack.start({ wire: { kind: 'http', eventsUrl, signingSecret: SIGNING_SECRET } });
  product = await startProduct('a secret of more than thirty-two letters', { signingSecret: SIGNING_SECRET });
  const [one, two] = [workspace('T1'), workspace('T2')];
  await install('T1');
  await install('T2');
  const answer = await draws(one, 'a fox');
  await draws(two, 'a hen');
  await one.ana.press('Reroll', answer);
  await shown(one.ana, (message) => isFinished(message) && message.words.includes('reroll'));
  await one.ana.press('Remix', answer);
  await vi.waitFor(() => expect(one.ana.view()).toBeDefined(), PATIENT);
  await one.ana.submit({ prompt: 'a bold fox', private: 'no', options: '--count 1' });
  await shown(one.ana, (message) => isFinished(message) && message.words.includes('a bold fox'));
  await two.ana.mention('an owl --count 1', { channel: two.channel.id });
  await shown(two.ana, (message) => isFinished(message) && message.words.includes('an owl'));
  const jobs = await Promise.all(
    (['slack:T1', 'slack:T2'] as const).map((team) => product.stores.jobs.recent(team, 9)),
  );
  expect(jobs.map(({ length }) => length)).toEqual([3, 2]);

  const forged = await fetch(eventsUrl(), {
    method: 'POST',
    body: 'command=%2Fimagine&text=a+forged+fox&team_id=T1',
    headers: { ...signedHeaders('another secret', '', Math.floor(Date.now() / 1000)) },
  });
  expect(forged.status).toBe(401);
  await fake.uninstall({ team: 'T2', enterprise: undefined });
  await two.ana.slash('/imagine', 'a lonely hen');
  const away = await shown(two.ana, (message) => message.words.includes('not installed'));
  expect(away.words).toContain(`${product.url}/slack/install`);
  await draws(one, 'a cheerful fox');
});

it('a workspace out of which its organisation takes the app is gone alone, and comes back with the next event', async () => {
  fake.state.organisations.set('T91', 'E9').set('T92', 'E9');
  const [first, second] = [workspace('T91'), workspace('T92')];
  await install(undefined, { enterprise: 'E9' });
  await draws(first, 'a fox');
  await draws(second, 'a hen');
  const { departures, installations } = product.stores;
  await fake.withdraw('E9', ['T92', 'T0STRANGER']);
  expect(await departures.due(Date.now() + DAY_MS)).toEqual(['slack:T92']);
  expect(JSON.stringify(await installations.list('link:'))).not.toContain('T92');
  await draws(first, 'a cheerful fox');
  // Slack tells of nothing there any more; what it tells of later is of a workspace that has the app again.
  await draws(second, 'a returning hen');
  expect(await departures.due(Date.now() + DAY_MS)).toEqual([]);
});

it('tokens are sealed, and those of another key are asked for anew while the rest goes on', async () => {
  const [one, two] = [workspace('T1'), workspace('T2')];
  await install('T1');
  await install('T2');
  await draws(one, 'a fox');
  const [granted = ''] = fake.oauth.grants.keys();
  expect(JSON.stringify(await product.stores.installations.list(''))).not.toContain(granted);
  await product.close();

  product = await startProduct('quite another secret, of as many letters');
  await vi.waitFor(() => expect(said.join('\n')).toContain('another SECRET_KEY'), PATIENT);
  await one.ana.slash('/imagine', 'a fox');
  const asked = await shown(one.ana, (message) => message.words.includes('install it again'));
  expect(asked.words).toContain(`${product.url}/slack/install`);
  await install('T2');
  await draws(two, 'a hen');
  await install('T1');
  await draws(one, 'an owl');
});

it('a token that is renewed while a picture is drawn brings the picture all the same', async () => {
  const one = workspace('T1');
  await install('T1', { rotatesAfterMs: DAY_MS / 2 });
  await draws(one, 'a quick fox');
  let draw = (): void => undefined;
  const drawing = new Promise<void>((resolve) => {
    draw = resolve;
  });
  beforeStep = () => drawing;
  await one.ana.slash('/imagine', 'a slow fox --count 1');
  await shown(one.ana, (message) => message.words.includes('Drawing'));
  // The hour comes in which it is renewed early; and then one that ended before anybody knew.
  fake.state.advance(DAY_MS / 2 - 3_600_000);
  draw();
  await shown(one.ana, (message) => isFinished(message) && message.words.includes('a slow fox'));
  expect(fake.oauth.grants.size).toBe(2);
  fake.oauth.revoke(() => true, 'token_expired');
  await draws(one, 'a late fox');
  expect(fake.oauth.grants.size).toBe(3);
  // What Slack gave is what the next process has.
  await product.close();
  product = await startProduct('a secret of more than thirty-two letters');
  await draws(one, 'a fox of tomorrow');
  expect(fake.oauth.grants.size).toBe(3);
  expect(said).toEqual([]);
});

it('a token that Slack takes no longer is said where it was asked, and what left while nobody listened has left', async () => {
  const [one, two] = [workspace('T1'), workspace('T2')];
  await install('T1');
  await install('T2');
  await draws(one, 'a fox');
  fake.oauth.revoke(({ team }) => team === 'T1');
  await one.ana.slash('/imagine', 'another fox');
  await shown(one.ana, (message) => message.isPrivate && message.words.includes('install it again'));
  await draws(two, 'a hen');
  await product.close();
  product = await startProduct('a secret of more than thirty-two letters');
  const { departures } = product.stores;
  await vi.waitFor(async () => expect(await departures.due(Date.now() + DAY_MS)).toEqual(['slack:T1']), PATIENT);
  await draws(two, 'an owl');
});

it('nobody finishes an installation that another began, or the same one twice', async () => {
  const installed = { team: 'T1', enterprise: undefined, name: 'Team', installer: 'U0' };
  const refused = async (meddle: (url: URL) => void) => {
    const page = await fake.install(product.url, installed, meddle);
    expect([page.status, await page.text()]).toEqual([400, expect.stringContaining('Open the link')]);
  };
  await refused((url) => url.searchParams.set('state', 'made.up.by-somebody'));
  await refused((url) => url.searchParams.delete('state'));
  await refused((url) => url.searchParams.set('error', 'access_denied'));
  await refused((url) => url.searchParams.set('code', 'no-such-code'));
  await refused(() => fake.state.advance(11 * 60_000));
  let used = '';
  await fake.install(product.url, installed, (url) => {
    used = url.href;
  });
  const state = new URL(used).searchParams.get('state') ?? '';
  const again = await fetch(used, { headers: { cookie: `slack-app-oauth-state=${state}` } });
  expect(again.status).toBe(400);
  expect(fake.callsOf('oauth.v2.access')).toHaveLength(2);
});

/** The smallest safetensors file: a length, a header, no tensors. */
function loraFile(): Uint8Array {
  const header = Buffer.from('{"__metadata__":{}}');
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, header]);
}
