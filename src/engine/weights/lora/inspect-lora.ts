/**
 * What a LoRA file says about itself: kind, ranks, alphas, what it touches, for which base, and the words that call it.
 * Works for kinds that cannot be applied, too: whoever asks wants to know why.
 */
import { z } from 'zod';

import { UserError } from '../../../core/errors.ts';
import { recogniseAccelerator, type Recognition } from '../accelerator/recognise.ts';
import { bundledWords } from '../embeddings.ts';
import { openSafetensors } from '../safetensors-file.ts';
import { guessBase } from './base-guess.ts';
import { foreignAdapter } from './lora-keys.ts';
import { openLora, type LoraFile } from './lora-file.ts';
import { isTextStem } from './module-spellings.ts';

export type LoraReport = {
  /** `LoRA`, `LoCon` with convolutions beyond 1×1, `LoHa`, `DoRA`, …, or the name of a kind that cannot be applied. */
  readonly kind: string;
  readonly isUsable: boolean;
  /** Distinct ones, ascending; empty for a kind that cannot be read. */
  readonly ranks: readonly number[];
  readonly alphas: readonly number[];
  /** Modules that it changes, by net. */
  readonly targets: { readonly unet: number; readonly textEncoders: number };
  /** `sd15`, `sdxl`, …, or the name of another architecture; undefined when nothing tells. */
  readonly base: string | undefined;
  /** Words to put into the prompt, the likeliest first. */
  readonly triggers: readonly string[];
  readonly title: string | undefined;
  /** Fingerprint of the very model that it was trained on, where Fourstep trained it. */
  readonly madeFor: string | undefined;
  /** Tensors that are no part of a pair. */
  readonly strays: number;
  /** Whether it makes a model quick, and how it wants to be stepped. */
  readonly accelerator: Recognition;
};

/** Throws `UserError` as `openSafetensors`, and `lora.empty` for a file without LoRA matrices of any kind. */
export async function inspectLora(file: string): Promise<LoraReport> {
  const { tensors, metadata } = await openSafetensors(file);
  const adapter = foreignAdapter(tensors.names);
  const about = {
    // Words that come with their vectors are what it is called by.
    triggers: [...new Set([...bundledWords(tensors), ...triggerWords(metadata)])],
    title: metadata.get('modelspec.title') ?? metadata.get('ss_output_name'),
    madeFor: fingerprintIn(metadata),
  };
  try {
    const lora = await openLora(file);
    return { ...describe(lora), accelerator: await recogniseAccelerator(lora), ...about };
  } catch (error) {
    if (!(error instanceof UserError) || error.code !== 'lora.kind') {
      throw error;
    }
    const base = guessBase({ groups: [], dense: [], metadata });
    return {
      kind: adapter ?? 'DoRA',
      isUsable: false,
      ranks: [],
      alphas: [],
      targets: { unet: 0, textEncoders: 0 },
      base,
      strays: 0,
      accelerator: { kind: 'none' },
      ...about,
    };
  }
}

function describe(lora: LoraFile): Omit<LoraReport, 'triggers' | 'title' | 'madeFor' | 'accelerator'> {
  const changed = new Set([...lora.groups, ...lora.dense].map(({ stem }) => stem));
  const textEncoders = [...changed].filter(isTextStem).length;
  const ranked = [...lora.groups, ...lora.dense];
  return {
    kind: kindOf(lora),
    isUsable: true,
    ranks: distinct(ranked.flatMap(({ rank }) => rank ?? [])),
    alphas: distinct(ranked.flatMap(({ alpha }) => alpha ?? [])),
    targets: { unet: changed.size - textEncoders, textEncoders },
    base: guessBase(lora),
    strays: lora.strays.length,
  };
}

/** Other trainers note 8 or 64 hexadecimal digits of their own hashes under the same key. */
function fingerprintIn(metadata: ReadonlyMap<string, string>): string | undefined {
  const noted = metadata.get('ss_sd_model_hash');
  return noted !== undefined && /^[0-9a-f]{32}$/.test(noted) ? noted : undefined;
}

/** Of several kinds in one file the one that says most. */
function kindOf({ groups, dense }: LoraFile): string {
  if (dense.some(({ magnitude }) => magnitude !== undefined)) {
    return 'DoRA';
  }
  const special = dense.find(({ form }) => form.kind !== 'LoRA' && form.kind !== 'difference');
  if (special !== undefined) {
    return special.form.kind;
  }
  const hasKernels = groups.some(({ down, mid }) => (mid ?? down).shape.slice(2).some((side) => side > 1));
  return groups.length === 0 ? 'full difference' : hasKernels ? 'LoCon' : 'LoRA';
}

function distinct(values: readonly number[]): readonly number[] {
  return [...new Set(values)].sort((a, b) => a - b);
}

const tagFrequencySchema = z.record(z.string(), z.record(z.string(), z.number()));
const MAX_TRIGGERS = 8;

/**
 * What the author noted (`modelspec.trigger_phrase` and its like) comes first; then, from the trainer's count of
 * captions, the tags that stand in nearly all of them.
 */
function triggerWords(metadata: ReadonlyMap<string, string>): readonly string[] {
  const noted = TRIGGER_NOTES.flatMap((key) => metadata.get(key)?.split(',') ?? []);
  const words = [...noted, ...commonTags(metadata.get('ss_tag_frequency'))].map((word) => word.trim());
  return [...new Set(words.filter((word) => word !== ''))].slice(0, MAX_TRIGGERS);
}

const TRIGGER_NOTES = ['modelspec.trigger_phrase', 'trigger_phrase', 'trigger_words', 'instance_prompt'] as const;

/** `ss_tag_frequency`: data set → tag → how many captions have it. A tag of the style itself is in most of them. */
function commonTags(json: string | undefined): readonly string[] {
  let sets: Readonly<Record<string, Readonly<Record<string, number>>>>;
  try {
    sets = tagFrequencySchema.parse(JSON.parse(json ?? '{}'));
  } catch {
    return []; // A note beside the weights; a broken one says nothing.
  }
  const totals = new Map<string, number>();
  for (const counts of Object.values(sets)) {
    for (const [tag, count] of Object.entries(counts)) {
      totals.set(tag, (totals.get(tag) ?? 0) + count);
    }
  }
  // A loop, for captions of large sets have more tags than a call takes arguments.
  let most = 0;
  for (const count of totals.values()) {
    most = Math.max(most, count);
  }
  const common = [...totals].filter(([, count]) => count >= most * 0.9);
  return common.sort(([, a], [, b]) => b - a).map(([tag]) => tag);
}
