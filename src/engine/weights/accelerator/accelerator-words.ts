/** What was recognised of an accelerator, in words for people. */
import { BASE_NAMES } from '../../../core/manifest.ts';
import { recipeOf, recipeSentence } from '../../../core/recipes.ts';
import type { Recognition } from './recognise.ts';

/** `Hyper-SD, SD 1.5, 4 steps: DDIM trailing, guidance 1`; undefined for what is no accelerator. */
export function acceleratorWords(recognition: Recognition): string | undefined {
  switch (recognition.kind) {
    case 'known':
      return recipeSentence(recognition.recipe, BASE_NAMES[recognition.base]);
    case 'unclear': {
      const families = [...new Set(recognition.recipes.map((name) => recipeOf(name).family))];
      const base = BASE_NAMES[recognition.base];
      return `${families.join(', ')}${base === '' ? '' : ` of ${base}`}: ${families.length === 1 ? 'its step count is' : 'which of them is'} in neither name nor header; name its recipe with --recipe (${recognition.recipes.join(', ')})`;
    }
    case 'none':
      return undefined;
    default:
      return recognition satisfies never;
  }
}
