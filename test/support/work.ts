/** Work for tests that need any work at all. */
import { defaultRequest } from '../../src/core/default-request.ts';
import type { GenerationRequest } from '../../src/core/request.ts';
import type { Work, WorkEvent } from '../../src/core/work.ts';

export function requestOf(changes: Partial<GenerationRequest> = {}): GenerationRequest {
  return defaultRequest(
    { id: 'moji', defaults: { steps: 4, guidance: 1, width: 16, height: 8, scheduler: 'lcm' } },
    'a fox',
    { seed: 7, ...changes },
  );
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
