/**
 * One CLIP text encoder with its tokenizer: text to vectors, plain or with a style's part for this encoder.
 *
 * Sessions are opened when first needed: one for no style, one that takes LoRA inputs. Knows no model around it.
 */
import {
  buildClipText,
  clipTextLoraTargets,
  loweringFor,
  parseClipTextConfig,
  type ClipTextConfig,
  type Layer,
  type Lowering,
  type NetWeights,
} from '../nets/index.ts';
import type { Graph } from '../onnx/index.ts';
import type { Feeds, FloatTensor, Session } from '../ort/index.ts';
import { openTokenizer, type ClipTokenizer } from '../tokenizer/index.ts';
import { LoraPacker, type LoraRow, type TensorSource } from '../weights/index.ts';
import { LazySessions } from './lazy-sessions.ts';
import { loraFeeds } from './lora-feeds.ts';
import type { TextNetFiles } from './model-files.ts';
import type { NetPlace, SessionOpener } from './session-opener.ts';

export type EncodedText = {
  /** [positions · features], after the last norm. */
  readonly last: Float32Array;
  /** [positions · features], before the last layer. */
  readonly penultimate: Float32Array;
  /** [features], projected where the encoder has a projection. */
  readonly pooled: Float32Array;
  readonly positions: number;
  /** The words that did not fit into the encoder, '' when all did. */
  readonly cut: string;
};

type TextEncoderOptions = {
  readonly config: ClipTextConfig;
  readonly weights: TensorSource;
  readonly lowering: Lowering;
  readonly tokenizer: ClipTokenizer;
  readonly open: SessionOpener;
};

/** Matrices of styles at weights other than 1. */
const PACKED_BYTES = 64 * 2 ** 20;

export class TextEncoder {
  readonly #options: TextEncoderOptions;
  #targets: readonly Layer[] | undefined;
  #packer: LoraPacker | undefined;
  readonly #sessions: LazySessions;

  /** Throws `UserError` (`model.config`, `tokenizer.files`). */
  static async open(
    { config: json, origin, weights: stored, tokenizer: { folder, pad } }: TextNetFiles,
    { open, cacheDir }: NetPlace,
  ): Promise<TextEncoder> {
    const config = parseClipTextConfig(json, origin);
    const lowering = loweringFor(open.target);
    const build = (given: NetWeights): Graph => buildClipText(config, given, { lowering });
    const weights = await lowering.prepareWeights(stored, build, cacheDir);
    return new TextEncoder({ config, weights, lowering, tokenizer: await openTokenizer(folder, pad), open });
  }

  private constructor(options: TextEncoderOptions) {
    this.#options = options;
    this.#sessions = new LazySessions(options.open);
  }

  /** As its graphs take them. */
  get weights(): TensorSource {
    return this.#options.weights;
  }

  /** What a LoRA can change. */
  get targets(): readonly Layer[] {
    this.#targets ??= clipTextLoraTargets(this.#options.config);
    return this.#targets;
  }

  /** The same encoder over other weights. */
  over(weights: TensorSource): TextEncoder {
    return new TextEncoder({ ...this.#options, weights });
  }

  /** `loras`: this encoder's part of a style; empty for none. */
  async encode(text: string, loras: LoraRow): Promise<EncodedText> {
    const { ids, cut } = this.#options.tokenizer.encode(text);
    const session = await this.#session(loras.length > 0);
    const outputs = await session.run({
      input_ids: { data: BigInt64Array.from(ids, BigInt), shape: [1, ids.length] },
      ...(loras.length > 0 && this.#styleInputs(loras)),
    });
    return {
      last: outputNamed(outputs, 'last_hidden_state'),
      penultimate: outputNamed(outputs, 'penultimate_hidden_state'),
      pooled: outputNamed(outputs, 'pooled'),
      positions: ids.length,
      cut,
    };
  }

  release(): Promise<void> {
    return this.#sessions.release();
  }

  #styleInputs(loras: LoraRow): Feeds {
    this.#packer ??= new LoraPacker(this.targets, PACKED_BYTES);
    return loraFeeds(this.#packer, [{ key: '', loras }]);
  }

  #session(isStyled: boolean): Promise<Session> {
    const { config, weights, lowering } = this.#options;
    if (!isStyled) {
      return this.#sessions.get('plain', () => buildClipText(config, weights, { lowering }));
    }
    const beside = new Set(this.targets.map(({ module }) => module));
    return this.#sessions.get('styled', () => buildClipText(config, weights, { lowering, styles: { beside } }));
  }
}

function outputNamed(outputs: Readonly<Record<string, FloatTensor>>, name: string): Float32Array {
  const tensor = outputs[name];
  if (tensor === undefined) {
    throw new Error(`the text encoder gave no ${name}`);
  }
  return tensor.data;
}
