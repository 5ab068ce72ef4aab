/**
 * Text to the token ids that a CLIP text encoder reads, exactly as transformers gives them, and what did not fit.
 */
import { Tokenizer } from '@huggingface/tokenizers';

import { UserError } from '../../core/errors.ts';
import { reducedVocabulary } from './reduced-vocabulary.ts';
import { readTokenizerFiles, type TokenizerFiles, type TokenizerJson } from './tokenizer-files.ts';

export type TokenizedPrompt = {
  /** Begin, text, end, padding: exactly `maxLength` ids. */
  readonly ids: readonly number[];
  /** How many ids come before the padding, begin and end included. */
  readonly used: number;
  /** The words that did not fit, as written; '' when all did. */
  readonly cut: string;
};

/** Opens the tokenizer in a folder; `pad` stands in for its padding token. Throws `UserError` `tokenizer.files`. */
export async function openTokenizer(folder: string, pad?: string): Promise<ClipTokenizer> {
  const files = await readTokenizerFiles(folder, pad);
  try {
    return new ClipTokenizer(files);
  } catch (cause) {
    throw new UserError(
      'tokenizer.files',
      `There must be a CLIP tokenizer in "${folder}", but its tokenizer.json describes another kind; copy the tokenizer folder of the model's source there.`,
      { params: { folder, what: 'tokenizer.json' }, cause },
    );
  }
}

/** Texts that are encoded with what they need of the vocabulary; with the next one it is worth opening whole. */
const FEW = 2;

export class ClipTokenizer {
  /** Ids per prompt: 77. */
  readonly maxLength: number;
  readonly #files: TokenizerFiles;
  readonly #bos: number;
  readonly #eos: number;
  readonly #pad: number;
  /** Those that the reduced vocabulary was made for. */
  readonly #texts: string[] = [];
  readonly #severalVectors: readonly (readonly string[])[];
  #reduced: Encode | undefined;
  #whole: Encode | undefined;

  constructor(files: TokenizerFiles) {
    const { tokenizer, bos, eos, pad, maxLength, isPlain } = files;
    this.maxLength = maxLength;
    this.#files = files;
    this.#whole = isPlain ? undefined : opened(tokenizer);
    const added = new Map(tokenizer.added_tokens.map(({ content, id }) => [content, id]));
    this.#severalVectors = severalVectors([...added.keys()]);
    const idOf = (token: string) => tokenizer.model.vocab[token] ?? added.get(token) ?? 0; // The files were checked to have it.
    [this.#bos, this.#eos, this.#pad] = [idOf(bos), idOf(eos), idOf(pad)];
  }

  /** What a chunk of a longer prompt is made with. */
  get specials(): { readonly begin: number; readonly end: number; readonly pad: number; readonly comma: number } {
    return { begin: this.#bos, end: this.#eos, pad: this.#pad, comma: this.idsOf(',')[0] ?? -1 };
  }

  /** Without begin, end and padding, however many. */
  idsOf(text: string): readonly number[] {
    return this.#plainIds(text);
  }

  encode(text: string): TokenizedPrompt {
    const room = this.maxLength - 2;
    const all = this.#plainIds(text);
    const kept = all.slice(0, room);
    const used = kept.length + 2;
    const padding = Array.from({ length: this.maxLength - used }, () => this.#pad);
    const cut = all.length > room ? this.#wordsBeyond(text, room) : '';
    return { ids: [this.#bos, ...kept, this.#eos, ...padding], used, cut };
  }

  /** From the first word that is not whole within `room` tokens. Tokens never span white space, so words can be counted. */
  #wordsBeyond(text: string, room: number): string {
    const starts = Array.from(text.matchAll(/\S+/g), ({ index }) => index);
    let [fitting, beyond] = [0, starts.length]; // The first `fitting` words fit; `beyond` words do not.
    while (beyond - fitting > 1) {
      const middle = (fitting + beyond) >> 1;
      if (this.#plainIds(text.slice(0, starts[middle])).length <= room) {
        fitting = middle;
      } else {
        beyond = middle;
      }
    }
    return text.slice(starts[fitting]).trim();
  }

  /** Σ is lowered beforehand, always to σ as transformers does; JavaScript would write ς at the end of a word. */
  #plainIds(text: string): readonly number[] {
    const lowered = this.#withAllVectors(text.replaceAll('Σ', 'σ'));
    return this.#encodeFor(lowered)(lowered);
  }

  /** A learned token of several vectors, `<cat>`, stands for `<cat> <cat>_1 <cat>_2`, as diffusers saves it. */
  #withAllVectors(text: string): string {
    return this.#severalVectors.reduce((whole, tokens) => {
      const [first = ''] = tokens;
      return whole.split(first).join(tokens.join(' '));
    }, text);
  }

  #encodeFor(text: string): Encode {
    if (this.#whole !== undefined) {
      return this.#whole;
    }
    if (this.#reduced !== undefined && this.#texts.some((known) => known.includes(text))) {
      return this.#reduced;
    }
    const { tokenizer } = this.#files;
    if (this.#texts.length === FEW) {
      this.#whole = opened(tokenizer);
      return this.#whole;
    }
    this.#texts.push(text);
    this.#reduced = opened(reducedVocabulary(tokenizer, this.#texts.join(' ')));
    return this.#reduced;
  }
}

/** Tokens that go on as `_1`, `_2`, …, each with what it goes on as. */
function severalVectors(tokens: readonly string[]): readonly (readonly string[])[] {
  return tokens
    .filter((token) => tokens.includes(`${token}_1`))
    .map((token) => {
      const more = tokens.filter((other) => other.startsWith(token) && /^_\d+$/.test(other.slice(token.length)));
      return [token, ...more.toSorted((a, b) => Number(a.slice(token.length + 1)) - Number(b.slice(token.length + 1)))];
    });
}

/** Text to ids, without begin and end. */
type Encode = (text: string) => readonly number[];

function opened(files: TokenizerJson): Encode {
  const tokenizer = new Tokenizer({ ...files, post_processor: null }, { clean_up_tokenization_spaces: false });
  return (text) => tokenizer.encode(text, { add_special_tokens: false }).ids;
}
