/**
 * What strangers try at a running bot in Discord: words past the lists through every command and button, ids on
 * other messages and of other servers, the data of others, payloads of every wrong kind, and more than anybody should send.
 */
import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, test as plainTest, vi } from 'vitest';

import { deployCommands, INTERACTIONS_PATH } from '../../src/adapters/discord/index.ts';
import { encodePng } from '../../src/image/index.ts';
import { type Database, openMemory } from '../../src/store/index.ts';
import { EVASIONS, FLOODS, forgedIds, twisted } from '../support/strangers.ts';
import { postSigned, signature } from '../support/discord/endpoint.ts';
import { type Endpoint, FakeDiscord } from '../support/discord/index.ts';
import type { Person } from '../support/discord/person.ts';
import { openDiscordBot } from '../support/discord/running-bot.ts';
import type { SeenMessage } from '../support/discord/seen.ts';
import { createStubRunner } from '../support/stub-runner.ts';
import { installed, SMALL_MOJI } from '../support/manifests.ts';

const ADMIN = { permissions: ['manageGuild'] } as const;
const FAULT = /not your doing/u;

type Scene = {
  readonly folder: string;
  readonly fake: FakeDiscord;
  readonly database: Database;
  readonly running: Awaited<ReturnType<typeof openDiscordBot>>;
  /** The words of all that reached the device. */
  readonly drawn: string[];
  readonly endpoint: Endpoint;
};

const it = plainTest.extend<{ readonly scene: Scene }>({
  // oxlint-disable-next-line no-empty-pattern
  scene: async ({}, use) => {
    const folder = await mkdtemp(join(tmpdir(), 'fourstep-strangers-'));
    const fake = await FakeDiscord.start();
    const database = openMemory();
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    const drawn: string[] = [];
    const running = await openDiscordBot({
      fake,
      database,
      folder,
      publicKey: publicKey.export({ format: 'der', type: 'spki' }).subarray(-32).toString('hex'),
      runner: createStubRunner({
        sizePx: 16,
        beforeStep: (work) => void (work.kind === 'imagine' && drawn.push(work.request.prompt)),
      }),
      options: {
        blockedWords: ['kitten'],
        adultWords: ['naked'],
        quota: { perUser: undefined, perServer: undefined },
        queue: { perUser: 1000, perServer: 1000 },
      },
      ports: { models: { list: () => [installed({ ...SMALL_MOJI, styles: [] })] } },
    });
    await deployCommands({ token: fake.token, restUrl: fake.apiUrl });
    const [adapter] = running.adapters;
    const server = createServer((request, response) => {
      (adapter as { readonly listener?: (...given: unknown[]) => void }).listener?.(request, response);
    });
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}${INTERACTIONS_PATH}`;
    await use({ folder, fake, database, running, drawn, endpoint: { url, key: privateKey } });
    // Whatever was tried: no place on this machine, no fault of ours, and nobody left waiting.
    const said = [...fake.world.messages.values()];
    const wrong = said.find(({ content, isLoading }) => content.includes(folder) || FAULT.test(content) || isLoading);
    if (wrong !== undefined) {
      throw new Error(`somebody reads, or waits for ever at: ${wrong.content}`);
    }
    await running.close();
    server.closeAllConnections();
    server.close();
    await fake.stop();
    await rm(folder, { recursive: true, force: true });
  },
});

const refusal = async (exchange: ReturnType<Person['slash']>): Promise<SeenMessage> => {
  const answer = await exchange.answer();
  expect(answer).toMatchObject({ isPrivate: true, pictures: [] });
  return answer;
};
const lora = (name = 'glow.safetensors') => {
  const header = Buffer.from('{"__metadata__":{}}');
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return { name, contentType: 'application/octet-stream', data: Buffer.concat([length, header]) };
};
const png = async (name: string) => {
  const { data } = await encodePng({ width: 40, height: 30, data: new Uint8Array(3600).fill(90) });
  return { name, contentType: 'image/png', data: Buffer.from(data) };
};
/** The stand-in itself finds the shard by these. */
const dispatch = (fake: FakeDiscord, payload: Readonly<Record<string, unknown>>): void => {
  if (
    typeof payload['id'] === 'string' &&
    typeof payload['guild_id'] === 'string' &&
    /^\d+$/u.test(payload['guild_id'])
  ) {
    fake.gateway.dispatch('INTERACTION_CREATE', payload);
  }
};
const whenSaid = (person: Person, words: string) => person.finds(words, ({ text }) => text.includes(words));
/** The trial of a style, once it can be saved. */
const trial = async (root: Person, options: Parameters<Person['slash']>[1]) =>
  root.slash('style add', options).answer(({ buttons }) => buttons.some(({ label }) => label.includes('Save')));

it('words that the lists forbid pass neither commands, forms nor styles, however they are written', async ({
  scene,
}) => {
  const { fake, drawn } = scene;
  const [ann, root] = [fake.user('ann'), fake.user('root', ADMIN)];
  const first = await ann.slash('imagine', { prompt: 'a fox' }).picture();
  const blocked = EVASIONS.map((word) => word.replaceAll(/nak/giu, 'kit').replaceAll(/ed/giu, 'ten'));
  for (const word of [...EVASIONS, ...blocked.slice(0, 6)]) {
    await refusal(ann.slash('imagine', { prompt: `a ${word} statue` }));
    await refusal(await ann.submit(ann.press('Remix', first), { prompt: `a ${word} statue` }));
  }
  for (const word of blocked.slice(0, 6)) {
    await refusal(ann.slash('imagine', { prompt: 'a fox', negative: word }));
    await refusal(ann.slash('imagine', { prompt: `a fox --no ${word}` }));
    await refusal(await ann.submit(ann.press('Remix', first), { options: `--no "${word}"` }));
  }
  await refusal(await ann.submit(ann.press('Remix', first), { prompt: 'a', options: 'naked' }));
  await refusal(await ann.submit(ann.menu('Use as start', first), { prompt: 'na-ked' }));

  root.press('Save', await trial(root, { name: 'glow', file: lora(), trigger: 'sparks' }));
  await whenSaid(root, 'Saved');
  for (const words of [{ trigger: 'naked1' }, { trigger: 'k1tten' }, { description: 'n.a.k.e.d' }]) {
    await refusal(root.slash('style edit', { name: 'glow', ...words }));
    await refusal(root.slash('style add', { name: 'other', file: lora(), ...words }));
  }
  for (const to of ['kitten', 'na-ked', 'naked2', '../../etc/passwd']) {
    await refusal(root.slash('style rename', { name: 'glow', to }));
    await refusal(root.slash('style add', { name: to, file: lora() }));
  }
  expect(drawn.filter((prompt) => /statue|kit|nak/iu.test(prompt))).toEqual([]);
});

it('what became forbidden since is neither drawn again nor shown, by no button, form or menu', async ({ scene }) => {
  const { fake, running, drawn } = scene;
  const channel = fake.addChannel({ name: 'adults', guild: fake.guild, isNsfw: true });
  const [ann, bo] = [fake.user('ann', { ...ADMIN, channel }), fake.user('bo', { ...ADMIN, channel })];
  const picture = await ann.slash('imagine', { prompt: 'a naked statue', count: 2 }).picture();
  const server = `discord:${fake.guild.id}` as const;
  const { settings } = running.stores;
  await settings.save(server, { ...(await settings.of(server)), adult: 'never' });
  const { length } = drawn;
  for (const person of [ann, bo]) {
    for (const label of ['U1', 'V2', 'Reroll']) {
      await refusal(person.press(label, picture));
    }
    await refusal(await person.submit(person.press('Remix', picture), {}));
    await refusal(person.menu('Upscale picture', picture));
    await refusal(await person.submit(person.menu('Use as start', picture), { prompt: 'a hat' }));
    await refusal(person.press('Emoji', picture));
  }
  expect(drawn).toHaveLength(length);
});

it('an id acts on the message that carries it, for whom it is, in its server, and on nothing else', async ({
  scene,
}) => {
  const { fake, running, drawn } = scene;
  const elsewhere = fake.addChannel({ name: 'other', guild: fake.addGuild('Other') });
  const [ann, bo, eve] = [fake.user('ann'), fake.user('bo'), fake.user('eve', { ...ADMIN, channel: elsewhere })];
  const mine = await ann.slash('imagine', { prompt: 'a fox' }).picture();
  const others = await bo.slash('imagine', { prompt: 'a hen' }).picture();
  const secret = await ann.slash('imagine', { prompt: 'a secret', private: true }).picture();
  const away = await eve.slash('imagine', { prompt: 'a cow' }).picture();
  const idOf = (message: SeenMessage, word: string): string =>
    message.buttons.find(({ label }) => label.includes(word))?.id ?? '';
  const before = drawn.length;
  await refusal(bo.pressId(idOf(others, 'Delete'), mine.id));
  await refusal(eve.pressId(idOf(mine, 'Reroll'), away.id));
  const job = idOf(secret, 'Info').split('.')[2] ?? '';
  for (const id of [...forgedIds(job), ...forgedIds('x')]) {
    await refusal(bo.pressId(id, mine.id));
  }
  // Forms need no message: what they name is asked for anew.
  for (const id of [...forgedIds(job), ...forgedIds(idOf(away, 'Info').split('.')[2] ?? '')]) {
    const { interaction, payload } = bo.compose('a form');
    const fields = ['prompt', 'options', 'name', 'words', 'roles', 'owner', '__proto__', 'constructor'];
    const components = fields.map((field) => ({
      type: 1,
      components: [{ type: 4, custom_id: field, value: 'a secret way' }],
    }));
    if (id === '1.imagine-form') {
      continue; // that one is everybody's
    }
    fake.gateway.dispatch('INTERACTION_CREATE', { ...payload, type: 5, data: { custom_id: id, components } });
    await fake.world.until(`an answer to ${id}`, () => interaction.answerType);
  }
  await refusal(bo.slash('imagine', { prompt: '--steps 99' }));
  expect(drawn).toHaveLength(before);
  for (const message of [mine, others, secret, away]) {
    expect(fake.world.messages.get(message.id)?.content).toBe(message.text);
  }
  const server = `discord:${fake.guild.id}` as const;
  expect(await running.stores.people.blocked(server)).toEqual([]);
  expect(await running.stores.jobs.recent(server, 100)).toHaveLength(3);
});

it('forgetting takes all of one person and nothing of another', async ({ scene }) => {
  const { fake, folder, database } = scene;
  const [ann, bo] = [fake.user('ann', ADMIN), fake.user('bo')];
  const image = await png('../../same.png');
  await ann.slash('imagine', { prompt: 'a hat', image }).picture();
  const his = await bo.slash('imagine', { prompt: 'a hat', image }).picture();
  const own = await ann.slash('imagine', { prompt: 'a fox' }).picture();
  // A form that she opened and never sent.
  await ann
    .menu('Use as start', await ann.slash('imagine', { prompt: 'a lone hen', seed: 3, count: 1 }).picture())
    .modal();
  await ann.press('U1', own).picture();
  await ann.slash('style mine', { name: 'none' }).answer();
  await trial(ann, { name: 'glow', file: lora() });
  const filesBefore = (await readdir(folder, { recursive: true })).filter((name) => name.includes('.png')).length;
  const asked = await ann.slash('mydata delete').answer(({ buttons }) => buttons.length > 0);
  ann.press('Delete my data', asked);
  await whenSaid(ann, 'Deleted');
  const left = async (): Promise<readonly string[]> => {
    const keys = (await database.keys('')).filter((key) => !/^(?:quota|seen)\//u.test(key));
    const kept = await database.getMany(keys);
    return keys.filter((key, at) => `${key} ${JSON.stringify(kept[at])}`.includes(ann.user.id));
  };
  // The event itself is over once it has been answered.
  await vi.waitFor(async () => expect(await left()).toEqual([]), { timeout: 10_000 });
  const hers = (await database.keys('start/')).length;
  expect([hers, filesBefore > 2]).toEqual([0, true]);
  // His begins from the very same picture.
  await bo.press('Reroll', his).picture();
});

it('a draft that is discarded leaves the file to the other draft, and no file name leads anywhere', async ({
  scene,
}) => {
  const { fake, folder } = scene;
  const root = fake.user('root', ADMIN);
  const file = lora('../../../../tmp/evil.safetensors');
  const one = await trial(root, { name: 'one', file });
  const two = await trial(root, { name: 'two', file });
  root.press('Discard', one);
  await whenSaid(root, 'Discarded');
  root.press('Save', two);
  await whenSaid(root, 'Saved');
  await root.slash('imagine', { prompt: 'a fox', style: 'two' }).picture();
  for (const style of ['../../two', '/etc/passwd', '__proto__', 'constructor', '<lora:two:1>']) {
    await refusal(root.slash('imagine', { prompt: 'a fox', style }));
  }
  for (const from of ['file:///etc/passwd', '../../etc/passwd', '/etc/passwd', '@nobody', '/dev/zero']) {
    await refusal(root.slash('imagine', { prompt: 'a fox', from }));
  }
  await root.slash('imagine', { prompt: 'a fox', image: await png('../../../../tmp/evil.png') }).picture();
  const names = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  expect(names.filter(({ name }) => !/^[0-9a-f]{64}\.(png|safetensors)$|^store/u.test(name))).toEqual([]);
});

it('floods of signs are answered, each by one', async ({ scene }) => {
  const { fake } = scene;
  const ann = fake.user('ann');
  for (const flood of FLOODS) {
    const long = ann.compose('flood');
    const options = [{ name: 'prompt', type: 3, value: flood }];
    fake.gateway.dispatch('INTERACTION_CREATE', {
      ...long.payload,
      data: { id: '1', name: 'imagine', type: 1, options },
    });
    const short = ann.slash('imagine', { prompt: Array.from(flood).slice(0, 900).join('') });
    await Promise.all([fake.world.until('an answer', () => long.interaction.answerType), short.answer()]);
  }
});

it('payloads with any field of another kind end nothing, over the gateway and over HTTP', async ({ scene }) => {
  const { fake, endpoint } = scene;
  const ann = fake.user('ann');
  const picture = await ann.slash('imagine', { prompt: 'a fox', count: 1 }).picture();
  const message = fake.messages.json(fake.world.messages.get(picture.id)!);
  const data = {
    command: {
      type: 2,
      data: { id: '1', name: 'imagine', type: 1, options: [{ name: 'prompt', type: 3, value: 'a' }] },
    },
    press: { type: 3, message, data: { custom_id: '1.info.none', component_type: 2 } },
    form: {
      type: 5,
      data: {
        custom_id: '1.remix.none',
        components: [{ type: 1, components: [{ type: 4, custom_id: 'prompt', value: 'a' }] }],
      },
    },
    menu: {
      type: 2,
      data: { id: '1', name: 'Use as start', type: 3, target_id: '1', resolved: { messages: { 1: message } } },
    },
  };
  let statuses: number[] = [];
  for (const parts of Object.values(data)) {
    const payloads = [...twisted({ ...ann.compose('x').payload, ...parts })];
    for (const [turn, payload] of payloads.entries()) {
      if (turn % 3 === 0) {
        dispatch(fake, payload);
      } else if (turn % 12 === 1) {
        statuses.push((await postSigned(endpoint, payload, Date.now())).status);
      }
    }
  }
  statuses = [...new Set(statuses)].filter((status) => status >= 500);
  expect(statuses).toEqual([]);
  await ann.slash('imagine', { prompt: 'still here' }).picture();
});

it('huge, half and headless bodies are refused before they weigh anything', async ({ scene }) => {
  const { endpoint, fake } = scene;
  const big = 'x'.repeat(3 * 1024 * 1024);
  const nowS = String(Math.floor(Date.now() / 1000));
  const send = async (body: string, headers: Record<string, string>): Promise<number> =>
    await fetch(endpoint.url, { method: 'POST', body, headers }).then(
      ({ status }) => status,
      () => 0, // broken off while it was being sent
    );
  const signed = signature(endpoint.key, nowS, big);
  const before = process.memoryUsage.rss();
  const statuses = await Promise.all([
    ...Array.from({ length: 12 }, () => send(big, signed)),
    ...Array.from({ length: 12 }, () => send(big, {})),
    ...Array.from({ length: 12 }, () => send('{"type":2', signature(endpoint.key, nowS, '{"type":2'))),
    send('[]', { ...signed, 'x-signature-ed25519': 'f'.repeat(128) }),
    send('[]', { 'x-signature-timestamp': nowS }),
  ]);
  expect(statuses.filter((status) => ![0, 400, 401, 413].includes(status))).toEqual([]);
  expect(process.memoryUsage.rss() - before).toBeLessThan(400 * 1024 * 1024);
  const deep = '['.repeat(400_000) + ']'.repeat(400_000);
  for (const body of [
    'null',
    '7',
    '"x"',
    '[]',
    deep,
    `{"type":2,"data":${deep}}`,
    '{"type":"__proto__"}',
    '{"type":1e999}',
  ]) {
    expect(await send(body, signature(endpoint.key, nowS, body))).toBeLessThan(500);
  }
  await fake.user('ann').slash('queue').answer();
});
