/**
 * What strangers try at a running bot in Slack, over signed HTTP: words past the lists, ids that nobody was given,
 * floods of signs, and payloads of every wrong kind under a signature that is right.
 */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, test as plainTest } from 'vitest';

import { createSlackAdapter, EVENTS_PATH, type SlackAdapter } from '../../src/adapters/slack/index.ts';
import { SILENT_LOG } from '../support/bot-ports.ts';
import { EVASIONS, FLOODS, forgedIds, twisted } from '../support/strangers.ts';
import { installed, SMALL_MOJI } from '../support/manifests.ts';
import { signedHeaders } from '../support/slack/deliveries.ts';
import { FakeSlack } from '../support/slack/fake-slack.ts';
import type { Person } from '../support/slack/person.ts';
import type { Seen } from '../support/slack/screen.ts';
import { shown } from '../support/slack/shown.ts';
import { createStubRunner } from '../support/stub-runner.ts';
import { openWholeBot, type WholeBot } from '../support/whole-bot.ts';

const SECRET = 'a-secret-of-thirty-two-characters';

type Scene = {
  readonly folder: string;
  readonly fake: FakeSlack;
  readonly running: WholeBot;
  readonly drawn: string[];
  readonly eventsUrl: string;
};

const it = plainTest.extend<{ readonly scene: Scene }>({
  // oxlint-disable-next-line no-empty-pattern
  scene: async ({}, use) => {
    const folder = await mkdtemp(join(tmpdir(), 'fourstep-strangers-'));
    let mounts: SlackAdapter['mounts'] = [];
    const server = createServer((request, response) => mounts[0]?.listener(request, response));
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    const eventsUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}${EVENTS_PATH}`;
    const fake = await FakeSlack.start({ wire: { kind: 'http', eventsUrl, signingSecret: SECRET } });
    const drawn: string[] = [];
    const running = await openWholeBot({
      folder,
      runner: createStubRunner({
        beforeStep: (work) => void (work.kind === 'imagine' && drawn.push(work.request.prompt)),
      }),
      options: { blockedWords: ['kitten'], adultWords: ['naked'], queue: { perUser: 1000, perServer: 1000 } },
      ports: { models: { list: () => [installed({ ...SMALL_MOJI, styles: [] })] } },
      connect: async ({ bot, stores }) => {
        const adapter = createSlackAdapter({
          botToken: fake.tokens.bot,
          transport: { kind: 'http', signingSecret: SECRET },
          apiUrl: fake.apiUrl,
          records: stores.installations,
          bot,
          log: SILENT_LOG,
          timing: { firstPauseMs: 20, processingPausesMs: [20, 40, 80, 160, 320] },
        });
        ({ mounts } = adapter);
        return [adapter];
      },
    });
    await use({ folder, fake, running, drawn, eventsUrl });
    const said = fake.state.messages.all().map(({ text, blocks }) => `${text} ${JSON.stringify(blocks)}`);
    const wrong = said.find((words) => words.includes(folder));
    if (wrong !== undefined) {
      throw new Error(`a place on this machine is named: ${wrong}`);
    }
    await running.close();
    await fake.stop();
    server.closeAllConnections();
    server.close();
    await rm(folder, { recursive: true, force: true });
  },
});

/** What comes new to a person's eyes once they have done it. */
async function answerTo(person: Person, act: () => Promise<unknown>, words: RegExp): Promise<Seen> {
  const known = new Set(person.sees().map(({ ts }) => ts));
  await act();
  return await shown(person, (message) => !known.has(message.ts) && words.test(message.words));
}

const faults = (fake: FakeSlack): readonly string[] =>
  fake.state.messages.all().flatMap(({ text }) => (text.includes('not your doing') ? [text] : []));

const REFUSED = /not drawn here|only in channels for adults/u;

it('words that the lists forbid pass neither commands nor mentions nor forms', async ({ scene }) => {
  const { fake, drawn } = scene;
  const ana = fake.person('Ana');
  const first = await answerTo(ana, () => ana.slash('/imagine', 'a fox --count 1'), /a fox.*/u);
  await shown(ana, ({ pictures }) => pictures.length > 0);
  expect(first.words).toContain('a fox');
  for (const word of [...EVASIONS, 'k1tten', 'kit-ten', 'kitten²']) {
    const { isPrivate } = await answerTo(ana, () => ana.slash('/imagine', `a ${word} statue`), REFUSED);
    expect(isPrivate).toBe(true);
  }
  await answerTo(ana, () => ana.slash('/imagine', 'a statue --no k1tten'), REFUSED);
  await ana.press('Remix', await shown(ana, ({ pictures }) => pictures.length > 0));
  await expect.poll(() => ana.view()).toBeDefined();
  const outcome = await ana.submit({ prompt: 'a n.a.k.e.d statue' });
  expect(JSON.stringify(outcome.body)).toMatch(REFUSED);
  expect(drawn.filter((prompt) => prompt.includes('statue'))).toEqual([]);
  expect(faults(fake)).toEqual([]);
});

it('ids that nobody was given, pressed anywhere, change nothing', async ({ scene }) => {
  const { fake, drawn, running } = scene;
  const [ana, ben] = [fake.person('Ana'), fake.person('Ben')];
  await ana.slash('/imagine', 'a fox --count 1');
  const hers = await shown(ana, ({ pictures }) => pictures.length > 0);
  const job = hers.buttons.find(({ label }) => label.includes('Info'))?.value.split('.')[2] ?? '';
  const { length } = drawn;
  await ben.press('Info', hers);
  const { body } = fake.deliveries.last!;
  const ids = [...forgedIds('x'), ...forgedIds(`${job}0`), `1.vary.${job}.7`, `1.cancel.${job}`];
  for (const [turn, value] of ids.entries()) {
    const actions = [{ type: 'button', action_id: `${value}-${turn}`, value, action_ts: String(turn) }];
    expect((await fake.deliveries.deliver({ type: 'interactive', body: { ...body, actions } })).status).toBe(200);
  }
  await answerTo(ben, () => ben.slash('/queue'), /./u);
  expect(faults(fake)).toEqual([]);
  expect(drawn).toHaveLength(length);
  expect(await running.stores.jobs.recent('slack:T0FAKE', 10)).toHaveLength(1);
  expect(ana.sees().filter(({ pictures }) => pictures.length > 0)).toHaveLength(1);
});

it('floods of signs are answered in time', async ({ scene }) => {
  const { fake } = scene;
  const ana = fake.person('Ana');
  for (const flood of FLOODS) {
    expect((await ana.slash('/imagine', flood)).isAcknowledged).toBe(true);
    expect((await ana.mention(flood.slice(0, 3000))).isAcknowledged).toBe(true);
  }
  await ana.slash('/imagine', 'a patient fox --count 1');
  await shown(ana, ({ pictures, words }) => pictures.length > 0 && words.includes('a patient fox'));
  expect(faults(fake)).toEqual([]);
});

it('payloads with any field of another kind end nothing, nor do bodies that are none', async ({ scene }) => {
  const { fake, eventsUrl, folder } = scene;
  const ana = fake.person('Ana', { isAdmin: true });
  await ana.slash('/imagine', 'a fox --count 1');
  const slash = fake.deliveries.last!;
  await ana.press('Remix', await shown(ana, ({ pictures }) => pictures.length > 0));
  const press = fake.deliveries.last!;
  await expect.poll(() => ana.view()).toBeDefined();
  await ana.submit({ prompt: 'a hen' });
  const form = fake.deliveries.last!;
  await ana.mention('a cow');
  const mention = fake.deliveries.last!;
  const statuses = new Set<number | undefined>();
  const send = async (body: string, headers: Record<string, string>): Promise<void> => {
    statuses.add(
      await fetch(eventsUrl, { method: 'POST', body, headers }).then(
        ({ status }) => status,
        () => 0,
      ),
    );
  };
  // What nothing understands is answered by Slack's own library, after three seconds.
  fake.deliveries.ackMs = 20_000;
  const twists = [slash, press, form, mention].flatMap(({ type, body }) =>
    [...twisted(body)].filter((_, turn) => turn % 17 === 0).map((twist) => ({ type, body: twist })),
  );
  await Promise.all(twists.map(async (twist) => statuses.add((await fake.deliveries.deliver(twist)).status)));
  const nowS = Math.floor(Date.now() / 1000);
  const deep = '['.repeat(200_000);
  const bodies = ['', 'null', '[]', '{', 'payload=', 'payload=null', 'payload=[]', 'payload=%', `payload=${deep}`, 'payload={}&payload={}', '__proto__=1', deep]; // prettier-ignore
  const types = ['application/json', 'application/x-www-form-urlencoded', 'text/plain', ''];
  const sent = [...bodies, 'x'.repeat(3_000_000)].flatMap((body) => [
    ...types.map(async (type) => send(body, { ...signedHeaders(SECRET, body, nowS), 'content-type': type })),
    send(body, {}),
    send(body, { 'x-slack-signature': 'v0=00', 'x-slack-request-timestamp': 'soon' }),
    send(body, signedHeaders('another', body, nowS)),
  ]);
  await Promise.all(sent);
  expect([...statuses].filter((status) => status === undefined || status >= 500)).toEqual([]);
  const [upload] = [ana.upload('../../../../tmp/evil.png', new Uint8Array(8))];
  await ana.writeDirect('a fox', { files: [ana.fileJson(upload)] });
  await ana.slash('/imagine', 'still here --count 1');
  await shown(ana, ({ pictures, words }) => pictures.length > 0 && words.includes('still here'));
  const files = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  expect(files.filter(({ name }) => !/^[0-9a-f]{64}\.png$|^store/u.test(name))).toEqual([]);
});
