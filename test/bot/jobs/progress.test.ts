import { describe, expect, it } from 'vitest';
import { movedClock } from '../../support/moved-clock.ts';
import { Progress, type ProgressView } from '../../../src/bot/jobs/progress.ts';

const start = () => {
  const { clock, pass } = movedClock();
  const shown: string[] = [];
  const show = async (view: ProgressView) => {
    const what = view.kind === 'waiting' ? view.ahead : view.kind === 'drawing' ? view.step : '';
    shown.push(`${clock.now()} ${view.kind} ${what}`.trim());
  };
  return { progress: new Progress({ clock, receivedAtMs: 0, show }), shown, pass };
};
const waiting = (ahead: number, estimateMs = 500): ProgressView => ({ kind: 'waiting', ahead, estimateMs });
const drawing = (step: number): ProgressView => ({ kind: 'drawing', step, steps: 8, preview: undefined });

describe('progress', () => {
  it('shows nothing of an answer that comes at once', async () => {
    const { progress, shown, pass } = start();
    progress.offer(waiting(0));
    progress.offer(drawing(2));
    await pass(1400);
    await progress.close();
    await pass(10_000);
    expect(shown).toEqual([]);
  });

  it('shows a long wait at once, then only what changes, every 2.5 s at most', async () => {
    const { progress, shown, pass } = start();
    progress.offer(waiting(5, 9000));
    await pass(0);
    progress.offer(waiting(5, 8000));
    await pass(1000);
    progress.offer(waiting(4, 7000));
    progress.offer(waiting(3, 6000));
    await pass(10_000);
    expect(shown).toEqual(['0 waiting 5', '2500 waiting 3']);
  });

  it('shows drawing from 1.5 s on, every 3 s at most, the newest step', async () => {
    const { progress, shown, pass } = start();
    for (let step = 1; step <= 8; step++) {
      progress.offer(drawing(step));
      await pass(1000);
    }
    expect(shown).toEqual(['1500 drawing 2', '4500 drawing 5', '7500 drawing 8']);
  });

  it('does not go back to what it has left', async () => {
    const { progress, shown, pass } = start();
    progress.offer(waiting(1, 9000));
    await pass(1);
    progress.offer(waiting(0, 9000));
    progress.offer(waiting(1, 9000));
    await pass(10_000);
    expect(shown).toEqual(['0 waiting 1']);
  });
});
