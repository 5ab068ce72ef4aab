/** What a UNet is given while its model draws: the inputs of every call, as they came. */
import { modelsFolder } from '../../../config/paths.ts';
import { join } from 'node:path';

import type { GenerationRequest } from '../../core/request.ts';
import { Engine } from '../../engine/engine.ts';
import { ModelCache, type ModelLocation } from '../../engine/model-cache.ts';
import { sessionOpener } from '../../engine/model/session-opener.ts';
import type { UNetConfig } from '../../engine/nets/index.ts';
import type { Graph } from '../../engine/onnx/index.ts';
import type { Feeds, Session } from '../../engine/ort/index.ts';
import { prepare } from '../../engine/preparation.ts';
import { CPU_POLICY } from '../../engine/scheduler.ts';
import type { TensorSource } from '../../engine/weights/index.ts';

export type Recorded = {
  readonly config: UNetConfig;
  /** With the accelerator merged. */
  readonly weights: TensorSource;
  readonly calls: readonly Feeds[];
};

export async function recordCalls(
  location: ModelLocation,
  requests: readonly GenerationRequest[],
  cacheDir: string,
): Promise<Recorded> {
  const [first] = requests;
  if (first === undefined) {
    throw new Error('Expected at least one request.');
  }
  const ordinary = sessionOpener({ device: { kind: 'cpu' }, numberType: 'f32', startup: 'fast', threads: undefined });
  const calls: Feeds[] = [];
  const recording = async (graph: Graph): Promise<Session> => {
    const session = await ordinary(graph);
    if (graph.name === 'unet') {
      const run = session.run.bind(session);
      session.run = (feeds) => {
        calls.push(copied(feeds));
        return run(feeds);
      };
    }
    return session;
  };
  const cache = new ModelCache({
    locate: async () => location,
    open: Object.assign(recording, {
      mapped: recording,
      besideWindow: recording,
      memory: ordinary.memory,
      target: ordinary.target,
    }),
    cacheDir,
    clipTokenizer: join(modelsFolder, 'clip'),
    budgetBytes: Number.POSITIVE_INFINITY,
  });
  try {
    const engine = new Engine(CPU_POLICY);
    const { value: model, release } = await cache.lease({ ...first, precision: 'fp32' });
    for (const [number, request] of requests.entries()) {
      const unread = (): never => {
        throw new Error('no picture starts from another here');
      };
      const { generation } = await prepare({
        number,
        request,
        previewAfter: [],
        live: undefined,
        model,
        read: { readPicture: unread, readMask: unread },
        now: () => performance.now(),
      });
      engine.add(generation);
      for await (const _ of generation.events.read()) {
        // The calls are what is wanted.
      }
    }
    release();
    return { ...model.unet, calls };
  } finally {
    await cache.close();
  }
}

/** The arrays of a call are used again by the next. */
function copied(feeds: Feeds): Feeds {
  return Object.fromEntries(
    Object.entries(feeds).map(([name, tensor]) => [name, { ...tensor, data: tensor.data.slice() }]),
  ) as Feeds;
}
