/**
 * Textual inversions of one request: for each word the vectors that stand in for it, in every text encoder of the model.
 * They come as files of their own, or bundled with a LoRA (`bundle_emb`). Knows no prompts.
 */
import path from 'node:path';

import { UserError } from '../../core/errors.ts';
import type { EmbeddingUse } from '../../core/request.ts';
import type { WorkEvent } from '../../core/work.ts';
import { openEmbeddings, type LearnedWord } from '../weights/index.ts';
import type { LearnedVectors } from './text-encoder.ts';

export class LearnedWords {
  /** Equal for equal words with equal vectors. */
  readonly key: string;
  readonly words: ReadonlyMap<string, LearnedWord>;

  constructor(words: readonly LearnedWord[]) {
    this.words = new Map(words.map((word) => [word.word, word]));
    this.key = JSON.stringify(words.map(({ word, id }) => [word, id]));
  }

  /** Of the model's encoder number `k`. */
  vectorsOf(k: number): LearnedVectors {
    return new Map([...this.words].map(([word, { encoders }]) => [word, encoders[k] ?? []]));
  }
}

export const NO_LEARNED_WORDS = new LearnedWords([]);

export type OpenedWords = {
  readonly learned: LearnedWords;
  /** Of LoRAs whose words are of another base: the LoRA counts without them. */
  readonly notices: readonly WorkEvent[];
};

/**
 * `widths`: features of the model's text encoders. `styleFiles`: those whose bundled words count too.
 * Throws `UserError` `embedding.base` for the vectors of a use that are of other widths, and as `openEmbeddings`.
 */
export async function openLearnedWords(
  uses: readonly EmbeddingUse[],
  styleFiles: readonly string[],
  widths: readonly number[],
): Promise<OpenedWords> {
  const words: LearnedWord[] = [];
  for (const { word, file } of uses) {
    const [only] = await openEmbeddings(file);
    if (only === undefined) {
      throw new UserError(
        'embedding.empty',
        `A textual inversion must hold vectors for a word, but "${path.basename(file)}" holds none; take another file.`,
        { params: { file: path.basename(file) } },
      );
    }
    const placed = inOrder(only, widths, file);
    if (placed instanceof UserError) {
      throw placed;
    }
    words.push({ ...placed, word });
  }
  const notices: WorkEvent[] = [];
  for (const file of new Set(styleFiles)) {
    const bundled = await openEmbeddings(file, 'bundled');
    const placed = bundled.map((word) => inOrder(word, widths, file));
    words.push(...placed.flatMap((word) => (word instanceof UserError ? [] : [word])));
    const unfit = bundled.filter((_, k) => placed[k] instanceof UserError);
    if (unfit.length > 0) {
      notices.push(unfitNotice(file, unfit));
    }
  }
  return { learned: new LearnedWords([...words, ...numbered(words)]), notices };
}

function unfitNotice(of: string, unfit: readonly LearnedWord[]): WorkEvent {
  const file = path.basename(of);
  const words = unfit.map(({ word }) => word).join(', ');
  return {
    kind: 'notice',
    code: 'embedding.bundled',
    sentence: `"${file}" was used without what it teaches about ${words}: that was made for another model.`,
    params: { file, words },
  };
}

/**
 * The vectors of one word by their numbers, `<s0><s1>…`, as pivotal tuning's authors write them: where there is one word alone
 * that they can be of, and none of that name. Each is a word of its own, as in diffusers' load_textual_inversion with a list of tokens.
 */
function numbered(words: readonly LearnedWord[]): readonly LearnedWord[] {
  const names = new Set(words.map(({ word }) => word.toLowerCase()));
  const [only, ...others] = words.filter(({ word }) => !NUMBERED_TOKEN.test(word));
  if (only === undefined || others.length > 0) {
    return [];
  }
  const count = only.encoders[0]?.length ?? 0;
  return Array.from({ length: count }, (_, k) => ({
    word: `<s${k}>`,
    id: `${only.id} ${k}`,
    encoders: only.encoders.map((vectors) => vectors.slice(k, k + 1)),
  })).filter(({ word }) => !names.has(word));
}

const NUMBERED_TOKEN = /^<s\d+>$/i;

/** Vectors for each encoder, told by their widths; of equal ones in the file's order. Else why there are none such. */
function inOrder(word: LearnedWord, widths: readonly number[], file: string): LearnedWord | UserError {
  const left = [...word.encoders];
  const encoders = widths.map((width) => {
    const found = left.findIndex(([vector]) => vector?.length === width);
    return found === -1 ? undefined : left.splice(found, 1)[0];
  });
  if (encoders.some((vectors) => vectors === undefined)) {
    const found = word.encoders.map(([vector]) => vector?.length ?? 0).join(' and ');
    return new UserError(
      'embedding.base',
      `A textual inversion must have vectors of ${widths.join(' and ')} numbers for this model, but "${path.basename(file)}" has ${found}; it was made for another base.`,
      { params: { file: path.basename(file), expected: widths.join(', '), found } },
    );
  }
  const lengths = encoders.map((vectors) => vectors?.length ?? 0);
  if (new Set(lengths).size > 1) {
    const found = lengths.join(' and ');
    return new UserError(
      'embedding.lengths',
      `A textual inversion must have as many vectors for each text encoder, but "${path.basename(file)}" has ${found}; take another copy of it.`,
      { params: { file: path.basename(file), found } },
    );
  }
  return { ...word, encoders: encoders.flatMap((vectors) => (vectors === undefined ? [] : [vectors])) };
}
