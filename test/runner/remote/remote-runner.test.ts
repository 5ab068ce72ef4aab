/** Bot and runner machine with a real Redis between them; skipped by name where `TEST_REDIS_URL` names none. */
import { randomUUID } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import type { TrainRequest } from '../../../src/core/training.ts';
import type { Runner, Work, WorkEvent } from '../../../src/core/work.ts';
import { RemoteRunner } from '../../../src/runner/remote/remote-runner.ts';
import { RemoteWorker, type ServeOptions } from '../../../src/runner/remote/worker.ts';
import { describeRunnerPort } from '../../conformance/runner-port.ts';
import { createStubRunner, type StubRunnerOptions, stubLora } from '../../support/stub-runner.ts';
import { errorOf, eventsOf, imagine } from '../../support/work.ts';

const url = process.env['TEST_REDIS_URL'];

let folder = '';
let prefix = '';
const machines: RemoteWorker[] = [];
const bots: RemoteRunner[] = [];

async function addMachine(runner: Runner, options: Partial<ServeOptions> = {}): Promise<RemoteWorker> {
  const machine = new RemoteWorker({
    url: url ?? '',
    prefix,
    runner,
    slots: 4,
    eightBits: 'prefers',
    filesFolder: folder,
    ...options,
  });
  machines.push(machine);
  await machine.ready();
  return machine;
}

async function addBot(): Promise<RemoteRunner> {
  const bot = new RemoteRunner({ url: url ?? '', prefix, pollMs: 50 });
  bots.push(bot);
  await bot.ready();
  return bot;
}

async function openScene(options: StubRunnerOptions): Promise<RemoteRunner> {
  await addMachine(createStubRunner(options));
  return addBot();
}

const anySignal = () => new AbortController().signal;

describe.skipIf(url === undefined)('runners on other machines (needs TEST_REDIS_URL)', () => {
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fourstep-remote-'));
    prefix = `fourstep-test-${randomUUID()}`;
  });

  afterEach(async () => {
    await Promise.all([...bots.splice(0), ...machines.splice(0)].map((end) => end.close(0)));
    const redis = new Redis(url ?? '');
    const keys = await redis.keys(`${prefix}:*`);
    await Promise.all(keys.map((key) => redis.del(key)));
    redis.disconnect();
    await rm(folder, { recursive: true });
  });

  describeRunnerPort('a Redis queue', openScene);

  it('draws a work once however often it is asked for, and a bot that was killed finds what was drawn meanwhile', async () => {
    let drawn = 0;
    const count = (work: Work, index: number, step: number) => {
      drawn += work.id === 'once' && index === 0 && step === 1 ? 1 : 0;
    };
    await addMachine(createStubRunner({ stepMs: 10, beforeStep: count }));
    const first = await addBot();
    const work = imagine({ count: 3, steps: 5 }, 'once');
    const lost = errorOf(first.run(work, anySignal()));
    await expect.poll(() => drawn).toBe(1);
    await first.close(0);
    expect(await lost).toMatchObject({ name: 'StoppedError' });
    const second = await addBot();
    const events = await eventsOf(second.run(work, anySignal()));
    expect(events.filter(({ kind }) => kind === 'picture')).toHaveLength(3);
    expect(drawn).toBe(1);
  });

  it('gives the work of a machine that stops to another, and repeats no event', async () => {
    const one = await addMachine(createStubRunner({ stepMs: 10, device: 'one' }), { slots: 1 });
    const bot = await addBot();
    const events: WorkEvent[] = [];
    let closed: Promise<void> | undefined;
    for await (const event of bot.run(imagine({ steps: 30 }, 'moves'), anySignal())) {
      events.push(event);
      if (event.kind === 'step' && event.step === 3) {
        closed = one.close(0);
        await addMachine(createStubRunner({ device: 'two' }));
      }
    }
    await closed;
    const steps = events.flatMap((event) => (event.kind === 'step' ? [event.step] : []));
    expect(steps).toEqual(Array.from({ length: 30 }, (_, k) => k + 1));
    expect(events.filter(({ kind }) => kind === 'picture')).toHaveLength(1);
  });

  it('gives a work in 8 bits to a machine that draws them alone, however busy it is', async () => {
    const drawn: string[] = [];
    const noted = (device: string) => ({
      device,
      beforeStep: ({ id }: Work, _: number, step: number) => void (step === 1 && drawn.push(`${id} by ${device}`)),
    });
    await addMachine(createStubRunner(noted('old')), { eightBits: 'none' });
    await addMachine(createStubRunner({ stepMs: 20, ...noted('new') }), { slots: 1 });
    const bot = await addBot();
    const ids = ['one', 'two', 'three'];
    await Promise.all(
      ids.map((id) => eventsOf(bot.run(imagine({ precision: 'int8', steps: 3, count: 1 }, id), anySignal()))),
    );
    expect(drawn.toSorted()).toEqual(['one by new', 'three by new', 'two by new']);
  });

  it('says so where machines are there and none of them draws 8 bits; what is in fp32 is drawn', async () => {
    await addMachine(createStubRunner(), { eightBits: 'none' });
    const bot = await addBot();
    expect(await errorOf(bot.run(imagine({ precision: 'int8' }, 'eight'), anySignal()))).toMatchObject({
      name: 'UserError',
      code: 'device.eight-bits',
    });
    expect((await eventsOf(bot.run(imagine({}, 'thirty-two'), anySignal()))).at(-1)?.kind).toBe('picture');
  });

  it('prefers 8 bits while all machines that are there do, and what those did that were there last', async () => {
    await addMachine(createStubRunner());
    const bot = await addBot();
    expect(bot.prefersEightBits).toBe(true);
    for (const eightBits of ['draws', 'none'] as const) {
      const other = await addMachine(createStubRunner(), { eightBits });
      await vi.waitFor(() => expect(bot.prefersEightBits).toBe(false));
      await other.close(0);
      await vi.waitFor(() => expect(bot.prefersEightBits).toBe(true));
    }
    await Promise.all(machines.splice(0).map((machine) => machine.close(0)));
    await vi.waitFor(() => expect(bot.health()[0]?.state).toBe('restarting'));
    expect(bot.prefersEightBits).toBe(true);
  });

  it('takes a cancelled work out of the queue before any machine has it', async () => {
    await addMachine(createStubRunner({ stepMs: 5 }), { slots: 1 });
    const bot = await addBot();
    const busy = new AbortController();
    const endless = errorOf(bot.run(imagine({ steps: 1_000_000 }, 'busy'), busy.signal));
    const cancel = new AbortController();
    const waiting = errorOf(bot.run(imagine({}, 'waiting'), cancel.signal));
    cancel.abort();
    expect(await waiting).toMatchObject({ name: 'CancelledError' });
    busy.abort();
    expect(await endless).toMatchObject({ name: 'CancelledError' });
  });

  it('carries the files that a request names to the other machine, byte for byte', async () => {
    const start = join(folder, 'start.png');
    const lora = join(folder, 'style.safetensors');
    await writeFile(start, 'the start picture');
    await writeFile(lora, 'the style');
    const received: string[] = [];
    const contents = ['true the start picture', 'true the style'];
    const inbox = join(folder, 'inbox');
    const note = async (work: Work) => {
      if (work.kind === 'imagine') {
        for (const file of [work.request.init?.file ?? '', ...work.request.styles.map((use) => use.file)]) {
          received.push(`${dirname(file) === inbox} ${await readFile(file, 'utf8')}`);
        }
      }
    };
    await addMachine(createStubRunner({ beforeStep: note }), { filesFolder: inbox });
    const bot = await addBot();
    const request = {
      steps: 1,
      init: { file: start, strength: 0.5 },
      styles: [{ id: 'style', file: lora, weight: 1 }],
    };
    await eventsOf(bot.run(imagine(request, 'files 1'), anySignal()));
    await eventsOf(bot.run(imagine(request, 'files 2'), anySignal()));
    expect(received).toEqual([...contents, ...contents]);
  });

  it('lets go of the files that no work has named for a day', async () => {
    const inbox = join(folder, 'inbox');
    await addMachine(createStubRunner(), { filesFolder: inbox });
    const bot = await addBot();
    const draw = async (text: string) => {
      const file = join(folder, `${text}.png`);
      await writeFile(file, text);
      await eventsOf(bot.run(imagine({ steps: 1, init: { file, strength: 0.5 } }, text), anySignal()));
      return readdir(inbox);
    };
    const [first = ''] = await draw('first');
    const [second = ''] = (await draw('second')).filter((name) => name !== first);
    const yesterday = new Date(Date.now() - 25 * 3_600_000);
    await utimes(join(inbox, first), yesterday, 0);
    const names = await draw('third');
    expect(names).toHaveLength(2);
    expect(names).toContain(second);
    expect(names).not.toContain(first);
  });

  it('keeps no picture that was learnt from, wherever it has been', async () => {
    const inbox = join(folder, 'inbox');
    const file = join(folder, 'drawing.png');
    await writeFile(file, 'a drawing of somebody');
    const seen: number[] = [];
    const note = async () => void seen.push((await readdir(inbox)).length);
    await addMachine(createStubRunner({ beforeStep: note }), { filesFolder: inbox });
    const bot = await addBot();
    const learn = (id: string, signal: AbortSignal) => bot.run({ kind: 'train', id, request: training(file) }, signal);
    const events = await eventsOf(learn('learns', anySignal()));
    expect(events.at(-1)).toMatchObject({ kind: 'learnt', step: 4, rank: 8, lora: stubLora('Drawings', 4) });
    const cancel = new AbortController();
    const cancelled: WorkEvent[] = [];
    const read = async () => {
      for await (const event of learn('is cancelled', cancel.signal)) {
        cancelled.push(event);
        cancel.abort();
      }
    };
    await expect(read()).rejects.toMatchObject({ name: 'CancelledError' });
    expect(new Set(seen)).toEqual(new Set([1]));
    await expect.poll(() => readdir(inbox)).toEqual([]);
    const redis = new Redis(url ?? '');
    await expect.poll(() => redis.keys(`${prefix}:file:*`)).toEqual([]);
    redis.disconnect();
  });

  it('says that it is not ready where no machine serves the queue', async () => {
    const bot = new RemoteRunner({ url: url ?? '', prefix, pollMs: 50 });
    bots.push(bot);
    await expect.poll(() => bot.health()[0]?.state).toBe('starting');
    const machine = await addMachine(createStubRunner());
    await expect.poll(() => bot.health()[0]?.state).toBe('ready');
    await machine.close(0);
    machines.splice(0);
    await expect.poll(() => bot.health()[0]?.state).toBe('restarting');
  });
});

function training(file: string): TrainRequest {
  return {
    model: 'moji',
    fingerprint: undefined,
    title: 'Drawings',
    trigger: '',
    pictures: [{ file, caption: 'a cat' }],
    width: 128,
    height: 128,
    seed: 1,
    steps: 4,
    rounds: 1,
    date: '2026-01-31',
  };
}
