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
import {
  emphasised,
  layOutChunks,
  splitByWords,
  type Chunk,
  type PromptPiece,
  type PromptToken,
  type TokenRun,
} from '../prompt/index.ts';
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

/** Vectors of this encoder by the word that they are used by. */
export type LearnedVectors = ReadonlyMap<string, readonly Float32Array[]>;

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

  get config(): ClipTextConfig {
    return this.#options.config;
  }

  /** Of words, without begin and end. */
  idsOf(text: string): readonly number[] {
    return this.#options.tokenizer.idsOf(text);
  }

  /** What a LoRA can change. */
  get targets(): readonly Layer[] {
    this.#targets ??= clipTextLoraTargets(this.#options.config);
    return this.#targets;
  }

  /** Of the vectors of its tokens. */
  get features(): number {
    return this.#options.config.features;
  }

  /** The same encoder over other weights. */
  over(weights: TensorSource): TextEncoder {
    return new TextEncoder({ ...this.#options, weights });
  }

  /** `loras`: this encoder's part of a style; empty for none. */
  async encode(text: string, loras: LoraRow): Promise<EncodedText> {
    const { ids, cut } = this.#options.tokenizer.encode(text);
    return { ...(await this.#run(ids, new Map(), loras)), cut };
  }

  /**
   * A prompt of any length in chunks, one after another, each with its weights on its states; pooled is the first one's.
   * `learned`: this encoder's vectors of each learned word.
   */
  async encodeChunks(pieces: readonly PromptPiece[], learned: LearnedVectors, loras: LoraRow): Promise<EncodedText> {
    const chunks = this.chunksOf(pieces, learned);
    const encoded: EncodedText[] = [];
    for (const { ids, weights, learned: vectors } of chunks) {
      const { last, penultimate, ...rest } = await this.#run(ids, vectors, loras);
      encoded.push({ ...rest, last: emphasised(last, weights), penultimate: emphasised(penultimate, weights) });
    }
    return {
      last: oneAfterAnother(encoded.map(({ last }) => last)),
      penultimate: oneAfterAnother(encoded.map(({ penultimate }) => penultimate)),
      pooled: encoded[0]?.pooled ?? new Float32Array(),
      positions: encoded.reduce((sum, { positions }) => sum + positions, 0),
      cut: '',
    };
  }

  /** A prompt's tokens as they are read. `learned`: what stands in for words. */
  chunksOf(pieces: readonly PromptPiece[], learned: LearnedVectors): readonly Chunk[] {
    const { tokenizer } = this.#options;
    const words = [...learned.keys()];
    const tokensOf = (text: string): readonly PromptToken[] =>
      splitByWords(text, words).flatMap((part): readonly PromptToken[] =>
        part.kind === 'learned'
          ? [{ kind: 'learned', vectors: learned.get(part.word) ?? [] }]
          : tokenizer.idsOf(part.text).map((id) => ({ kind: 'id', id })),
      );
    const runs = pieces.map((piece): TokenRun =>
      piece.kind === 'break' ? piece : { kind: 'tokens', tokens: tokensOf(piece.text), weight: piece.weight },
    );
    return layOutChunks(runs, { ...tokenizer.specials, room: tokenizer.maxLength - 2 });
  }

  async #run(ids: readonly number[], learned: Chunk['learned'], loras: LoraRow): Promise<EncodedText> {
    const session = await this.#session(loras.length > 0, learned.size > 0);
    const outputs = await session.run({
      input_ids: { data: BigInt64Array.from(ids, BigInt), shape: [1, ids.length] },
      ...(learned.size > 0 && this.#learnedInputs(ids.length, learned)),
      ...(loras.length > 0 && this.#styleInputs(loras)),
    });
    return {
      last: outputNamed(outputs, 'last_hidden_state'),
      penultimate: outputNamed(outputs, 'penultimate_hidden_state'),
      pooled: outputNamed(outputs, 'pooled'),
      positions: ids.length,
      cut: '',
    };
  }

  #learnedInputs(positions: number, vectors: Chunk['learned']): Feeds {
    const { features } = this.#options.config;
    const learned = new Float32Array(positions * features);
    const isLearned = new Float32Array(positions);
    for (const [position, vector] of vectors) {
      learned.set(vector, position * features);
      isLearned[position] = 1;
    }
    return {
      learned: { data: learned, shape: [1, positions, features] },
      is_learned: { data: isLearned, shape: [1, positions, 1] },
    };
  }

  release(): Promise<void> {
    return this.#sessions.release();
  }

  #styleInputs(loras: LoraRow): Feeds {
    this.#packer ??= new LoraPacker(this.targets, PACKED_BYTES, this.#options.lowering.styleType);
    return loraFeeds(this.#packer, [{ key: '', loras }]);
  }

  #session(isStyled: boolean, takesLearned: boolean): Promise<Session> {
    const { config, weights, lowering } = this.#options;
    const name = `${isStyled ? 'styled' : 'plain'}${takesLearned ? ' learned' : ''}`;
    return this.#sessions.get(name, () => {
      const beside = isStyled ? { styles: { beside: new Set(this.targets.map(({ module }) => module)) } } : {};
      return buildClipText(config, weights, { lowering, takesLearned, ...beside });
    });
  }
}

function oneAfterAnother(arrays: readonly Float32Array[]): Float32Array {
  const [only, ...others] = arrays;
  if (only !== undefined && others.length === 0) {
    return only;
  }
  const joined = new Float32Array(arrays.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const array of arrays) {
    joined.set(array, at);
    at += array.length;
  }
  return joined;
}

function outputNamed(outputs: Readonly<Record<string, FloatTensor>>, name: string): Float32Array {
  const tensor = outputs[name];
  if (tensor === undefined) {
    throw new Error(`the text encoder gave no ${name}`);
  }
  return tensor.data;
}
