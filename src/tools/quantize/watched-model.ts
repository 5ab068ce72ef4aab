/**
 * A model of the engine's whose UNet calls pass through somebody's hands, who may note them or answer in its place: all
 * else (prompts, noise, steps, decoding) is the engine's own. Knows not whose hands.
 */
import { join } from 'node:path';

import { modelsFolder } from '../../../config/paths.ts';
import type { Picture } from '../../core/picture.ts';
import type { GenerationRequest } from '../../core/request.ts';
import { Engine } from '../../engine/engine.ts';
import { ModelCache, type ModelLocation } from '../../engine/model-cache.ts';
import { sessionOpener } from '../../engine/model/session-opener.ts';
import type { UNetConfig } from '../../engine/nets/index.ts';
import type { Graph } from '../../engine/onnx/index.ts';
import type { Feeds, FloatTensor, Session } from '../../engine/ort/index.ts';
import { prepare } from '../../engine/preparation.ts';
import { CPU_POLICY } from '../../engine/scheduler.ts';
import type { TensorSource } from '../../engine/weights/index.ts';

export type UNetOutput = Readonly<Record<string, FloatTensor>>;

/** Of one call: what it is given, in arrays that the next call uses again, and the engine's own answer, if it is wanted. */
export type UNetHands = (feeds: Feeds, own: () => Promise<UNetOutput>) => Promise<UNetOutput>;

export type WatchedModel = {
  readonly config: UNetConfig;
  /** With the accelerator merged. */
  readonly weights: TensorSource;
  /** In fp32 but for what the hands do. */
  readonly draw: (request: GenerationRequest, hands: UNetHands) => Promise<Picture>;
};

/** Open while `use` lasts. `of`: a request that says which model and accelerator. */
export async function withWatchedModel<T>(
  location: ModelLocation,
  of: GenerationRequest | undefined,
  cacheDir: string,
  use: (model: WatchedModel) => Promise<T>,
): Promise<T> {
  if (of === undefined) {
    throw new Error('Expected at least one request.');
  }
  let current: UNetHands = (_, own) => own();
  const ordinary = sessionOpener({ device: { kind: 'cpu' }, numberType: 'f32', startup: 'fast', threads: undefined });
  const watched = async (graph: Graph): Promise<Session> => {
    const session = await ordinary(graph);
    if (graph.name === 'unet') {
      const run = session.run.bind(session);
      session.run = (feeds) => current(feeds, () => run(feeds));
    }
    return session;
  };
  const { memory, target } = ordinary;
  const cache = new ModelCache({
    locate: async () => location,
    open: Object.assign(watched, { mapped: watched, besideWindow: watched, lean: watched, memory, target }),
    cacheDir,
    clipTokenizer: join(modelsFolder, 'clip'),
    budgetBytes: Number.POSITIVE_INFINITY,
  });
  try {
    const engine = new Engine(CPU_POLICY);
    const { value: model, release } = await cache.lease({ ...of, precision: 'fp32' });
    let number = 0;
    const draw: WatchedModel['draw'] = async (request, hands) => {
      current = hands;
      const unread = (): never => {
        throw new Error('no picture starts from another here');
      };
      const { generation } = await prepare({
        number: number++,
        request,
        previewAfter: [],
        live: undefined,
        model,
        read: { readPicture: unread, readMask: unread },
        now: () => performance.now(),
      });
      engine.add(generation);
      let drawn: Picture | undefined;
      for await (const event of generation.events.read()) {
        drawn = event.kind === 'picture' ? event.picture : drawn;
      }
      if (drawn === undefined) {
        throw new Error('a drawing ended without its picture');
      }
      return drawn;
    };
    try {
      return await use({ ...model.unet, draw });
    } finally {
      release();
    }
  } finally {
    await cache.close();
  }
}

/** As they are now: the arrays of a call are used again by the next. */
export function copied(feeds: Feeds): Feeds {
  return Object.fromEntries(
    Object.entries(feeds).map(([name, tensor]) => [name, { ...tensor, data: tensor.data.slice() }]),
  ) as Feeds;
}
