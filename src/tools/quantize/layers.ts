/**
 * What each layer of a UNet costs in 8 bits, and what each kind of layer gains: a call in fp32 but for these layers, against
 * the call in fp32, over inputs that the model itself met while it drew. Says which layers a rule would have to leave in
 * float, by numbers.
 */
import type { LinearLayer, ConvolutionLayer, Lowering } from '../../engine/nets/lowering.ts';
import { buildUNet, loweringFor, type NetWeights, type UNetConfig } from '../../engine/nets/index.ts';
import { serialize, type Graph } from '../../engine/onnx/index.ts';
import { type Feeds, Session } from '../../engine/ort/index.ts';
import type { TensorSource } from '../../engine/weights/index.ts';
import { relativeL2 } from '../bench-unet/difference.ts';

export type LayerCost = {
  /** Its dotted name in the checkpoint. */
  readonly layer: string;
  /** Mean over the calls of ‖y − y₃₂‖ / ‖y₃₂‖, with this layer alone in 8 bits. */
  readonly difference: number;
};

type KindCost = {
  /** The last words of the layers' names, without numbers. */
  readonly kind: string;
  readonly count: number;
  /** As of a layer, with all of the kind in 8 bits. */
  readonly difference: number;
  /** Of one layer alone, the worst of the kind. */
  readonly worst: number;
  /** What a call is quicker by then, as a share of a call in fp32: least of several, in turns. Below 0: it is slower. */
  readonly gain: number;
};

export type LayerReport = {
  /** With all that the rule takes in 8 bits. */
  readonly all: Omit<KindCost, 'kind' | 'worst'>;
  /** What costs most first. */
  readonly kinds: readonly KindCost[];
  /** The worst first. */
  readonly layers: readonly LayerCost[];
};

type LayerSweep = {
  readonly config: UNetConfig;
  readonly weights: TensorSource;
  readonly calls: readonly Feeds[];
  readonly cacheDir: string;
  readonly say: (line: string) => void;
};

const FLOAT = loweringFor({ provider: 'cpu' });
const EIGHT = loweringFor({ provider: 'cpu', precision: 'int8' });

/** Calls of either that a gain is the least of. */
const TIMED_CALLS = 6;

/** Mean over the calls of ‖y − y₃₂‖ / ‖y₃₂‖ with all that the rule takes in 8 bits. */
export async function differenceInEightBits({ calls, ...net }: Omit<LayerSweep, 'say'>): Promise<number> {
  const { build, prepared } = await preparedNet(net);
  const given = [];
  for (const lowering of [FLOAT, EIGHT]) {
    const session = await open(build(prepared, lowering));
    given.push(await answers(session, calls));
    await session.release();
  }
  const [exact = [], eight = []] = given;
  return meanDifference(eight, exact);
}

export function meanDifference(given: readonly Float32Array[], exact: readonly Float32Array[]): number {
  return given.reduce((sum, y, k) => sum + relativeL2(y, exact[k] ?? y), 0) / given.length;
}

async function preparedNet({ config, weights, cacheDir }: Omit<LayerSweep, 'calls' | 'say'>) {
  const build = (given: NetWeights, lowering: Lowering): Graph => buildUNet(config, given, { lowering });
  const wide = await FLOAT.prepareWeights(weights, (given) => build(given, FLOAT), cacheDir);
  return { build, prepared: await EIGHT.prepareWeights(wide, (given) => build(given, EIGHT), cacheDir) };
}

export async function sweepLayers({ calls, say, ...net }: LayerSweep): Promise<LayerReport> {
  const { build, prepared } = await preparedNet(net);
  const modules = [...new Set(prepared.names.flatMap((name) => /^(.*)\.s8\[/u.exec(name)?.[1] ?? []))];
  const float = await open(build(prepared, FLOAT));
  try {
    const exact = await answers(float, calls);
    const measured = async (chosen: ReadonlySet<string>, timed: boolean) => {
      const session = await open(build(prepared, onlyIn(chosen)));
      try {
        const given = await answers(session, calls);
        return { difference: meanDifference(given, exact), gain: timed ? await gainOf(session, float, calls) : 0 };
      } finally {
        await session.release();
      }
    };
    const layers: LayerCost[] = [];
    for (const [k, layer] of modules.entries()) {
      const { difference } = await measured(new Set([layer]), false);
      layers.push({ layer, difference });
      if ((k + 1) % 20 === 0) {
        say(`${k + 1} of ${modules.length} layers …`);
      }
    }
    const kinds: KindCost[] = [];
    for (const [kind, members] of byKind(layers)) {
      const worst = Math.max(...members.map(({ difference }) => difference));
      const chosen = new Set(members.map(({ layer }) => layer));
      kinds.push({ kind, count: members.length, worst, ...(await measured(chosen, true)) });
    }
    return {
      all: { count: modules.length, ...(await measured(new Set(modules), true)) },
      kinds: kinds.toSorted((a, b) => b.difference - a.difference),
      layers: layers.toSorted((a, b) => b.difference - a.difference),
    };
  } finally {
    await float.release();
  }
}

function byKind(layers: readonly LayerCost[]): ReadonlyMap<string, readonly LayerCost[]> {
  const kinds = new Map<string, LayerCost[]>();
  for (const cost of layers) {
    const words = cost.layer.split('.').filter((word) => !/^\d+$/u.test(word));
    const kind = words.slice(-2).join('.');
    kinds.set(kind, [...(kinds.get(kind) ?? []), cost]);
  }
  return kinds;
}

/** fp32 but for the layers of these names. */
function onlyIn(chosen: ReadonlySet<string>): Lowering {
  const of = ({ scope }: LinearLayer | ConvolutionLayer): Lowering => (chosen.has(scope.path) ? EIGHT : FLOAT);
  return {
    ...EIGHT,
    linear: (layer, x) => of(layer).linear(layer, x),
    convolution: (layer, x) => of(layer).convolution(layer, x),
    doubledConvolution: (layer, x) => of(layer).doubledConvolution?.(layer, x),
  };
}

function open(graph: Graph): Promise<Session> {
  return Session.create(serialize(graph), { startup: 'fast' });
}

async function answers(session: Session, calls: readonly Feeds[]): Promise<readonly Float32Array[]> {
  const given: Float32Array[] = [];
  for (const feeds of calls) {
    const { out_sample: output } = await session.run(feeds);
    given.push(output?.data ?? new Float32Array());
  }
  return given;
}

async function gainOf(session: Session, float: Session, [feeds]: readonly Feeds[]): Promise<number> {
  const least = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let round = 0; round < TIMED_CALLS; round += 1) {
    for (const [k, each] of [session, float].entries()) {
      const startedAt = performance.now();
      await each.run(feeds ?? {});
      least[k] = Math.min(least[k] ?? 0, performance.now() - startedAt);
    }
  }
  const [eight = 0, plain = 0] = least;
  return 1 - eight / plain;
}
