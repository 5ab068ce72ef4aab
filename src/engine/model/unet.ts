/**
 * The UNet of a model as the loop calls it: rows in, predictions out. One session for each graph variant and kind of
 * size, opened when first needed; the arrays of a call are used again by the next call of the same size.
 */
import type { LatentSize, UNetRow } from '../drawing.ts';
import { LruCache } from '../lru-cache.ts';
import {
  buildUNet,
  sizeMultiple,
  unetLoraTargets,
  type LoraTarget,
  type NetWeights,
  type UNetConfig,
} from '../nets/index.ts';
import type { Feeds, FloatTensor, Session } from '../ort/index.ts';
import { guidanceEmbedding } from '../sampling/index.ts';
import type { SessionOpener } from './session-opener.ts';
import { feedBytes, styleFeeds, type StyleFeeds } from './style-feeds.ts';
import { UNET_VARIANTS, type UNetVariant } from './style-set.ts';

/** Joined styles of calls, kept for the next step of the same company. */
const STYLE_CACHE_BYTES = 512 * 2 ** 20;

/** Original height and width, crop from the top and the left, wanted height and width. */
const TIME_IDS = 6;

export class UNet {
  readonly config: UNetConfig;
  readonly targets: readonly LoraTarget[];
  readonly #weights: NetWeights;
  readonly #open: SessionOpener;
  readonly #sessions = new Map<string, Promise<Session>>();
  readonly #arrays = new Map<string, Float32Array<ArrayBuffer>>();
  readonly #styles = new LruCache<StyleFeeds>({ maxCost: STYLE_CACHE_BYTES, costOf: feedBytes });

  constructor(config: UNetConfig, weights: NetWeights, open: SessionOpener) {
    this.config = config;
    this.#weights = weights;
    this.#open = open;
    this.targets = unetLoraTargets(config);
  }

  /** The smallest set of modules that holds all of `touched`. */
  variantFor(touched: Iterable<string>): UNetVariant {
    const modules = [...touched];
    const variant = UNET_VARIANTS.find((name) => {
      const taken = this.#modulesOf(name);
      return modules.every((module) => taken.has(module));
    });
    return variant ?? 'all';
  }

  /** [rows · out · height · width] */
  async predict(
    rows: readonly UNetRow[],
    variant: UNetVariant,
    size: LatentSize,
    pixelsPerLatent: number,
  ): Promise<Float32Array> {
    const session = await this.#session(variant, size);
    const feeds = { ...this.#inputs(rows, size, pixelsPerLatent), ...(await this.#styleInputs(rows, variant)) };
    const { out_sample: output } = await session.run(feeds);
    if (output === undefined) {
      throw new Error('the UNet gave no out_sample');
    }
    return output.data;
  }

  async release(): Promise<void> {
    for (const session of this.#sessions.values()) {
      await (await session).release();
    }
    this.#sessions.clear();
  }

  #inputs(rows: readonly UNetRow[], size: LatentSize, pixelsPerLatent: number): Feeds {
    const { config } = this;
    const count = rows.length;
    const { channels, height, width } = size;
    const sample = this.#gather('sample', rows, channels * height * width, (row, target) => row.writeInput(target));
    const tokens = rows[0]?.conditioning.tokens.length ?? 0;
    const context = this.#gather('encoder_hidden_states', rows, tokens, ({ conditioning }, target) =>
      target.set(conditioning.tokens),
    );
    const timestep = this.#gather('timestep', rows, 1, (row, target) => target.fill(row.timestep));
    const feeds: Record<string, FloatTensor> = {
      sample: { data: sample, shape: [count, channels, height, width] },
      timestep: { data: timestep, shape: [count] },
      encoder_hidden_states: { data: context, shape: [count, tokens / config.contextFeatures, config.contextFeatures] },
    };
    const { guidanceFeatures, textTime } = config;
    if (guidanceFeatures !== undefined) {
      const data = this.#gather('timestep_cond', rows, guidanceFeatures, ({ guidance }, target) =>
        target.set(guidanceEmbedding(guidance, guidanceFeatures)),
      );
      feeds['timestep_cond'] = { data, shape: [count, guidanceFeatures] };
    }
    if (textTime !== undefined) {
      const { textFeatures } = textTime;
      const sides = [height * pixelsPerLatent, width * pixelsPerLatent];
      const ids = [...sides, 0, 0, ...sides];
      const text = this.#gather('text_embeds', rows, textFeatures, ({ conditioning }, target) =>
        target.set(conditioning.pooled ?? []),
      );
      feeds['text_embeds'] = { data: text, shape: [count, textFeatures] };
      feeds['time_ids'] = {
        data: this.#gather('time_ids', rows, TIME_IDS, (_, target) => target.set(ids)),
        shape: [count, TIME_IDS],
      };
    }
    return feeds;
  }

  /** Rows one after another in an array of the last call of this size. */
  #gather(
    name: string,
    rows: readonly UNetRow[],
    length: number,
    write: (row: UNetRow, target: Float32Array) => void,
  ): Float32Array<ArrayBuffer> {
    const known = this.#arrays.get(name);
    const array = known?.length === rows.length * length ? known : new Float32Array(rows.length * length);
    this.#arrays.set(name, array);
    for (const [k, row] of rows.entries()) {
      write(row, array.subarray(k * length, (k + 1) * length));
    }
    return array;
  }

  async #styleInputs(rows: readonly UNetRow[], variant: UNetVariant): Promise<StyleFeeds> {
    if (variant === 'plain') {
      return {};
    }
    const styles = rows.map((row) => row.styles);
    const isOne = styles.every(({ key }) => key === styles[0]?.key);
    const key = JSON.stringify([variant, isOne ? [styles[0]?.key] : styles.map((style) => style.key)]);
    const taken = this.#modulesOf(variant);
    const targets = this.targets.filter(({ module }) => taken.has(module));
    return this.#styles.get(key, async () =>
      styleFeeds(
        targets,
        (isOne ? styles.slice(0, 1) : styles).map((style) => style.unet),
      ),
    );
  }

  #modulesOf(variant: UNetVariant): ReadonlySet<string> {
    const isTaken = (target: LoraTarget): boolean => {
      switch (variant) {
        case 'plain':
          return false;
        case 'transformers':
          return target.kind === 'linear' && target.module.includes('.attentions.');
        case 'linear':
          return target.kind === 'linear';
        case 'all':
          return true;
        default:
          return variant satisfies never;
      }
    };
    return new Set(this.targets.filter(isTaken).map(({ module }) => module));
  }

  #session(variant: UNetVariant, { height, width }: LatentSize): Promise<Session> {
    const multiple = sizeMultiple(this.config);
    const sizes = height % multiple === 0 && width % multiple === 0 ? 'whole' : 'any';
    const key = `${variant} ${sizes}`;
    const known = this.#sessions.get(key);
    if (known !== undefined) {
      return known;
    }
    const graph = buildUNet(this.config, this.#weights, {
      ...this.#open.build,
      sizes,
      loraModules: this.#modulesOf(variant),
    });
    const opening = this.#open(graph);
    this.#sessions.set(key, opening);
    return opening;
  }
}
