/**
 * The request that says nothing but the words: everything else as the model's manifest has it, and each later field with
 * the value that changes nothing. Whoever makes a request begins here, so that a new field has one default.
 */
import type { ModelManifest } from './manifest.ts';
import { samplingOf } from './recipes.ts';
import { type GenerationRequest, REQUEST_VERSION, UNSAID } from './request.ts';

/** What of a manifest a request needs. */
type Defaults = Pick<ModelManifest, 'id' | 'defaults'> &
  Partial<Pick<ModelManifest, 'accelerators' | 'precision' | 'decoder'>>;

/** One picture of seed 0, with the fields of `changes` in place of the usual ones. */
export function defaultRequest(
  { id, defaults, accelerators = [], precision, decoder = 'full' }: Defaults,
  prompt: string,
  changes: Partial<GenerationRequest> = {},
): GenerationRequest {
  const { steps, guidance, width, height, scheduler } = defaults;
  const [usual] = accelerators;
  return {
    ...UNSAID,
    version: REQUEST_VERSION,
    prompt,
    negative: '',
    promptGrammar: 'plain',
    embeddings: [],
    model: id,
    accelerator: usual === undefined ? { kind: 'model' } : { kind: 'model', id: usual.id },
    recipe: usual === undefined ? { scheduler } : { name: usual.recipe, ...samplingOf(usual.recipe) },
    precision: precision === 'int8' ? 'int8' : 'fp32',
    decoder,
    styles: [],
    seed: 0,
    index: 0,
    count: 1,
    steps,
    guidance,
    width,
    height,
    alpha: false,
    ...changes,
  };
}
