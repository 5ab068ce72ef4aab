/**
 * Prompts as the UNet takes them: one encoder's last layer (Stable Diffusion 1 and 2), or both encoders' penultimate
 * layers side by side with the second one's pooled vector (SDXL). Encodings are kept, the last used ones.
 */
import type { Conditioning } from './denoiser.ts';
import { LruCache } from '../cache/lru-cache.ts';
import type { DenseStyles } from './dense-styles.ts';
import type { EncodedText } from './text-encoder.ts';
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

  encode(prompt: string, styles: StyleSet): Promise<EncodedPrompt> {
    // Most styles leave the text encoders alone.
    const isStyled = styles.text.some((loras) => loras.length > 0) || styles.dense !== undefined;
    const key = isStyled ? styles.key : '';
    return this.#cache.get(JSON.stringify([key, prompt]), () => this.#encode(prompt, styles));
  }

  async encodeNegative(prompt: string, styles: StyleSet): Promise<EncodedPrompt> {
    const encoded = await this.encode(prompt, styles);
    if (prompt !== '' || !this.#options.zerosForEmptyNegative) {
      return encoded;
    }
    const { tokens, pooled } = encoded.conditioning;
    const zeros = (values: Float32Array): Float32Array => new Float32Array(values.length);
    return { conditioning: { tokens: zeros(tokens), pooled: pooled && zeros(pooled) }, cut: '' };
  }

  async #encode(prompt: string, styles: StyleSet): Promise<EncodedPrompt> {
    const { kind } = this.#options;
    const texts = await this.#options.styles.use(styles, async ({ encoders }) => {
      const encoded: EncodedText[] = [];
      for (const [k, encoder] of encoders.entries()) {
        encoded.push(await encoder.encode(prompt, styles.text[k] ?? []));
      }
      return encoded;
    });
    const [first] = texts;
    if (first === undefined) {
      throw new Error('a model without a text encoder');
    }
    const conditioning =
      kind === 'last'
        ? { tokens: first.last, pooled: undefined }
        : { tokens: sideBySide(texts), pooled: texts.at(-1)?.pooled };
    return { conditioning, cut: first.cut };
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
