/**
 * What a style costs a UNet: calls without one and with LoRAs of rank 16 and 64, in turns on two sessions, and changing
 * from one style to another.
 */
import { sessionOpener, startupThatFits, weightBytes } from '../../engine/model/session-opener.ts';
import {
  buildUNet,
  type NetWeights,
  type UNetConfig,
  unetLoraTargets,
  type UNetOptions,
} from '../../engine/nets/index.ts';
import { serialize } from '../../engine/onnx/index.ts';
import { type Feeds, Session } from '../../engine/ort/index.ts';
import { RandomStyles, type SwitchTimes } from './random-styles.ts';

const RANKS = [16, 64];
const SWITCHED_RANK = 16;

export type StyleCosts = {
  /** Of the least time with the LoRA over the least without, less 1. */
  readonly overhead: readonly { readonly rank: number; readonly ratio: number }[];
  /** How both sessions were opened: 'fast' where packed weights of two do not fit into memory. */
  readonly startup: 'throughput' | 'fast';
  /** The least time without. */
  readonly plainSeconds: number;
  readonly styleSwitch: SwitchTimes;
};

export type StyleMeasurement = {
  /** For the styles' files. */
  readonly folder: string;
  readonly config: UNetConfig;
  readonly weights: NetWeights;
  readonly build: UNetOptions;
  readonly feeds: Feeds;
  /** Each of one call without and one of each rank: neighbours on the machine come and go in seconds. */
  readonly rounds: number;
};

export async function measureStyles({
  folder,
  config,
  weights,
  build,
  feeds,
  rounds,
}: StyleMeasurement): Promise<StyleCosts> {
  const open = sessionOpener({
    device: { kind: 'cpu' },
    numberType: 'f32',
    attention: 'fused',
    startup: 'throughput',
    threads: undefined,
  });
  const styles = new RandomStyles(folder, unetLoraTargets(config, build.lowering), weights, open);
  const styledGraph = buildUNet(config, weights, { ...build, styles: styles.form });
  // Two sessions at once: where both do not fit with packed weights, they are compared without.
  const startup = startupThatFits('throughput', 2 * weightBytes(styledGraph), process.availableMemory());
  const plain = await Session.create(serialize(buildUNet(config, weights, build), { reuse: 'nearby' }), { startup });
  const styled = await Session.create(serialize(styledGraph, { reuse: 'nearby' }), { startup });

  const calls = [{ rank: 0, session: plain, inputs: feeds, best: Number.POSITIVE_INFINITY }];
  for (const rank of RANKS) {
    await styles.write(`rank-${rank}`, rank);
    const inputs = { ...feeds, ...(await styles.feeds(`rank-${rank}`)) };
    calls.push({ rank, session: styled, inputs, best: Number.POSITIVE_INFINITY });
  }
  for (let round = 0; round <= rounds; round += 1) {
    for (const call of calls) {
      const startedAt = performance.now();
      await call.session.run(call.inputs);
      // The first call of each also reads its weights.
      call.best = round === 0 ? call.best : Math.min(call.best, (performance.now() - startedAt) / 1000);
    }
  }
  await plain.release();
  await styled.release();

  const switched = ['one', 'another', 'a third'] as const;
  for (const name of switched) {
    await styles.write(name, SWITCHED_RANK);
  }
  const styleSwitch = await styles.timeSwitches(...switched);
  await styles.release();
  const [without, ...withLora] = calls;
  const plainSeconds = without?.best ?? Number.NaN;
  return {
    overhead: withLora.map(({ rank, best }) => ({ rank, ratio: best / plainSeconds - 1 })),
    startup,
    plainSeconds,
    styleSwitch,
  };
}
