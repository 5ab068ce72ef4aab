/**
 * The styles that a server can use: those that come with its models and those that its admins added. Finds them by
 * name, in the order in which a person would look for them.
 */
import { join } from 'node:path';
import { closest } from '../../commands/closest.ts';
import type { ServerKey } from '../core/people.ts';
import type { StylePreset, Stores } from '../store/index.ts';
import type { Models } from './ports.ts';
import { refusal } from './refusal.ts';

export type Style = {
  /** Lower case; what it is found by and remembered as. */
  readonly id: string;
  readonly name: string;
  /** The catalog id of the model it is for. */
  readonly model: string;
  /** Absolute. */
  readonly file: string;
  readonly weight: number;
  readonly trigger: string;
  readonly negative: string;
  readonly description: string;
  /** Undefined: it comes with the model. */
  readonly preset: StylePreset | undefined;
};

/** What means "no style" wherever a style is named. */
export const NO_STYLE = 'none';
const NO_STYLE_WORDS = [NO_STYLE, 'keiner', 'ohne', '-'];

export async function stylesOf(
  server: ServerKey,
  stores: Pick<Stores, 'styles' | 'files'>,
  models: Models,
): Promise<readonly Style[]> {
  const added = (await stores.styles.of(server)).map((preset) => fromPreset(preset, stores));
  const names = new Set(added.map(({ id }) => id));
  return [...builtinStyles(models).filter(({ id }) => !names.has(id)), ...added];
}

export function fromPreset(preset: StylePreset, { files }: Pick<Stores, 'files'>): Style {
  const { id, name, model, weight, trigger, negative, description, sha256 } = preset;
  const file = files.pathOf('loras', sha256, '.safetensors');
  return { id, name, model, file, weight, trigger, negative, description, preset };
}

/** Those that come with the models. */
export function builtinStyles(models: Models): readonly Style[] {
  return models.list().flatMap(({ manifest, folder }) =>
    manifest.styles.map(({ id, name, file, weight, trigger, description }) => ({
      id: id.toLowerCase(),
      name,
      model: manifest.id,
      file: join(folder, file),
      weight,
      trigger,
      negative: '',
      description,
      preset: undefined,
    })),
  );
}

export function meansNone(given: string): boolean {
  return NO_STYLE_WORDS.includes(given.trim().toLowerCase());
}

/** Throws `UserError` `style.unknown…`, with the closest name where there is one. A style for `model` goes before its namesakes. */
export function findStyle(styles: readonly Style[], given: string, model?: string): Style {
  const wanted = given.trim().toLowerCase();
  const found = styles.filter(({ id, name }) => id === wanted || name.toLowerCase() === wanted);
  const style = found.find((candidate) => candidate.model === model) ?? found[0];
  if (style !== undefined) {
    return style;
  }
  if (styles.length === 0) {
    throw refusal('style.unknown-none', { given });
  }
  const near = closest(
    wanted,
    styles.map(({ id }) => id),
  );
  throw near === undefined
    ? refusal('style.unknown-far', { given })
    : refusal('style.unknown', { given, closest: near });
}
