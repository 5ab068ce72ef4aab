/**
 * What a UNet's graph takes of the styles of a call, and how it is made: low-rank pairs beside most layers, and where
 * tokens are many a style's own weights, merged when the style is first drawn with and kept while there is room.
 */
import {
  buildMerge,
  worthMerging,
  type BuildOptions,
  type LoraRows,
  type LoraTarget,
  type NetWeights,
} from '../nets/index.ts';
import type { Feeds, FloatTensor } from '../ort/index.ts';
import { LoraPacker, LruCache } from '../weights/index.ts';
import { LazySessions } from './lazy-sessions.ts';
import { loraFeeds, type StyledRow } from './lora-feeds.ts';
import type { SessionOpener } from './session-opener.ts';
import { targetsOf, type UNetVariant } from './style-set.ts';

/** Styles joined for calls, kept for the next step of the same company. */
const PACKED_BYTES = 512 * 2 ** 20;

/** Of one style: all that gains of SD 1.5 and the finest level of SDXL. */
const MERGED_BYTES = 384 * 2 ** 20;

/** Of all styles together: four of SD 1.5. */
const KEPT_BYTES = 1024 * 2 ** 20;

type Floats = Readonly<Record<string, FloatTensor>>;

/** The modules of a graph variant, by what is done with them. */
type Split = {
  readonly beside: ReadonlySet<string>;
  readonly merged: ReadonlySet<string>;
  readonly besidePacker: LoraPacker;
  readonly mergedPacker: LoraPacker;
  readonly mergedTargets: readonly LoraTarget[];
};

export class StyleInputs {
  readonly #targets: () => readonly LoraTarget[];
  readonly #weights: NetWeights;
  readonly #open: SessionOpener;
  readonly #mergers: LazySessions;
  readonly #splits = new Map<string, Split>();
  readonly #merged = new LruCache<Floats>({ maxCost: KEPT_BYTES, costOf: bytesOf });

  /** `targets`: all of the UNet's, asked for with the first style. */
  constructor(targets: () => readonly LoraTarget[], weights: NetWeights, open: SessionOpener) {
    this.#targets = targets;
    this.#weights = weights;
    this.#open = open;
    this.#mergers = new LazySessions(open);
  }

  /** What to build the UNet with. */
  build(variant: UNetVariant, loraRows: LoraRows): Pick<BuildOptions, 'loraRows' | 'loraModules' | 'mergedModules'> {
    const { beside, merged } = this.#split(variant, loraRows);
    return { loraRows, loraModules: beside, mergedModules: merged };
  }

  /** The inputs of a call of these rows. */
  async feeds(rows: readonly StyledRow[], variant: UNetVariant, loraRows: LoraRows): Promise<Feeds> {
    if (variant === 'plain') {
      return {};
    }
    const split = this.#split(variant, loraRows);
    const beside = loraFeeds(split.besidePacker, rows, loraRows);
    if (split.merged.size === 0) {
      return beside;
    }
    const key = JSON.stringify([variant, rows[0]?.key]);
    const merged = await this.#merged.get(key, async () => {
      const merger = await this.#mergers.get(variant, () =>
        buildMerge(this.#weights, split.mergedTargets, this.#open.build),
      );
      return merger.run(loraFeeds(split.mergedPacker, rows, loraRows));
    });
    return { ...beside, ...merged };
  }

  async release(): Promise<void> {
    await this.#merged.clear();
    await this.#mergers.release();
  }

  /** Weights are one for a call, so only rows in one style can have them merged. */
  #split(variant: UNetVariant, loraRows: LoraRows): Split {
    const name = `${variant} ${loraRows}`;
    const known = this.#splits.get(name);
    if (known !== undefined) {
      return known;
    }
    const all = targetsOf(variant, this.#targets());
    const mergedTargets = loraRows === 'shared' ? worthMerging(all, MERGED_BYTES) : [];
    const merged = new Set(mergedTargets.map(({ module }) => module));
    const besideTargets = all.filter(({ module }) => !merged.has(module));
    const split = {
      beside: new Set(besideTargets.map(({ module }) => module)),
      merged,
      besidePacker: new LoraPacker(besideTargets, PACKED_BYTES),
      mergedPacker: new LoraPacker(mergedTargets, 0),
      mergedTargets,
    };
    this.#splits.set(name, split);
    return split;
  }
}

function bytesOf(feeds: Floats): number {
  return Object.values(feeds).reduce((total, { data }) => total + data.byteLength, 0);
}
