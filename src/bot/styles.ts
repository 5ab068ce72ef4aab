/**
 * The styles that a server can use: those that come with its models and those that its admins added. Finds them by
 * name, in the order in which a person would look for them.
 */
import { closest } from '../../commands/closest.ts';
import type { UserError } from '../core/errors.ts';
import type { ServerKey } from '../core/people.ts';
import type { Style } from '../core/style.ts';
import type { StylePreset, Stores } from '../store/index.ts';
import type { Models } from './ports.ts';
import { refusal } from './refusal.ts';
import { styleNamed } from './wish.ts';

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
  const { addedBy, addedByName, addedAtMs: _, ...words } = preset;
  const file = files.pathOf('loras', preset.sha256, '.safetensors');
  // A textual inversion always has a word.
  const trigger = preset.kind === 'embedding' ? preset.trigger || preset.name : preset.trigger;
  return { ...words, trigger, file, origin: { kind: 'server', by: addedBy, byName: addedByName } };
}

/** Those that come with the models. */
export function builtinStyles(models: Models): readonly Style[] {
  return models.list().flatMap(({ styles }) => styles);
}

export function meansNone(given: string): boolean {
  return NO_STYLE_WORDS.includes(given.trim().toLowerCase());
}

/** Throws `UserError` `style.unknown…`, with the closest name where there is one. */
export function findStyle(styles: readonly Style[], given: string, model?: string): Style {
  const style = styleNamed(styles, given, model);
  if (style === undefined) {
    throw unknownStyle(styles, given);
  }
  return style;
}

export function unknownStyle(styles: readonly Style[], given: string): UserError {
  if (styles.length === 0) {
    return refusal('style.unknown-none', { given });
  }
  const near = closest(
    given.trim().toLowerCase(),
    styles.map(({ id }) => id),
  );
  return near === undefined
    ? refusal('style.unknown-far', { given })
    : refusal('style.unknown', { given, closest: near });
}
