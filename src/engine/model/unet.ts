/**
 * The UNet of a model as the loop calls it: rows in, predictions out. One session for each graph variant and kind of
 * size, opened when first needed; the arrays of a call are used again by the next call of the same size.
 */
import type { LatentSize, UNetRow } from './denoiser.ts';
import {
  buildUNet,
  loweringFor,
  sinusoidsOf,
  sizeMultiple,
  TIME_IDS,
  unetLoraTargets,
  type Layer,
  type Lowering,
  type NetWeights,
  type Sinusoid,
  type StyleForm,
  type UNetConfig,
  writeSinusoid,
} from '../nets/index.ts';
import type { Graph } from '../onnx/index.ts';
import { joinFeeds, type Feeds, type FloatTensor, type Session } from '../ort/index.ts';
import { guidanceEmbedding } from '../sampling/index.ts';
import type { TensorSource } from '../weights/index.ts';
import { CallArrays } from './call-arrays.ts';
import { LazySessions } from './lazy-sessions.ts';
import { inOneStyle } from './lora-feeds.ts';
import { unetIslands } from './number-type.ts';
import type { NetPlace, PrecisePlace } from './session-opener.ts';
import { RowCounts } from './row-counts.ts';
import { rowMemory, type RowMemory } from './row-memory.ts';
import { StyleInputs } from './style-inputs.ts';
import { NO_STYLE, type UNetVariant } from './style-set.ts';

/** What the rows of a call have in common, and how many of them there may be; default: any number. */
type CallKind = { readonly size: LatentSize; readonly pixelsPerLatent: number; readonly most?: number };

/** `weightsChange`: it will make room for the same net with another accelerator, again and again. */
type UNetPlace = NetPlace & { readonly weightsChange?: boolean | undefined };

export class UNet {
  readonly config: UNetConfig;
  /** As its graphs take them. */
  readonly weights: TensorSource;
  readonly #lowering: Lowering;
  readonly #place: UNetPlace;
  /** By whether a hand is still moving the mix. */
  readonly #sessions: { readonly usual: LazySessions; readonly passing: LazySessions };
  readonly #styles: StyleInputs;
  readonly #rowCounts: RowCounts;
  readonly #rowMemory = new Map<string, RowMemory>();
  #targets: readonly Layer[] | undefined;
  readonly #arrays = new CallArrays();

  static async open(config: UNetConfig, weights: TensorSource, place: UNetPlace & PrecisePlace): Promise<UNet> {
    const { open, precision } = place;
    const lowering = loweringFor({ ...open.target, precision, islands: unetIslands(config) });
    return UNet.#prepared(config, weights, lowering, place);
  }

  static async #prepared(
    config: UNetConfig,
    weights: TensorSource,
    lowering: Lowering,
    place: UNetPlace,
  ): Promise<UNet> {
    const build = (given: NetWeights): Graph => buildUNet(config, given, { lowering });
    return new UNet(config, await lowering.prepareWeights(weights, build, place.cacheDir), lowering, place);
  }

  private constructor(config: UNetConfig, weights: TensorSource, lowering: Lowering, place: UNetPlace) {
    this.config = config;
    this.weights = weights;
    this.#lowering = lowering;
    this.#place = place;
    const { open, weightsChange = false } = place;
    this.#rowCounts = new RowCounts(open.target.provider);
    const [usual, passing] = weightsChange ? [open.mapped, open.mapped] : [open, open.besideWindow];
    this.#sessions = { usual: new LazySessions(usual), passing: new LazySessions(passing) };
    this.#styles = new StyleInputs(() => this.targets, weights, open, lowering.styleType);
  }

  /** What a LoRA can change. */
  get targets(): readonly Layer[] {
    this.#targets ??= unetLoraTargets(this.config, this.#lowering);
    return this.#targets;
  }

  /** The same net over other weights. */
  async over(weights: TensorSource): Promise<UNet> {
    return this.#lowering.replacesWeights
      ? UNet.#prepared(this.config, weights, this.#lowering, this.#place)
      : new UNet(this.config, weights, this.#lowering, this.#place);
  }

  /** [rows · out · height · width], all of one `styles.variant`; rows of longer prompts than others go in a call of their own. */
  async predict(rows: readonly UNetRow[], kind: CallKind): Promise<Float32Array> {
    const groups = new Map<number, UNetRow[]>();
    for (const row of rows) {
      const { length } = row.conditioning.tokens;
      groups.set(length, [...(groups.get(length) ?? []), row]);
    }
    if (groups.size <= 1) {
      return this.#predictTogether(rows, kind);
    }
    const { size } = kind;
    const values = this.config.outChannels * size.height * size.width;
    const all = new Float32Array(rows.length * values);
    for (const group of groups.values()) {
      const predicted = await this.#predictTogether(group, kind);
      for (const [k, row] of group.entries()) {
        all.set(predicted.subarray(k * values, (k + 1) * values), rows.indexOf(row) * values);
      }
    }
    return all;
  }

  async #predictTogether(rows: readonly UNetRow[], kind: CallKind): Promise<Float32Array> {
    const { size, most } = kind;
    const call = (called: readonly UNetRow[]) => this.#call(called, kind);
    const { styles, conditioning } = rows[0] ?? { styles: NO_STYLE };
    const name = `${styles.variant} ${size.height}×${size.width} ${conditioning?.tokens.length}`;
    await this.#rowCounts.meet(rows, name, call, most);
    const output = await call(this.#rowCounts.padded(rows));
    return output.subarray(0, rows.length * this.config.outChannels * size.height * size.width);
  }

  async #call(rows: readonly UNetRow[], { size, pixelsPerLatent }: CallKind): Promise<Float32Array> {
    const { variant } = rows[0]?.styles ?? NO_STYLE;
    const styled = rows.map(({ styles }) => ({ key: styles.key, loras: styles.unet }));
    // The rows of a processor's call are one picture's. Elsewhere styles mix, and a second session for those that do not
    // would cost the device the memory of another UNet.
    const shared = rows[0]?.styles.isPassing === true ? 'gated' : 'shared';
    const loraRows = this.#lowering.sharesStyles && inOneStyle(styled) ? shared : 'each';
    const session = await this.#session(variant, size, loraRows);
    const style = await this.#styles.feeds(styled, variant, loraRows);
    const inputs = joinFeeds(this.#inputs(rows, size, pixelsPerLatent), style);
    const { out_sample: output } = await session.run(inputs, 'step');
    if (output === undefined) {
      throw new Error('the UNet gave no out_sample');
    }
    return output.data;
  }

  async release(): Promise<void> {
    await Promise.all([this.#sessions.usual.release(), this.#sessions.passing.release()]);
    await this.#styles.release();
  }

  #inputs(rows: readonly UNetRow[], size: LatentSize, pixelsPerLatent: number): Feeds {
    const { config } = this;
    const count = rows.length;
    const { height, width } = size;
    const sample = this.#arrays.gather('sample', rows, config.inChannels * height * width, (row, target) =>
      row.writeInput(target),
    );
    const tokens = rows[0]?.conditioning.tokens.length ?? 0;
    const { timestep, timeIds } = sinusoidsOf(config);
    const feeds: Record<string, FloatTensor> = {
      sample: { data: sample, shape: [count, config.inChannels, height, width] },
      ...this.#times('timestep', rows, [], timestep, (row) => [row.timestep]),
      encoder_hidden_states: {
        data: this.#arrays.context(rows.map(({ conditioning }) => conditioning.tokens)),
        shape: [count, tokens / config.contextFeatures, config.contextFeatures],
        stays: true,
      },
    };
    const { guidanceFeatures, textTime } = config;
    if (guidanceFeatures !== undefined) {
      const data = this.#arrays.gather('timestep_cond', rows, guidanceFeatures, ({ guidance }, target) =>
        target.set(guidanceEmbedding(guidance, guidanceFeatures)),
      );
      feeds['timestep_cond'] = { data, shape: [count, guidanceFeatures] };
    }
    if (textTime !== undefined) {
      const { textFeatures } = textTime;
      const sides = [height * pixelsPerLatent, width * pixelsPerLatent];
      const ids = [...sides, 0, 0, ...sides];
      const text = this.#arrays.gather('text_embeds', rows, textFeatures, ({ conditioning }, target) =>
        target.set(conditioning.pooled ?? []),
      );
      feeds['text_embeds'] = { data: text, shape: [count, textFeatures] };
      Object.assign(
        feeds,
        this.#times('time_ids', rows, [TIME_IDS], timeIds, () => ids),
      );
    }
    return feeds;
  }

  /** Numbers of each row as the input `name` [rows, …shape], or as the sinusoids that the graph wants of them. */
  #times(
    name: string,
    rows: readonly UNetRow[],
    shape: readonly number[],
    sinusoid: Sinusoid,
    numbersOf: (row: UNetRow) => readonly number[],
  ): Feeds {
    const count = shape[0] ?? 1;
    const { features } = sinusoid;
    return this.#lowering.timesteps === 'numbers'
      ? {
          [name]: {
            data: this.#arrays.gather(name, rows, count, (row, target) => target.set(numbersOf(row))),
            shape: [rows.length, ...shape],
          },
        }
      : {
          [`${name}_sinusoid`]: {
            data: this.#arrays.gather(name, rows, count * features, (row, target) => {
              for (const [k, number] of numbersOf(row).entries()) {
                writeSinusoid(number, sinusoid, target.subarray(k * features, (k + 1) * features));
              }
            }),
            shape: [rows.length, ...shape, features],
          },
        };
  }

  /** Of a call without styles, of prompts of `tokens`; a style's own matrices are small beside it. */
  rowMemory({ height, width }: LatentSize, tokens: number): RowMemory {
    const key = `${height}x${width} ${tokens}`;
    const graph = () => buildUNet(this.config, this.weights, { lowering: this.#lowering, sizes: 'whole' });
    const found = this.#rowMemory.get(key) ?? rowMemory(graph(), { height, width, tokens });
    this.#rowMemory.set(key, found);
    return found;
  }

  #session(variant: UNetVariant, { height, width }: LatentSize, loraRows: StyleForm['rows']): Promise<Session> {
    const multiple = sizeMultiple(this.config);
    const sizes = height % multiple === 0 && width % multiple === 0 ? 'whole' : 'any';
    return this.#sessions[loraRows === 'gated' ? 'passing' : 'usual'].get(`${variant} ${sizes} ${loraRows}`, () =>
      buildUNet(this.config, this.weights, {
        lowering: this.#lowering,
        sizes,
        styles: this.#styles.form(variant, loraRows),
      }),
    );
  }
}
