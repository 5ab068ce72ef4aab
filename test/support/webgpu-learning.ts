/** One step of learning on the WebGPU provider against the processor's: the same net, the same matrices, all gradients. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import {
  buildUNet,
  loweringFor,
  NO_WEIGHTS,
  unetLoraTargets,
  type Lowering,
  type UNetConfig,
} from '../../src/engine/nets/index.ts';
import type { Feeds } from '../../src/engine/ort/index.ts';
import { buildStepGraph } from '../../src/train/index.ts';
import { PieceSessions } from '../../src/train/piece-sessions.ts';
import { given, randomSource, relativeL2 } from './net-case.ts';

/** Relative L2 of loss and all gradients of one step of two rows. `times`: timesteps, and their sinusoids. */
export async function stepOfLearning(config: UNetConfig, onDevice: Lowering, times: Feeds): Promise<number> {
  const own = unetLoraTargets(config);
  const directory = mkdtempSync(path.join(tmpdir(), 'fourstep-webgpu-'));
  const onProcessor = loweringFor({ provider: 'cpu' });
  const weights = randomSource(directory, 'unet', buildUNet(config, NO_WEIGHTS, { lowering: onProcessor }));
  const lengths = { rows: 2, height: 8, width: 8, tokens: 77, rank: 3 };
  const results = async (kind: 'cpu' | 'webgpu'): Promise<ReadonlyMap<string, Float32Array>> => {
    const { graph, learnt } = buildStepGraph({
      unet: { config, weights, targets: own },
      text: [],
      lengths,
      loss: { kind: 'squared' },
      lowering: kind === 'cpu' ? onProcessor : onDevice,
    });
    const sessions = await PieceSessions.open([graph], { device: { kind }, startup: 'fast', threads: 1 });
    const feeds = graph.inputs.map(({ name, shape }) => {
      const { data } = given(`webgpu/learning/${name}`, ...shape.map(Number));
      // As small as what is learnt: large ones make rounding large.
      const share = learnt.includes(name) ? 0.05 : 1;
      return [name, times[name] ?? { data: data.map((value) => share * value), shape: shape.map(Number) }];
    });
    const made = await sessions.run(Object.fromEntries(feeds), () => Promise.resolve());
    await sessions.release();
    return new Map(Object.entries(made).map(([name, { data }]) => [name, data]));
  };
  const [expected, actual] = [await results('cpu'), await results('webgpu')];
  rmSync(directory, { recursive: true, force: true });
  const all = (of: ReadonlyMap<string, Float32Array>): Float32Array =>
    Float32Array.from([...expected.keys()].flatMap((name) => [...(of.get(name) ?? [])]));
  return relativeL2(all(actual), all(expected));
}
