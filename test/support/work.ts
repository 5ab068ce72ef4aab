/** Work for tests that need any work at all. */
import type { GenerationRequest } from '../../src/core/request.ts';
import type { Work, WorkEvent } from '../../src/core/work.ts';

export function requestOf(changes: Partial<GenerationRequest> = {}): GenerationRequest {
  return {
    prompt: 'a fox',
    negative: '',
    model: 'moji',
    lcmLora: { kind: 'model' },
    vae: undefined,
    loras: [],
    seed: 7,
    count: 1,
    steps: 4,
    guidance: 1,
    width: 16,
    height: 8,
    scheduler: 'lcm',
    init: undefined,
    ...changes,
  };
}

export function imagine(changes: Partial<GenerationRequest> = {}, id = 'job', previewAfter: number[] = []): Work {
  return { kind: 'imagine', id, request: requestOf(changes), previewAfter };
}

/** All events of a run, until it ends. */
export async function eventsOf(events: AsyncIterable<WorkEvent>): Promise<WorkEvent[]> {
  const list: WorkEvent[] = [];
  for await (const event of events) {
    list.push(event);
  }
  return list;
}

/** What a run threw; a test that expects an error fails where none comes. */
export async function errorOf(events: AsyncIterable<WorkEvent>): Promise<unknown> {
  try {
    await eventsOf(events);
  } catch (error) {
    return error;
  }
  throw new Error('expected the run to throw, but it ended well');
}
