import { describe, expect, it } from 'vitest';

import type { WorkEvent } from '../../src/core/work.ts';
import { EventChannel } from '../../src/runner/event-channel.ts';
import { errorOf, eventsOf } from '../support/work.ts';

const step = (index: number, at: number): WorkEvent => ({ kind: 'step', index, step: at, steps: 4 });

describe('a channel of events', () => {
  it('gives what was pushed in its order, before and while somebody reads', async () => {
    const channel = new EventChannel();
    channel.push({ kind: 'started' });
    const read = eventsOf(channel.drain());
    await Promise.resolve();
    channel.push(step(0, 1));
    channel.end();
    expect((await read).map(({ kind }) => kind)).toEqual(['started', 'step']);
  });

  it('passes each event once, however often a work is run again', async () => {
    const channel = new EventChannel();
    for (const event of [step(0, 1), step(0, 1), step(1, 1), step(0, 2), step(1, 1)]) {
      channel.push(event);
    }
    channel.end();
    expect(await eventsOf(channel.drain())).toEqual([step(0, 1), step(1, 1), step(0, 2)]);
  });

  it('ends with the first ending, after what came before it, and takes nothing afterwards', async () => {
    const channel = new EventChannel();
    channel.push(step(0, 1));
    channel.end(new Error('first'));
    channel.end();
    channel.push(step(0, 2));
    expect(channel.hasEnded).toBe(true);
    expect(await errorOf(channel.drain())).toMatchObject({ message: 'first' });
  });
});
