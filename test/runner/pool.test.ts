/** Which device gets which work; drawing itself is the members' affair. */
import { describe, expect, it, vi } from 'vitest';

import { noEightBits } from '../../src/core/eight-bits.ts';
import { UserError } from '../../src/core/errors.ts';
import type { Runner, RunnerHealth, Work, WorkEvent } from '../../src/core/work.ts';
import { RunnerPool } from '../../src/runner/pool.ts';
import { describeRunnerPort } from '../conformance/runner-port.ts';
import { createStubRunner } from '../support/stub-runner.ts';
import { errorOf, eventsOf, imagine } from '../support/work.ts';

describeRunnerPort(
  'a pool of two devices',
  async (options) =>
    new RunnerPool([
      { runner: createStubRunner({ ...options, device: 'one' }), slots: 2 },
      { runner: createStubRunner({ ...options, device: 'two' }), slots: 2 },
    ]),
);

/** A pool whose devices note what they are given and draw until told to end. */
function scene(slots: readonly number[]) {
  const ends: (() => void)[] = [];
  const given: string[] = [];
  const states = slots.map((): RunnerHealth['state'] => 'ready');
  const members = slots.map((count, k) => {
    const runner: Runner = {
      async *run(work: Work): AsyncGenerator<WorkEvent> {
        given.push(`${work.id}>${k}`);
        if (states[k] === 'restarting') {
          throw new Error(`device ${k} is down`);
        }
        await new Promise<void>((resolve) => ends.push(resolve));
        yield { kind: 'started' };
      },
      health: () => [{ device: `${k}`, state: states[k]!, active: 0, lastHeartbeatAtMs: undefined }],
      close: async () => {},
    };
    return { runner, slots: count };
  });
  const pool = new RunnerPool(members);
  const start = async (id: string, model = 'moji') => {
    const run = eventsOf(pool.run(imagine({ model }, id), new AbortController().signal)).catch(() => []);
    await vi.waitFor(() => expect(given.some((label) => label.startsWith(`${id}>`))).toBe(true), { interval: 1 });
    return run;
  };
  return { pool, given, states, ends, start };
}

describe('choosing a device', () => {
  it('spreads work by the share of the slots that is taken', async () => {
    const { given, start } = scene([1, 3]);
    for (const [k, id] of ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].entries()) {
      void start(id, `model ${k}`);
    }
    await vi.waitFor(() => expect(given).toHaveLength(8));
    expect(given.filter((label) => label.endsWith('>0'))).toHaveLength(2);
  });

  it('prefers the one that has the model open, until it is half its slots fuller', async () => {
    const { given, start } = scene([4, 4]);
    void start('a', 'sdxl');
    void start('b', 'moji');
    void start('c', 'sdxl');
    void start('d', 'sdxl');
    void start('e', 'sdxl');
    void start('f', 'sdxl');
    await vi.waitFor(() => expect(given).toHaveLength(6));
    expect(given).toEqual(['a>0', 'b>1', 'c>0', 'd>0', 'e>0', 'f>1']);
  });

  it('passes over a device that is down, and tries another when one fails before it begins', async () => {
    const { given, states, start } = scene([1, 1]);
    states[0] = 'restarting';
    void start('a');
    void start('b');
    await vi.waitFor(() => expect(given).toEqual(['a>1', 'b>1']));
  });

  it('draws again on another device, without repeating an event, what the first has no room for', async () => {
    const small: Runner = {
      async *run(work, signal) {
        for await (const event of createStubRunner({ device: 'small' }).run(work, signal)) {
          if (event.kind === 'step' && event.step === 2) {
            throw new UserError('device.memory', 'no room');
          }
          yield event;
        }
      },
      health: () => [{ device: 'small', state: 'ready', active: 0, lastHeartbeatAtMs: undefined }],
      close: async () => {},
    };
    const alone = createStubRunner({ device: 'large' });
    const work = imagine({ steps: 4 }, 'a');
    const signal = new AbortController().signal;
    const pool = new RunnerPool([
      { runner: small, slots: 1 },
      { runner: createStubRunner({ device: 'large' }), slots: 1 },
    ]);
    const kinds = async (runner: Runner) => (await eventsOf(runner.run(work, signal))).map(({ kind }) => kind);
    expect(await kinds(pool)).toEqual(await kinds(alone));
    const only = new RunnerPool([{ runner: small, slots: 1 }]);
    expect(await errorOf(only.run(work, signal))).toMatchObject({ code: 'device.memory' });
  });

  it('gives a work in 8 bits to another device where the first has no instructions for them', async () => {
    const old: Runner = {
      // oxlint-disable-next-line require-yield -- it refuses before anything can be told
      async *run() {
        throw noEightBits();
      },
      health: () => [{ device: 'old', state: 'ready', active: 0, lastHeartbeatAtMs: undefined }],
      close: async () => {},
    };
    const work = imagine({ precision: 'int8' }, 'a');
    const signal = new AbortController().signal;
    const pool = new RunnerPool([
      { runner: old, slots: 4 },
      { runner: createStubRunner({ device: 'new' }), slots: 1 },
    ]);
    expect((await eventsOf(pool.run(work, signal))).at(-1)?.kind).toBe('picture');
    const only = new RunnerPool([{ runner: old, slots: 1 }]);
    expect(await errorOf(only.run(work, signal))).toMatchObject({ code: 'device.eight-bits' });
  });

  it('tells the fault when every device fails before it begins', async () => {
    const { pool, given, states } = scene([1, 1]);
    states.fill('restarting');
    const error = await errorOf(pool.run(imagine({}, 'a'), new AbortController().signal));
    expect(error).toMatchObject({ message: 'device 1 is down' });
    expect(given).toEqual(['a>0', 'a>1']);
  });
});
