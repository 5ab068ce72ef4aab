/**
 * Opens graphs on the device that an engine was made for; carried by everything that owns a session, so that device
 * and number type are chosen in one place.
 */
import { availableParallelism } from 'node:os';

import type { LoweringOptions, NumberType } from '../nets/index.ts';
import { serialize, type Graph, type SerializeOptions } from '../onnx/index.ts';
import { DeviceMemory, Session, type Device } from '../ort/index.ts';

export type OpenGraph = (graph: Graph) => Promise<Session>;

export type SessionOpener = OpenGraph & {
  /**
   * For a net whose weights will be exchanged: on a processor they stay in their files whatever `startup` says, so that
   * it opens in a fraction of a second, for about 2 % of a step's time.
   */
  readonly mapped: OpenGraph;
  /**
   * For what is drawn while a hand moves: a small net leaves half of the processor to whatever shows it. All threads of a
   * call wait for the one that was put aside for a window's frame, and a small net gains little by them: moji's step takes
   * 1.2 to 1.4 times as long on one of two cores alone, and is drawn 1.4 times as often beside a browser (bench:page).
   */
  readonly besideWindow: OpenGraph;
  /**
   * For a net whose pictures are large beside its weights: of what it computes nothing is held for later. A decoder of 512² in
   * bands held twice what it needs otherwise (0.8 GB of its own, 1.6 where memory is handed on nearby).
   */
  readonly lean: OpenGraph;
  /** Of all sessions opened here. */
  readonly memory: DeviceMemory;
  /** What graphs must be lowered for. */
  readonly target: LoweringOptions & { readonly dtype: NumberType };
};

/** Where a net is opened, and where what is derived from its weights goes when their own folder cannot be written. */
export type NetPlace = { readonly open: SessionOpener; readonly cacheDir: string };

/** … and what a UNet and the decoder of its latents are computed in there. */
export type PrecisePlace = NetPlace & { readonly precision: 'fp32' | 'int8' };

export type SessionOpenerOptions = {
  readonly device: Device;
  readonly numberType: NumberType;
  /** Default: one operator on a processor alone. */
  readonly attention?: 'fused' | 'decomposed';
  /** Of pictures between layers; default 'first'. */
  readonly channels?: 'first' | 'last';
  /**
   * 'fast': sessions start at once and share the weights' memory; 'throughput': packed weights, a few per cent faster,
   * where there is room for them, and less memory between calls.
   */
  readonly startup: 'throughput' | 'fast';
  readonly threads: number | undefined;
};

type OpenOptions = SerializeOptions & { readonly threadsOf?: (graph: Graph) => number | undefined };

/** Weights of a net that gains little by a second thread, and may be open several times: moji's UNet has 40 MB of them, SD 1.5's 3.4 GB. */
export const SMALL_NET_BYTES = 256 * 2 ** 20;

/** On the device: styles and prompts of the pictures drawn last; sixteen styles of rank 16 of SD 1.5. */
export const STAYING_BYTES = 512 * 2 ** 20;

export function sessionOpener({
  device,
  numberType,
  attention,
  channels,
  startup,
  threads,
}: SessionOpenerOptions): SessionOpener {
  const memory = new DeviceMemory(device, STAYING_BYTES);
  const usualReuse = startup === 'fast' ? 'everywhere' : 'nearby';
  const openAs =
    (
      startupOf: (graph: Graph) => 'throughput' | 'fast',
      { threadsOf = (_graph: Graph) => threads, reuse = usualReuse }: OpenOptions = {},
    ): OpenGraph =>
    (graph) => {
      const count = threadsOf(graph);
      return Session.create(serialize(graph, { reuse }), {
        device,
        memory,
        weightBytes: weightBytes(graph),
        startup: device.kind === 'cpu' ? startupOf(graph) : startup,
        ...(count !== undefined && { threads: count }),
      });
    };
  const fitting = (graph: Graph) => startupThatFits(startup, weightBytes(graph), process.availableMemory());
  const half = Math.ceil((threads ?? availableParallelism()) / 2);
  const open = openAs(fitting);
  // What starts at once has no time to transform kernels.
  const convolutions = startup === 'throughput' ? 'winograd' : 'direct';
  return Object.assign(open, {
    mapped: openAs(() => 'fast'),
    besideWindow: openAs(fitting, { threadsOf: (graph) => (isSmall(graph) ? half : threads) }),
    lean: startup === 'fast' ? open : openAs(fitting, { reuse: 'nowhere' }),
    memory,
    target: {
      provider: device.kind,
      dtype: numberType,
      ...(attention && { attention }),
      ...(channels && { channels }),
      convolutions,
    } as const,
  });
}

/**
 * 'fast' instead of 'throughput' where there is no room: packed weights are a copy for each session, while mapped ones
 * are one for all and can be dropped. A machine without that room would read them from the disk in every step, and an
 * SDXL with and without a style is two sessions of 10 GB. As much again is left for what is computed and for others.
 */
export function startupThatFits(
  wanted: 'throughput' | 'fast',
  weightBytesToPack: number,
  freeBytes: number,
): 'throughput' | 'fast' {
  return 2 * weightBytesToPack <= freeBytes ? wanted : 'fast';
}

/** Whether more threads gain it little. */
export function isSmall(graph: Graph): boolean {
  return weightBytes(graph) <= SMALL_NET_BYTES;
}

/** What a graph reads from its files. */
export function weightBytes(graph: Graph): number {
  return graph.initializers.reduce((sum, { data }) => sum + (data.kind === 'external' ? data.length : 0), 0);
}
