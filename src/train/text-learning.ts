/**
 * Text encoders that learn too: matrices of theirs, and vectors of a new word beside them, which are put into the file with
 * the matrices (pivotal tuning; textual inversion is Gal et al., arXiv 2208.01618). Prompts then come as token ids. Opens no
 * session.
 */
import type { BaseModel } from './base-model.ts';
import { textPrefix, type TextPart } from './step-graph.ts';
import { timeIdsRow } from './style-rows.ts';
import type { TrainingRow } from './trainer.ts';

export type NewWord = {
  /** As it stands in captions and prompts. */
  readonly word: string;
  /** Tokens of a prompt that it takes the place of. */
  readonly vectors: number;
  /** Known words whose vectors it begins with. */
  readonly like: string;
};

export type TextLearning = {
  /** Whether matrices of the text encoders learn. */
  readonly matrices: boolean;
  readonly word?: NewWord | undefined;
};

export function learnsText({ matrices, word }: TextLearning): boolean {
  return matrices || word !== undefined;
}

/** None where nothing of the text encoders learns. */
export function textParts({ text }: Pick<BaseModel, 'text'>, learning: TextLearning): readonly TextPart[] {
  if (!learnsText(learning)) {
    return [];
  }
  return text.map(({ config, weights, targets }, k) => {
    // What comes before the last layer is all that is read of the first of two.
    const unread = text.length > 1 && k === 0 ? `.layers.${config.layers - 1}.` : undefined;
    const learns = learning.matrices ? targets : [];
    return {
      config,
      weights,
      targets: learns.filter(({ module }) => unread === undefined || !module.includes(unread)),
      newTokens: learning.word?.vectors ?? 0,
    };
  });
}

/** A caption as the text encoders of a training step take it; of what does not fit into one chunk the rest is left out. */
export function textRow(
  { text, unet }: Pick<BaseModel, 'text' | 'unet'>,
  { word }: TextLearning,
  caption: string,
  size: { readonly width: number; readonly height: number },
): TrainingRow {
  const row: Record<string, TrainingRow[string]> = unet.config.textTime === undefined ? {} : { ...timeIdsRow(size) };
  for (const [k, encoder] of text.entries()) {
    // Each vector is only known by which one it is.
    const vectors: readonly Float32Array[] = Array.from({ length: word?.vectors ?? 0 }, () => new Float32Array());
    const learned = new Map(word === undefined ? [] : [[word.word, vectors]]);
    const [chunk] = encoder.chunksOf([{ kind: 'text', text: caption, weight: 1 }], learned);
    const ids = chunk?.ids ?? [];
    row[`${textPrefix(k)}input_ids`] = BigInt64Array.from(ids, BigInt);
    if (word !== undefined) {
      const places = new Float32Array(ids.length * word.vectors);
      chunk?.learned.forEach((vector, position) => {
        places[position * word.vectors + vectors.indexOf(vector)] = 1;
      });
      row[`${textPrefix(k)}new_places`] = places;
    }
  }
  return row;
}

const TABLE = 'embeddings.token_embedding.weight';

/** What the new word's vectors begin with, by the name of their input: those of known words, one after another. */
export async function wordBeginnings(
  { text }: Pick<BaseModel, 'text'>,
  { word }: TextLearning,
): Promise<ReadonlyMap<string, Float32Array>> {
  const beginnings = new Map<string, Float32Array>();
  if (word === undefined) {
    return beginnings;
  }
  for (const [k, encoder] of text.entries()) {
    const { features } = encoder.config;
    const known = encoder.idsOf(word.like);
    const table = await encoder.weights.readFloats(encoder.weights.names.find((name) => name.endsWith(TABLE)) ?? TABLE);
    const values = new Float32Array(word.vectors * features);
    for (let n = 0; n < word.vectors; n++) {
      const id = known[n % known.length] ?? 0;
      values.set(table.subarray(id * features, (id + 1) * features), n * features);
    }
    beginnings.set(`${textPrefix(k)}new_tokens`, values);
  }
  return beginnings;
}
