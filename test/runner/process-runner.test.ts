/** A real child process with the stub as its device: what it adds to the port is surviving that process. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

import { afterEach, describe, expect, it, vi } from 'vitest';

import { CancelledError, UserError } from '../../src/core/errors.ts';
import type { WorkEvent } from '../../src/core/work.ts';
import { ProcessRunner, type ProcessRunnerOptions } from '../../src/runner/process-runner.ts';
import { describeRunnerPort } from '../conformance/runner-port.ts';
import { STUB_CHILD, type StubFactoryOptions } from '../support/stub-factory.ts';
import { errorOf, eventsOf, imagine } from '../support/work.ts';

const opened: ProcessRunner[] = [];

async function open(stub: StubFactoryOptions, options: Partial<ProcessRunnerOptions> = {}): Promise<ProcessRunner> {
  const runner = new ProcessRunner({ ...STUB_CHILD, factoryOptions: stub, restartMs: 1, ...options });
  opened.push(runner);
  await runner.ready();
  return runner;
}

afterEach(async () => {
  await Promise.all(opened.splice(0).map((runner) => runner.close(0)));
});

const anySignal = () => new AbortController().signal;

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describeRunnerPort('a child process', (options) => open(options));

describe('a child that dies', () => {
  it('is replaced, and its work is drawn again without repeating an event', async () => {
    const runner = await open({ stepMs: 10 });
    const first = runner.pid;
    const labels: string[] = [];
    for await (const event of runner.run(imagine({ count: 2, steps: 4 }, 'again'), anySignal())) {
      labels.push(event.kind === 'step' ? `step ${event.index} ${event.step}` : event.kind);
      if (event.kind === 'step' && event.index === 1 && event.step === 2 && runner.pid === first) {
        process.kill(first!, 'SIGKILL');
      }
    }
    expect(runner.pid).not.toBe(first);
    const steps = (index: number) => [1, 2, 3, 4].map((step) => `step ${index} ${step}`);
    expect(labels).toEqual(['started', ...steps(0), 'picture', ...steps(1), 'picture']);
  });

  it('by its own hand, for its device is lost, says so and is replaced as well, and neighbours have their pictures', async () => {
    const restarts: string[] = [];
    const runner = await open({ stepMs: 1, losePrompt: 'bad' }, { onRestart: (_, reason) => restarts.push(reason) });
    const results = await Promise.allSettled(
      ['good', 'bad'].map((prompt) => eventsOf(runner.run(imagine({ prompt }, prompt), anySignal()))),
    );
    expect(results[0]?.status).toBe('fulfilled');
    // The device's fault, not the work's: another device may draw it.
    expect(results[1]).toMatchObject({ status: 'rejected', reason: { code: 'device.lost' } });
    expect(restarts).toEqual(Array.from({ length: 3 }, () => 'the stub lost its device'));
  });

  it('three times over the same work gives a clear answer, and its neighbours their pictures', async () => {
    const restarts: string[] = [];
    const runner = await open({ stepMs: 1, crashPrompt: 'bad' }, { onRestart: (_, reason) => restarts.push(reason) });
    const prompts = ['good 1', 'good 2', 'bad', 'good 3', 'good 4'];
    const results = await Promise.allSettled(
      prompts.map((prompt) => eventsOf(runner.run(imagine({ prompt }, prompt), anySignal()))),
    );
    expect(results.map(({ status }) => status)).toEqual([
      'fulfilled',
      'fulfilled',
      'rejected',
      'fulfilled',
      'fulfilled',
    ]);
    const refused = results[2]?.status === 'rejected' ? (results[2].reason as unknown) : undefined;
    expect(refused).toBeInstanceOf(UserError);
    expect(refused).toMatchObject({ code: 'runner.crashed', params: { attempts: 3 } });
    expect(restarts).toEqual(Array.from({ length: 3 }, () => 'was ended by SIGKILL'));
  });

  it('while nobody draws is replaced too', async () => {
    const runner = await open({});
    const first = runner.pid!;
    process.kill(first, 'SIGKILL');
    await vi.waitFor(() => expect(runner.pid).not.toBe(first));
    await runner.ready();
    expect((await eventsOf(runner.run(imagine(), anySignal()))).at(-1)?.kind).toBe('picture');
  });
});

describe('a child that hangs', () => {
  it('in a call of its device is killed and counted as dead', async () => {
    const runner = await open({ hangPrompt: 'hang' }, { times: { heartbeatMs: 20, hangMs: 300 } });
    const error = await errorOf(runner.run(imagine({ prompt: 'hang' }), anySignal()));
    expect(error).toMatchObject({ code: 'runner.crashed' });
  });

  it('in its work, though it is alive, is killed when nothing has come for too long', async () => {
    const reasons: string[] = [];
    const runner = await open(
      { stallPrompt: 'stall' },
      { times: { heartbeatMs: 20, stallMs: 200 }, maxAttempts: 1, onRestart: (_, reason) => reasons.push(reason) },
    );
    const error = await errorOf(runner.run(imagine({ prompt: 'stall' }), anySignal()));
    expect(error).toMatchObject({ code: 'runner.crashed' });
    expect(reasons).toEqual(['made no progress for 200 ms']);
  });

  it('over a cancelled work is killed after the limit, and its neighbour is drawn again', async () => {
    const runner = await open({ stepMs: 2, stallPrompt: 'stall' }, { cancelLimitMs: 100, maxAttempts: 1 });
    const cancel = new AbortController();
    const stalled = errorOf(runner.run(imagine({ prompt: 'stall' }, 'a'), cancel.signal));
    const neighbour = eventsOf(runner.run(imagine({ prompt: 'fine', steps: 1000 }, 'b'), anySignal()));
    await vi.waitFor(() => expect(runner.health()[0]?.active).toBe(2));
    cancel.abort();
    expect(await stalled).toBeInstanceOf(CancelledError);
    expect((await neighbour).at(-1)?.kind).toBe('picture');
  });
});

describe('a device that cannot be opened', () => {
  it('rejects the start with its own words, and work after a few tries', async () => {
    const runner = new ProcessRunner({ ...STUB_CHILD, factoryOptions: { isBroken: true }, restartMs: 1 });
    opened.push(runner);
    await expect(runner.ready()).rejects.toThrow('the stub has no such device');
    expect(runner.health()[0]?.state).toBe('restarting');
    const error = await errorOf(runner.run(imagine(), anySignal()));
    expect(error).toMatchObject({ message: 'the stub has no such device' });
  });
});

describe('back-pressure', () => {
  it('hands a child no more than it was said to take', async () => {
    const runner = await open({ stepMs: 2 }, { maxActive: 2 });
    let most = 0;
    const watch = (event: WorkEvent) => {
      if (event.kind === 'step') {
        most = Math.max(most, runner.health()[0]?.active ?? 0);
      }
    };
    await Promise.all(
      [1, 2, 3, 4, 5, 6].map(async (seed) => {
        for await (const event of runner.run(imagine({ seed }, `${seed}`), anySignal())) {
          watch(event);
        }
      }),
    );
    expect(most).toBe(2);
  });
});

describe('a child whose parent is gone', () => {
  const program = (isBlocked: boolean) => `
    import { ProcessRunner } from ${JSON.stringify(new URL('../../src/runner/process-runner.ts', import.meta.url).href)};
    import { STUB_CHILD } from ${JSON.stringify(new URL('../support/stub-factory.ts', import.meta.url).href)};
    import { imagine } from ${JSON.stringify(new URL('../support/work.ts', import.meta.url).href)};
    const runner = new ProcessRunner({ ...STUB_CHILD, factoryOptions: { hangPrompt: 'hang' } });
    await runner.ready();
    for await (const event of runner.run(imagine({ prompt: ${isBlocked ? "'hang'" : "'fine'"}, steps: 2 }), new AbortController().signal)) {
      if (event.kind === 'step' && event.step === 1) {
        console.log(runner.pid);
      }
    }
    setInterval(() => {}, 1000);
  `;

  for (const isBlocked of [false, true]) {
    it(`ends itself${isBlocked ? ', even in the middle of a call that does not return' : ''}`, async () => {
      const parent = spawn(
        process.execPath,
        [...STUB_CHILD.execArgv, '--input-type=module', '-e', program(isBlocked)],
        {
          stdio: ['ignore', 'pipe', 'inherit'],
        },
      );
      const [line] = (await once(createInterface({ input: parent.stdout }), 'line')) as [string];
      const pid = Number(line);
      expect(isAlive(pid)).toBe(true);
      parent.kill('SIGKILL');
      await vi.waitFor(() => expect(isAlive(pid)).toBe(false), { timeout: 10_000, interval: 50 });
    });
  }

  it('does not listen to signals meant for the whole group: its parent decides', async () => {
    const runner = await open({ stepMs: 5 });
    const run = eventsOf(runner.run(imagine({ steps: 20 }), anySignal()));
    await vi.waitFor(() => expect(runner.health()[0]?.active).toBe(1));
    process.kill(runner.pid!, 'SIGINT');
    process.kill(runner.pid!, 'SIGTERM');
    expect((await run).at(-1)?.kind).toBe('picture');
  });
});
