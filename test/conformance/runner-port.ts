/**
 * What every `Runner` does, whatever stands behind it. `open` gives one whose device is the stub, as its options say;
 * each test closes its own.
 */
import { getEventListeners } from 'node:events';

import { describe, expect, it, vi } from 'vitest';

import { CancelledError, StoppedError, UserError } from '../../src/core/errors.ts';
import type { Runner, WorkEvent } from '../../src/core/work.ts';
import { stubPicture, type StubRunnerOptions } from '../support/stub-runner.ts';
import { errorOf, eventsOf, imagine } from '../support/work.ts';

export type OpenRunner = (options: Omit<StubRunnerOptions, 'beforeStep'>) => Promise<Runner>;

export function describeRunnerPort(name: string, open: OpenRunner): void {
  const withRunner =
    (options: Omit<StubRunnerOptions, 'beforeStep'>, test: (runner: Runner) => Promise<void>) => async () => {
      const runner = await open(options);
      try {
        await test(runner);
      } finally {
        await runner.close(0);
      }
    };

  describe(`the runner port, by ${name}`, () => {
    it(
      'tells a work from its start over its steps and previews to its last picture, in order',
      withRunner({}, async (runner) => {
        const work = imagine({ prompt: 'a cat', seed: 40, count: 2, steps: 2 }, 'order', [1]);
        const events = await eventsOf(runner.run(work, new AbortController().signal));
        expect(events.map(labelOf)).toEqual([
          'started',
          'step 0 1/2',
          'preview 0 1/2',
          'step 0 2/2',
          'picture 0 seed 40',
          'step 1 1/2',
          'preview 1 1/2',
          'step 1 2/2',
          'picture 1 seed 41',
        ]);
      }),
    );

    it(
      'delivers pictures byte for byte, as plain byte arrays',
      withRunner({}, async (runner) => {
        const work = imagine({ prompt: 'a large cat', seed: 3, width: 320, height: 256, steps: 1 }, 'bytes');
        const events = await eventsOf(runner.run(work, new AbortController().signal));
        const last = events.at(-1);
        const picture = last?.kind === 'picture' ? last.picture : undefined;
        expect(picture?.data).toBeInstanceOf(Uint8Array);
        const expected = stubPicture(3, 'a large cat', 320, 256);
        expect(picture?.width).toBe(320);
        expect(picture?.height).toBe(256);
        expect(Buffer.compare(picture?.data ?? new Uint8Array(), expected.data)).toBe(0);
      }),
    );

    it(
      'runs several works at once and mixes none of them up',
      withRunner({ stepMs: 2 }, async (runner) => {
        const prompts = ['one', 'two', 'three', 'four', 'five'];
        const runs = prompts.map((prompt, seed) =>
          eventsOf(runner.run(imagine({ prompt, seed }, prompt), new AbortController().signal)),
        );
        for (const [seed, events] of (await Promise.all(runs)).entries()) {
          const pictures = events.filter((event) => event.kind === 'picture');
          expect(pictures).toHaveLength(1);
          expect(pictures[0]?.seed).toBe(seed);
          expect(pictures[0]?.picture).toEqual(stubPicture(seed, prompts[seed]!, 16, 8));
        }
      }),
    );

    it(
      'passes on what the person should know',
      withRunner({ noticePrompt: 'long' }, async (runner) => {
        const events = await eventsOf(runner.run(imagine({ prompt: 'long' }), new AbortController().signal));
        expect(events[1]).toEqual({
          kind: 'notice',
          code: 'prompt.cut',
          sentence: 'The prompt was cut.',
          params: { kept: 75 },
        });
      }),
    );

    it(
      'throws a refusal as the UserError it is',
      withRunner({ refusePrompt: 'forbidden' }, async (runner) => {
        const error = await errorOf(runner.run(imagine({ prompt: 'forbidden' }), new AbortController().signal));
        expect(error).toBeInstanceOf(UserError);
        expect(error).toMatchObject({ code: 'request.refused', params: { prompt: 'forbidden' } });
      }),
    );

    it(
      'throws a fault of ours as an ordinary error with its message, and goes on with the next work',
      withRunner({ failPrompt: 'broken' }, async (runner) => {
        const error = await errorOf(runner.run(imagine({ prompt: 'broken' }, 'x'), new AbortController().signal));
        expect(error).toBeInstanceOf(Error);
        expect(error).not.toBeInstanceOf(UserError);
        expect(error).not.toBeInstanceOf(CancelledError);
        expect(error).toMatchObject({ message: expect.stringContaining('the stub fails on broken') });
        const events = await eventsOf(runner.run(imagine({}, 'y'), new AbortController().signal));
        expect(events.at(-1)?.kind).toBe('picture');
      }),
    );

    it(
      'stops a cancelled work at its next step and leaves no listener behind',
      withRunner({ stepMs: 5 }, async (runner) => {
        const cancel = new AbortController();
        const seen: WorkEvent[] = [];
        const run = async () => {
          for await (const event of runner.run(imagine({ steps: 10_000 }, 'cancel'), cancel.signal)) {
            seen.push(event);
            if (event.kind === 'step' && event.step === 3) {
              cancel.abort();
            }
          }
        };
        await expect(run()).rejects.toBeInstanceOf(CancelledError);
        expect(seen.some((event) => event.kind === 'picture')).toBe(false);
        expect(getEventListeners(cancel.signal, 'abort')).toHaveLength(0);
        await vi.waitFor(() => expect(activeOf(runner)).toBe(0));
      }),
    );

    it(
      'does not begin a work whose signal has fired before',
      withRunner({}, async (runner) => {
        const error = await errorOf(runner.run(imagine({}, 'early'), AbortSignal.abort()));
        expect(error).toBeInstanceOf(CancelledError);
      }),
    );

    it(
      'leaves no listener behind when a work ends well, and stops one whose consumer leaves',
      withRunner({ stepMs: 5 }, async (runner) => {
        const { signal } = new AbortController();
        await eventsOf(runner.run(imagine({}, 'well'), signal));
        expect(getEventListeners(signal, 'abort')).toHaveLength(0);
        for await (const event of runner.run(imagine({ steps: 10_000 }, 'left'), signal)) {
          if (event.kind === 'step') {
            break;
          }
        }
        expect(getEventListeners(signal, 'abort')).toHaveLength(0);
        await vi.waitFor(() => expect(activeOf(runner)).toBe(0));
      }),
    );

    it(
      'says in its health what it is doing',
      withRunner({ stepMs: 5 }, async (runner) => {
        const run = eventsOf(runner.run(imagine({ steps: 20 }, 'health'), new AbortController().signal));
        await vi.waitFor(() => expect(activeOf(runner)).toBe(1));
        await run;
        await vi.waitFor(() => expect(activeOf(runner)).toBe(0));
        expect(runner.health().every(({ state }) => state === 'ready')).toBe(true);
      }),
    );

    it(
      'lets what runs end when it is closed, and takes nothing new',
      withRunner({ stepMs: 5 }, async (runner) => {
        const run = eventsOf(runner.run(imagine({ steps: 10 }, 'last'), new AbortController().signal));
        await vi.waitFor(() => expect(activeOf(runner)).toBe(1));
        const closed = runner.close(10_000);
        expect((await run).at(-1)?.kind).toBe('picture');
        await closed;
        expect(runner.health().every(({ state }) => state === 'stopped')).toBe(true);
        const error = await errorOf(runner.run(imagine({}, 'after'), new AbortController().signal));
        expect(error).toBeInstanceOf(StoppedError);
      }),
    );

    it(
      'stops what has not ended when the limit of closing has passed, as neither failed nor cancelled',
      withRunner({ stepMs: 5 }, async (runner) => {
        const error = errorOf(runner.run(imagine({ steps: 1_000_000 }, 'endless'), new AbortController().signal));
        await vi.waitFor(() => expect(activeOf(runner)).toBe(1));
        await runner.close(20);
        expect(await error).toBeInstanceOf(StoppedError);
      }),
    );
  });
}

function activeOf(runner: Runner): number {
  return runner.health().reduce((sum, { active }) => sum + active, 0);
}

function labelOf(event: WorkEvent): string {
  switch (event.kind) {
    case 'started':
    case 'preparing':
    case 'notice':
      return event.kind;
    case 'step':
    case 'preview':
      return `${event.kind} ${event.index} ${event.step}/${event.steps}`;
    case 'picture':
      return `${event.kind} ${event.index} seed ${event.seed}`;
    case 'learning':
    case 'learnt':
      return `${event.kind} ${event.step}/${event.steps}`;
    default:
      return event satisfies never;
  }
}
