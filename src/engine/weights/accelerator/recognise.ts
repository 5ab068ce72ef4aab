/**
 * Which accelerator a LoRA file is: by the sum of its bytes, by what its header notes, by its name or its repository's,
 * always together with the form that accelerators have.
 *
 * Where these do not decide, nothing is guessed: TCD, PCM and LCM files of SDXL have equal headers, so the answer is
 * what it may be and a question. An ordinary style is none, whatever it is called. Opens headers; hashes a file only
 * where nothing else tells.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';

import type { Base } from '../../../core/manifest.ts';
import { isRecipeName, RECIPE_NAMES, type RecipeName } from '../../../core/recipes.ts';
import type { LoraFile } from '../lora/lora-file.ts';
import { acceleratorForm, type AcceleratorForm } from './accelerator-form.ts';
import { PUBLISHED_FILES } from './published-files.ts';
import { guessByName, type NameGuess } from './published-names.ts';

export type Recognition =
  | {
      readonly kind: 'known';
      readonly recipe: RecipeName;
      readonly base: Base;
      readonly by: 'hash' | 'metadata' | 'name';
    }
  /** It has the form of one; which of these is for people to say. */
  | { readonly kind: 'unclear'; readonly recipes: readonly RecipeName[]; readonly base: Base }
  | { readonly kind: 'none' };

/** What fourstep writes into the header of accelerators that it makes: a recipe's name. */
export const RECIPE_NOTE = 'fourstep.recipe';

/** `readSum`: sha256 of the file in hexadecimal. */
export async function recogniseAccelerator(
  lora: Pick<LoraFile, 'file' | 'groups' | 'dense' | 'metadata'>,
  readSum: (file: string) => Promise<string> = sha256Of,
): Promise<Recognition> {
  const form = acceleratorForm(lora);
  if (form === undefined) {
    return { kind: 'none' };
  }
  const isTrained = TRAINING_NOTES.some((key) => lora.metadata.has(key));
  const guesses = isTrained ? [] : guessesFrom(lora, form);
  const base =
    (form.isBaseOpen ? guesses.find(({ guess }) => guess.base !== undefined)?.guess.base : undefined) ?? form.base;
  const noted = lora.metadata.get(RECIPE_NOTE);
  if (noted !== undefined && isRecipeName(noted)) {
    return { kind: 'known', recipe: noted, base, by: 'metadata' };
  }
  for (const { guess, by } of guesses) {
    const [recipe, ...others] = guess.recipes;
    if (recipe !== undefined && others.length === 0) {
      return { kind: 'known', recipe, base, by };
    }
  }
  const published = PUBLISHED_FILES.get(await readSum(lora.file));
  if (published !== undefined) {
    return { kind: 'known', recipe: published, base, by: 'hash' };
  }
  const named = guesses[0]?.guess.recipes;
  if (named !== undefined) {
    return { kind: 'unclear', recipes: named, base };
  }
  return !isTrained && looksPublished(form)
    ? { kind: 'unclear', recipes: RECIPE_NAMES.filter((name) => isFor(name, base)), base }
    : { kind: 'none' };
}

/** What trainers of styles write, and publishers of accelerators do not. */
const TRAINING_NOTES = [
  'ss_tag_frequency',
  'ss_dataset_dirs',
  'ss_datasets',
  'ss_num_train_images',
  'ss_num_epochs',
  'ss_learning_rate',
] as const;

type Guess = { readonly guess: NameGuess; readonly by: 'metadata' | 'name' };

/** The header's titles, the file's name, and the folders above a file whose name says nothing; best first. */
function guessesFrom({ file, metadata }: Pick<LoraFile, 'file' | 'metadata'>, form: AcceleratorForm): readonly Guess[] {
  const name = path.basename(file);
  const folders = GENERIC_NAME.test(name) ? path.dirname(file).split(path.sep).slice(-FOLDERS).toReversed() : [];
  const titles = TITLES.flatMap((key) => metadata.get(key) ?? []);
  return [
    ...titles.map((text) => ({ guess: guessByName(text), by: 'metadata' }) as const),
    { guess: guessByName(name), by: 'name' } as const,
    ...folders.map((folder) => ({ guess: guessByName(folder), by: 'name' }) as const),
  ].flatMap(({ guess, by }) => (guess !== undefined && agrees(guess, form) ? [{ guess, by }] : []));
}

const TITLES = ['modelspec.title', 'ss_output_name', 'name'] as const;
const GENERIC_NAME = /^(?:pytorch_lora_weights|adapter_model|diffusion_pytorch_model|model|lora)\.safetensors$/;
/** Of a hub's cache: models--owner--name/snapshots/<revision>/file. */
const FOLDERS = 4;

/** A name is believed where the file has what it promises: the base, if the file says one, and all layers but of Flash. */
function agrees({ recipes, base }: NameGuess, form: AcceleratorForm): boolean {
  const isFlash = recipes.every((name) => name === 'flash');
  const isSameBase =
    base === undefined || form.isBaseOpen || base === form.base || (base === 'sdxl' && form.base === 'ssd1b');
  const drawn = form.isBaseOpen ? (base ?? form.base) : form.base;
  return isSameBase && (isFlash || form.reach === 'whole') && recipes.some((name) => isFor(name, drawn));
}

/** The rank of all published ones, and alpha 8, or none stated. */
function looksPublished({ reach, rank, scale }: AcceleratorForm): boolean {
  return reach === 'whole' && rank === 64 && (scale === 1 || scale === 1 / 8);
}

function isFor(name: RecipeName, base: Base): boolean {
  const bases = ONLY_FOR.find(([pattern]) => pattern.test(name))?.[1];
  return bases === undefined || base === 'other' || bases.includes(base);
}

/** Families that were made for some bases only. */
const ONLY_FOR: readonly (readonly [RegExp, readonly Base[]])[] = [
  [/^(?:lightning|dmd2)/, ['sdxl']],
  [/^(?:hyper-sd|pcm|flash)/, ['sd15', 'sdxl']],
  [/^tcd/, ['sd15', 'sd2', 'sdxl']],
  [/^vegart/, ['sdxl', 'ssd1b']],
  [/^one-step/, ['moji']],
];

async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file, { highWaterMark: 1 << 20 }), hash);
  return hash.digest('hex');
}
