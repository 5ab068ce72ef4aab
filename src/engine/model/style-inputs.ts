/**
 * What a UNet's graph takes of the styles of a call, and how it is made: low-rank pairs beside most layers, and where that
 * pays a style's own weights, merged when the style is first drawn with and kept while there is room. Of a mix that a hand
 * is still moving nothing is merged: its pairs stay as they are, and its weights are numbers beside them.
 */
import {
  buildMerge,
  canMerge,
  mergedTogether,
  worthMerging,
  type Layer,
  type Lowering,
  type NetWeights,
  type StyleForm,
} from '../nets/index.ts';
import { joinFeeds, type ByteTensor, type Feeds, type FloatTensor } from '../ort/index.ts';
import { LruCache } from '../cache/lru-cache.ts';
import { GatedPacker, LoraPacker } from '../weights/index.ts';
import { gatedFeeds, loraFeeds, type StyledRow } from './lora-feeds.ts';
import type { OpenGraph } from './session-opener.ts';
import { targetsOf, type UNetVariant } from './style-set.ts';

/** Styles joined for calls, kept for the next step of the same company. */
const PACKED_BYTES = 512 * 2 ** 20;

/** Pairs of styles that are mixed, of one variant. */
const JOINED_BYTES = 256 * 2 ** 20;

/** Of fp32 weights that are merged at a time. */
const MERGING_BYTES = 64 * 2 ** 20;

/** Of all styles together: five of SD 1.5 in fp32, twenty in 8 bits. */
const KEPT_BYTES = 512 * 2 ** 20;

type MergedWeights = Readonly<Record<string, FloatTensor | ByteTensor>>;

/** Modules that get a style in one way. */
type Part = {
  readonly targets: readonly Layer[];
  readonly modules: ReadonlySet<string>;
  readonly packer: LoraPacker;
};

/** The modules of a graph variant. */
type Parts = { readonly beside: Part; readonly merged: Part };

export class StyleInputs {
  readonly #targets: () => readonly Layer[];
  readonly #weights: NetWeights;
  readonly #open: OpenGraph;
  readonly #styleType: Lowering['styleType'];
  readonly #gated = new Map<UNetVariant, GatedPacker>();
  readonly #parts = new Map<string, Parts>();
  /** Of the mix that was drawn last: its next step takes them again. */
  #passing: { readonly key: string; readonly feeds: Feeds } | undefined;
  readonly #merged = new LruCache<MergedWeights>({ maxCost: KEPT_BYTES, costOf: bytesOf });

  /** `targets`: all of the UNet's, asked for with the first style. `styleType`: of the graphs. */
  constructor(
    targets: () => readonly Layer[],
    weights: NetWeights,
    open: OpenGraph,
    styleType: Lowering['styleType'] = 'f32',
  ) {
    this.#targets = targets;
    this.#weights = weights;
    this.#open = open;
    this.#styleType = styleType;
  }

  /** What to build the UNet with. */
  form(variant: UNetVariant, rows: StyleForm['rows']): StyleForm {
    if (rows === 'gated') {
      const beside = new Set(targetsOf(variant, this.#targets()).map(({ module }) => module));
      return { rows, beside, merged: new Set() };
    }
    const { beside, merged } = this.#partsOf(variant, rows);
    return { rows, beside: beside.modules, merged: merged.modules };
  }

  /** The inputs of a call of these rows. */
  async feeds(rows: readonly StyledRow[], variant: UNetVariant, loraRows: StyleForm['rows']): Promise<Feeds> {
    if (variant === 'plain') {
      return {};
    }
    if (loraRows === 'gated') {
      const key = JSON.stringify([variant, rows[0]?.key]);
      if (this.#passing?.key !== key) {
        this.#passing = { key, feeds: gatedFeeds(this.#gatedOf(variant), rows) };
      }
      return this.#passing.feeds;
    }
    const { beside, merged } = this.#partsOf(variant, loraRows);
    const pairs = loraFeeds(beside.packer, rows, loraRows);
    return merged.targets.length === 0
      ? pairs
      : joinFeeds<Feeds[string]>(pairs, await this.#mergedWeights(rows, variant, merged));
  }

  async release(): Promise<void> {
    await this.#merged.clear();
  }

  /** Of rows in one style. */
  #mergedWeights(rows: readonly StyledRow[], variant: UNetVariant, { targets, packer }: Part): Promise<MergedWeights> {
    return this.#merged.get(JSON.stringify([variant, rows[0]?.key]), async () => {
      const pairs = loraFeeds(packer, rows, 'shared');
      let merged: MergedWeights = {};
      for (const group of mergedTogether(targets, MERGING_BYTES)) {
        const merger = await this.#open(buildMerge(this.#weights, group));
        try {
          const taken = new Set(merger.inputNames);
          const own = Object.fromEntries(Object.entries(pairs).filter(([name]) => taken.has(name)));
          merged = { ...merged, ...(await merger.runMixed(own)) };
        } finally {
          await merger.release();
        }
      }
      return merged;
    });
  }

  #gatedOf(variant: UNetVariant): GatedPacker {
    const packer = this.#gated.get(variant) ?? new GatedPacker(targetsOf(variant, this.#targets()), JOINED_BYTES);
    this.#gated.set(variant, packer);
    return packer;
  }

  /** Weights are one for a call, so only rows in one style can have them merged. */
  #partsOf(variant: UNetVariant, loraRows: 'each' | 'shared'): Parts {
    const name = `${variant} ${loraRows}`;
    const known = this.#parts.get(name);
    if (known !== undefined) {
      return known;
    }
    const all = targetsOf(variant, this.#targets());
    const mergeable = loraRows === 'shared' ? all.filter((target) => canMerge(target, this.#weights)) : [];
    // Merging is in fp32 everywhere.
    const merged = partOf(worthMerging(mergeable), 0, 'f32');
    const beside = partOf(
      all.filter(({ module }) => !merged.modules.has(module)),
      PACKED_BYTES,
      this.#styleType,
    );
    this.#parts.set(name, { beside, merged });
    return { beside, merged };
  }
}

function partOf(targets: readonly Layer[], packedBytes: number, styleType: Lowering['styleType']): Part {
  return {
    targets,
    modules: new Set(targets.map(({ module }) => module)),
    packer: new LoraPacker(targets, packedBytes, styleType),
  };
}

function bytesOf(feeds: MergedWeights): number {
  return Object.values(feeds).reduce((total, { data }) => total + data.byteLength, 0);
}
