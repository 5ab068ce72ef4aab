import { describe, expect, it } from 'vitest';
import { EventStream } from '../../src/core/event-stream.ts';

async function readAll<T>(stream: EventStream<T>): Promise<readonly T[]> {
  const events: T[] = [];
  for await (const event of stream.read()) {
    events.push(event);
  }
  return events;
}

describe('EventStream', () => {
  it('gives events in order, those before the reader came included', async () => {
    const stream = new EventStream<number>();
    stream.push(1);
    stream.push(2);
    const reading = readAll(stream);
    await Promise.resolve();
    stream.push(3);
    stream.end();
    expect(await reading).toEqual([1, 2, 3]);
  });

  it('gives what came before a failure, then the failure', async () => {
    const stream = new EventStream<number>();
    stream.push(1);
    stream.fail(new Error('device lost'));
    const seen: number[] = [];
    await expect(async () => {
      for await (const event of stream.read()) {
        seen.push(event);
      }
    }).rejects.toThrow('device lost');
    expect(seen).toEqual([1]);
  });

  it('drops what comes after its end', async () => {
    const stream = new EventStream<number>();
    stream.end();
    stream.push(1);
    stream.fail(new Error('too late'));
    expect(await readAll(stream)).toEqual([]);
  });
});
