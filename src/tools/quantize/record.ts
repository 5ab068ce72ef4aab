/** What a UNet is given while its model draws: the inputs of every call, as they came. */
import type { GenerationRequest } from '../../core/request.ts';
import type { Feeds } from '../../engine/ort/index.ts';
import { copied, type WatchedModel } from './watched-model.ts';

export async function recordCalls(
  model: WatchedModel,
  requests: readonly GenerationRequest[],
): Promise<readonly Feeds[]> {
  const calls: Feeds[] = [];
  for (const request of requests) {
    await model.draw(request, (feeds, own) => {
      calls.push(copied(feeds));
      return own();
    });
  }
  return calls;
}
