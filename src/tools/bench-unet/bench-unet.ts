/**
 * `fourstep bench unet`: a UNet of true size with random weights, against the floor that its operations and the fastest
 * kernel of this machine set, with run-time LoRAs of rank 16 and 64, and beside what a user would pick instead. Absolute
 * figures differ from machine to machine; the ratios of one run are what counts.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { buildUNet, loweringFor, NO_WEIGHTS, parseUNetConfig, type UNetConfig } from '../../engine/nets/index.ts';
import { serialize } from '../../engine/onnx/index.ts';
import { type Feeds, type FloatTensor, Session } from '../../engine/ort/index.ts';
import { openSafetensors } from '../../engine/weights/index.ts';
import { type Architecture, UNETS } from './architectures.ts';
import { distanceFromFp32 } from './difference.ts';
import { type DecoderSeconds, measureDecoder } from './decoder.ts';
import { unetGflop } from './flops.ts';
import { type KernelRate, measureKernels } from './kernels.ts';
import { measurePicture, unetFile } from './picture.ts';
import { type Peers, runPeers } from './run-peers.ts';
import { checkpointTensors, writeRandomCheckpoint } from './random-checkpoint.ts';
import { measureStyles, type StyleCosts } from './styled.ts';

const TOKENS = 77;
const ROUNDS = 5;
/** Two sessions on a shared machine differ by ± 2 % in five. */
const STYLED_ROUNDS = 12;
/** Of a net whose call takes long. */
const FEW_ROUNDS = 1;
const FEW_STYLED_ROUNDS = 5;
const LONG_GFLOP = 2000;

export type BenchUnetReport = {
  readonly arch: Architecture;
  readonly side: number;
  readonly precision: 'fp32' | 'int8';
  readonly parameters: number;
  readonly gflop: number;
  readonly kernels: readonly KernelRate[];
  readonly floorSeconds: number;
  /** Once for a model: kernels transformed or weights quantised; afterwards they are found. */
  readonly transformSeconds: number;
  readonly sessionStartSeconds: { readonly fast: number; readonly throughput: number };
  readonly firstStepAfterFastStartSeconds: number;
  readonly stepSeconds: { readonly fast: number; readonly throughput: number };
  readonly gflopPerSecond: number;
  /** Resident, of one session opened for throughput, with the process around it. */
  readonly peakMemoryGb: number;
  readonly styles: StyleCosts;
  /** One picture's latents into pixels. */
  readonly decoderSeconds: DecoderSeconds;
  /** A whole one of SD 1.5, by four steps and its small decoder; undefined for others. */
  readonly pictureSeconds: number | undefined;
  /** Of 8 bits: ‖y − y₃₂‖ / ‖y₃₂‖ of a call over the same weights. */
  readonly difference: number | undefined;
  /** Seconds a call of the peers, and how far they are from their own fp32; empty where no Python was given. */
  readonly peers: Peers;
};

export type BenchUnetInput = {
  readonly arch: Architecture;
  readonly precision: 'fp32' | 'int8';
  readonly side: number | undefined;
  readonly python: string | undefined;
  readonly say: (line: string) => void;
};

export async function benchUnet({
  arch,
  precision,
  side: wantedSide,
  python,
  say,
}: BenchUnetInput): Promise<BenchUnetReport> {
  const facts = UNETS[arch];
  const side = wantedSide ?? facts.side;
  const config = parseUNetConfig(facts.config, arch);
  const gflop = unetGflop(config, side / 8, side / 8, TOKENS);
  const folder = await mkdtemp(join(tmpdir(), 'fourstep-bench-'));
  try {
    say(`writing random weights of ${arch} …`);
    const model = join(folder, 'model');
    const file = unetFile(model);
    await mkdir(dirname(file), { recursive: true });
    const direct = { lowering: loweringFor({ provider: 'cpu' }), sizes: 'whole' } as const;
    const parameters = await writeRandomCheckpoint(file, checkpointTensors(buildUNet(config, NO_WEIGHTS, direct)));
    const isLong = gflop > LONG_GFLOP;
    const rounds = isLong ? FEW_ROUNDS : ROUNDS;
    const isEight = precision === 'int8';
    const build = { ...direct, lowering: loweringFor({ provider: 'cpu', precision, convolutions: 'winograd' }) };
    say(isEight ? 'quantising …' : 'transforming kernels …');
    const { tensors } = await openSafetensors(file);
    const transforming = await opened(() =>
      build.lowering.prepareWeights(tensors, (given) => buildUNet(config, given, build), folder),
    );
    const weights = transforming.value;
    const plain = serialize(buildUNet(config, weights, build), { reuse: 'nearby' });
    const startingFast = serialize(buildUNet(config, weights, isEight ? build : direct));
    const feeds = feedsOf(config, side);

    say('opening and running …');
    // First of all and alone, for the peak is the whole process's so far.
    const alone = await opened(() => Session.create(plain));
    const first = await alone.value.run(feeds);
    const aloneSeconds = await bestOf(rounds, () => alone.value.run(feeds));
    const peakMemoryGb = (process.resourceUsage().maxRSS * 1024) / 1e9;
    await alone.value.release();

    const difference = isEight ? await distanceFromFp32(buildUNet(config, tensors, direct), feeds, first) : undefined;

    say('measuring the fastest kernels …');
    const kernels = await measureKernels(8);
    const bestRate = Math.max(...kernels.map(({ gflopPerSecond }) => gflopPerSecond));

    say('starting fast …');
    const fast = await opened(() => Session.create(startingFast, { startup: 'fast' }));
    const firstStep = await timed(() => fast.value.run(feeds));
    const fastStep = await bestOf(rounds, () => fast.value.run(feeds));
    await fast.value.release();

    say('with styles and without, in turns …');
    const styles = await measureStyles({
      folder,
      config,
      weights,
      build,
      feeds,
      rounds: isLong ? FEW_STYLED_ROUNDS : STYLED_ROUNDS,
    });
    const { startup, plainSeconds } = styles;
    const stepSeconds = startup === 'fast' ? aloneSeconds : Math.min(aloneSeconds, plainSeconds);

    say('decoding …');
    const decoderSeconds = await measureDecoder(folder, side, isLong ? 0 : 2);

    say(arch === 'sd15' ? 'drawing a picture …' : 'no whole picture: that is for SD 1.5');
    const pictureSeconds =
      arch === 'sd15' ? await measurePicture({ model, unet: facts.config, precision, side, rounds: 2 }) : undefined;

    say(python === undefined ? 'no --python: peers are left out' : 'running the peers …');
    const peers =
      python === undefined
        ? {}
        : await runPeers({
            python,
            folder,
            weights: file,
            config: facts.config,
            side,
            rounds: isLong ? 1 : ROUNDS,
            say,
          }).catch((error: unknown) => {
            // Minutes of our own measurements are not thrown away for the sake of the comparison.
            say(error instanceof Error ? error.message : String(error));
            return {};
          });
    return {
      arch,
      side,
      precision,
      parameters,
      gflop,
      kernels,
      floorSeconds: gflop / bestRate,
      transformSeconds: transforming.seconds,
      sessionStartSeconds: { fast: fast.seconds, throughput: alone.seconds },
      firstStepAfterFastStartSeconds: firstStep,
      stepSeconds: { fast: fastStep, throughput: stepSeconds },
      gflopPerSecond: gflop / stepSeconds,
      peakMemoryGb,
      styles,
      decoderSeconds,
      pictureSeconds,
      difference,
      peers,
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function feedsOf(config: UNetConfig, side: number): Feeds {
  const latent = side / 8;
  const tensor = (shape: readonly number[]): FloatTensor => ({
    data: Float32Array.from({ length: shape.reduce((product, each) => product * each, 1) }, (_, index) =>
      Math.sin(index * 1.7),
    ),
    shape,
  });
  return {
    sample: tensor([1, config.inChannels, latent, latent]),
    timestep: { data: Float32Array.of(759), shape: [1] },
    encoder_hidden_states: tensor([1, TOKENS, config.contextFeatures]),
    ...(config.textTime === undefined
      ? {}
      : { text_embeds: tensor([1, config.textTime.textFeatures]), time_ids: tensor([1, 6]) }),
  };
}

async function opened<T>(create: () => Promise<T>): Promise<{ readonly value: T; readonly seconds: number }> {
  const startedAt = performance.now();
  const value = await create();
  return { value, seconds: (performance.now() - startedAt) / 1000 };
}

async function timed(run: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await run();
  return (performance.now() - startedAt) / 1000;
}

async function bestOf(rounds: number, run: () => Promise<unknown>): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round += 1) {
    best = Math.min(best, await timed(run));
  }
  return best;
}
