/** A style learnt in a device's child process: below pictures, cancelled at once, and taken up where a kill cut it off. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { CancelledError } from '../../src/core/errors.ts';
import type { TrainRequest } from '../../src/core/training.ts';
import type { Work, WorkEvent } from '../../src/core/work.ts';
import { encodePng } from '../../src/image/index.ts';
import { learnAsWork } from '../../src/start/learn-style.ts';
import { ProcessRunner } from '../../src/runner/process-runner.ts';
import { STUB_CHILD } from '../support/stub-factory.ts';
import { writeTinyModel } from '../support/tiny-model.ts';
import { errorOf, imagine } from '../support/work.ts';

let folder = '';
const pictures: TrainRequest['pictures'][number][] = [];
const opened: ProcessRunner[] = [];

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'fourstep-learn-'));
  writeTinyModel('sd15', path.join(folder, 'model'));
  for (const k of [0, 1, 2, 3, 4]) {
    const data = Uint8Array.from({ length: 3 * 48 * 48 }, (_, i) => (i * (k + 3) + 40 * k) % 256);
    const file = path.join(folder, `${k}.png`);
    await writeFile(file, (await encodePng({ width: 48, height: 48, data })).data);
    pictures.push({ file, caption: `a fox ${k}` });
  }
});
afterAll(async () => {
  await Promise.all(opened.map((runner) => runner.close(0)));
  await rm(folder, { recursive: true, force: true });
});

async function open(): Promise<ProcessRunner> {
  const runner = new ProcessRunner({
    device: 'cpu',
    factory: new URL('../../src/start/engine-process.ts', import.meta.url),
    factoryOptions: { device: 'cpu', dataFolder: path.join(folder, 'data'), startup: 'fast' },
    execArgv: STUB_CHILD.execArgv,
    restartMs: 1,
  });
  opened.push(runner);
  await runner.ready();
  return runner;
}

function train(id: string, changes: Partial<TrainRequest> = {}): Work {
  const model = path.join(folder, 'model');
  const named = { title: 'foxy', trigger: 'foxy', date: '2026-01-02', fingerprint: 'abc' };
  const request = { ...named, model, pictures, width: 64, height: 64, seed: 7, steps: 12, rounds: 1, ...changes };
  return { kind: 'train', id, request };
}

type Learnt = Extract<WorkEvent, { kind: 'learnt' }>;

function last(events: readonly WorkEvent[]): Learnt | undefined {
  return events.findLast((event): event is Learnt => event.kind === 'learnt');
}

async function learn(runner: ProcessRunner, work: Work, onEvent: (event: WorkEvent) => void = () => undefined) {
  const events: WorkEvent[] = [];
  for await (const event of runner.run(work, new AbortController().signal)) {
    events.push(event);
    onEvent(event);
  }
  return events;
}

const stepsOf = (events: readonly WorkEvent[]) =>
  events.flatMap((event) => (event.kind === 'learning' ? [event.step] : []));

describe('a style learnt by a device', () => {
  it('is the same to the last bit after the device was killed, and after the bot was, which takes it up at its step', async () => {
    const runner = await open();
    const whole = await learn(runner, train('whole'));
    expect(stepsOf(whole)).toEqual(Array.from({ length: 12 }, (_, k) => k + 1));
    expect(whole.flatMap((event) => (event.kind === 'learnt' ? [event.step] : []))).toEqual([4, 8, 12]);
    expect(last(whole)?.deviceMs).toBeGreaterThan(0);

    const first = runner.pid;
    const killed = await learn(runner, train('killed'), (event) => {
      if (event.kind === 'learnt' && event.step === 8 && runner.pid === first) {
        process.kill(first!, 'SIGKILL');
      }
    });
    expect(runner.pid).not.toBe(first);
    expect(stepsOf(killed)).toEqual(stepsOf(whole));
    expect(last(killed)?.lora).toEqual(last(whole)?.lora);

    const before = await open();
    for await (const event of before.run(train('bot'), new AbortController().signal)) {
      if (event.kind === 'learnt' && event.step === 8) {
        break;
      }
    }
    process.kill(before.pid!, 'SIGKILL');
    const after = await learn(await open(), train('bot'));
    // Steps that the first one still did before it was killed are kept by their time, none here.
    expect(stepsOf(after)[0]).toBe(9);
    expect(last(after)?.lora).toEqual(last(whole)?.lora);

    // A further round goes on from what is kept.
    const further = await learn(runner, train('whole', { rounds: 2 }));
    expect(stepsOf(further)[0]).toBe(13);
    expect(last(further)?.step).toBe(18);
  }, 180_000);

  it.each(['f16', undefined] as const)(
    'is learnt by the processor where the device that draws has no room for a step: %s',
    async (numberType) => {
      const work = train(`no room ${numberType}`, { steps: 2 });
      if (work.kind !== 'train') {
        throw new Error('expected a style to learn');
      }
      const { signal } = new AbortController();
      const turn = { id: work.id, signal, between: () => Promise.resolve() };
      const dataFolder = path.join(folder, 'data');
      const onCard = {
        dataFolder,
        on: { device: { kind: 'webgpu' }, bytes: 1000, ...(numberType && { numberType }) },
      } as const;
      const steps: number[] = [];
      for await (const event of learnAsWork(onCard, work.request, turn)) {
        steps.push(...(event.kind === 'step' ? [event.step] : []));
      }
      expect(steps).toEqual([1, 2]);
    },
    60_000,
  );

  it('lets a picture in within a step, and stops at once when it is cancelled', async () => {
    const runner = await open();
    const cancel = new AbortController();
    const steps: number[] = [];
    let stepsAtPicture = 0;
    const learning = (async () => {
      for await (const event of runner.run(train('below', { steps: 100_000 }), cancel.signal)) {
        if (event.kind === 'learning') {
          steps.push(event.step);
        }
      }
    })();
    const cancelled = learning.catch((error: unknown) => error);
    await new Promise<void>((resolve) => {
      const look = setInterval(() => {
        if (steps.length > 3) {
          clearInterval(look);
          resolve();
        }
      }, 5);
    });
    const model = path.join(folder, 'model');
    const work = imagine({ model, accelerator: { kind: 'none' }, width: 64, height: 64, steps: 6 }, 'picture');
    for await (const event of runner.run(work, new AbortController().signal)) {
      if (event.kind === 'started') {
        stepsAtPicture = steps.length;
      }
    }
    // While it was drawn, training had its small share at most: far fewer steps than the picture took calls.
    expect(steps.length - stepsAtPicture).toBeLessThanOrEqual(4);
    cancel.abort();
    expect(await cancelled).toBeInstanceOf(CancelledError);
    const after = steps.length;
    expect(await errorOf(runner.run(train('below'), AbortSignal.abort()))).toBeInstanceOf(CancelledError);
    expect(steps.length).toBe(after);
  });
});
