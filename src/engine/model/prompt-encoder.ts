/**
 * Prompts as the UNet takes them: one encoder's last layer (Stable Diffusion 1 and 2), or both encoders' penultimate
 * layers side by side with the second one's pooled vector (SDXL). Encodings are kept, the last used ones.
 */
import type { GenerationRequest } from '../../core/request.ts';
import { parseWeighted, splitConcepts, type PromptPiece } from '../prompt/index.ts';
import type { Conditioning } from './denoiser.ts';
import { NO_LEARNED_WORDS, type LearnedWords } from './learned-words.ts';
import { LruCache } from '../cache/lru-cache.ts';
import type { DenseStyles } from './dense-styles.ts';
import type { EncodedText, TextEncoder } from './text-encoder.ts';
import type { StyleSet } from './style-set.ts';

export type EncodedPrompt = {
  readonly conditioning: Conditioning;
  /** The words that did not fit, '' when all did. */
  readonly cut: string;
};

export type PromptEncoderOptions = {
  readonly styles: DenseStyles;
  /** What the UNet wants: the last layer of one, or the penultimate layers of all and a pooled vector. */
  readonly kind: 'last' | 'penultimate';
  /** An empty negative prompt is zeros instead of the encoding of ''. */
  readonly zerosForEmptyNegative: boolean;
};

/** A prompt and how it is to be read. */
export type PromptText = {
  readonly text: string;
  readonly grammar: GenerationRequest['promptGrammar'];
  readonly learned: LearnedWords;
};

/** Letters alone, without weights and learned words. */
export function plainText(text: string): PromptText {
  return { text, grammar: 'plain', learned: NO_LEARNED_WORDS };
}

const CACHE_BYTES = 64 * 2 ** 20;

export class PromptEncoder {
  readonly #options: PromptEncoderOptions;
  readonly #cache = new LruCache<EncodedPrompt>({
    maxCost: CACHE_BYTES,
    costOf: ({ conditioning: { tokens, pooled } }) => tokens.byteLength + (pooled?.byteLength ?? 0),
  });

  constructor(options: PromptEncoderOptions) {
    this.#options = options;
  }

  /** Throws `UserError` `prompt.weights`. */
  encode(prompt: PromptText, styles: StyleSet): Promise<EncodedPrompt> {
    // Most styles leave the text encoders alone.
    const isStyled = styles.text.some((loras) => loras.length > 0) || styles.dense !== undefined;
    const { text, grammar, learned } = prompt;
    const key = JSON.stringify([isStyled ? styles.key : '', grammar, learned.key, text]);
    return this.#cache.get(key, () => this.#encode(prompt, styles));
  }

  async encodeNegative(prompt: PromptText, styles: StyleSet): Promise<EncodedPrompt> {
    const encoded = await this.encode(prompt, styles);
    if (prompt.text !== '' || !this.#options.zerosForEmptyNegative) {
      return encoded;
    }
    const { tokens, pooled } = encoded.conditioning;
    const zeros = (values: Float32Array): Float32Array => new Float32Array(values.length);
    return { conditioning: { tokens: zeros(tokens), pooled: pooled && zeros(pooled) }, cut: '' };
  }

  async #encode(prompt: PromptText, styles: StyleSet): Promise<EncodedPrompt> {
    const { grammar, learned, text } = prompt;
    if (grammar === 'plain' && learned.words.size === 0) {
      return this.#together(styles, (encoder, k) => encoder.encode(text, styles.text[k] ?? []));
    }
    const concepts = grammar === 'plain' ? [{ text, share: 1 }] : splitConcepts(text);
    const parts: { readonly share: number; readonly conditioning: Conditioning }[] = [];
    for (const concept of concepts) {
      const pieces: readonly PromptPiece[] =
        grammar === 'plain' ? [{ kind: 'text', text, weight: 1 }] : parseWeighted(concept.text);
      const { conditioning } = await this.#together(styles, (encoder, k) =>
        encoder.encodeChunks(pieces, learned.vectorsOf(k), styles.text[k] ?? []),
      );
      parts.push({ share: concept.share, conditioning });
    }
    return { conditioning: mixed(parts), cut: '' };
  }

  async #together(
    styles: StyleSet,
    encode: (encoder: TextEncoder, k: number) => Promise<EncodedText>,
  ): Promise<EncodedPrompt> {
    const texts = await this.#options.styles.use(styles, async ({ encoders }) => {
      const encoded: EncodedText[] = [];
      for (const [k, encoder] of encoders.entries()) {
        encoded.push(await encode(encoder, k));
      }
      return encoded;
    });
    const [first] = texts;
    if (first === undefined) {
      throw new Error('a model without a text encoder');
    }
    const conditioning =
      this.#options.kind === 'last'
        ? { tokens: first.last, pooled: undefined }
        : { tokens: sideBySide(texts), pooled: texts.at(-1)?.pooled };
    return { conditioning, cut: first.cut };
  }
}

/** Concepts by their shares; shorter ones begin again, so that every position has a share of each. */
function mixed(parts: readonly { readonly share: number; readonly conditioning: Conditioning }[]): Conditioning {
  const [only, ...others] = parts;
  if (only !== undefined && others.length === 0) {
    return only.conditioning;
  }
  const length = Math.max(...parts.map(({ conditioning }) => conditioning.tokens.length));
  const tokens = new Float32Array(length);
  const pooled = new Float32Array(only?.conditioning.pooled?.length ?? 0);
  for (const { share, conditioning } of parts) {
    addRepeated(tokens, conditioning.tokens, share);
    addRepeated(pooled, conditioning.pooled ?? new Float32Array(), share);
  }
  return { tokens, pooled: only?.conditioning.pooled && pooled };
}

function addRepeated(sum: Float32Array, values: Float32Array, share: number): void {
  for (let i = 0; i < sum.length; i++) {
    sum[i] = (sum[i] ?? 0) + share * (values[i % values.length] ?? 0);
  }
}

/** [positions · (features of the first + features of the second)] */
function sideBySide(texts: readonly EncodedText[]): Float32Array {
  const widths = texts.map(({ penultimate, positions }) => penultimate.length / positions);
  const width = widths.reduce((total, features) => total + features, 0);
  const positions = texts[0]?.positions ?? 0;
  const joined = new Float32Array(positions * width);
  let first = 0;
  for (const [k, { penultimate }] of texts.entries()) {
    const own = widths[k] ?? 0;
    for (let position = 0; position < positions; position++) {
      joined.set(penultimate.subarray(position * own, (position + 1) * own), position * width + first);
    }
    first += own;
  }
  return joined;
}
