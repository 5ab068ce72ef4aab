/**
 * A request as it is read from a store or a pipe: parsed from `unknown`, and brought up from the versions before. What a
 * version lacks means what it meant then, whatever new requests are made with today, so its meaning is written out here
 * and never changes. Knows no store and no pipe.
 */
import { z } from 'zod';

import { DECODERS, type GenerationRequest, PRECISIONS, PROMPT_GRAMMARS, REQUEST_VERSION } from './request.ts';
import { RECIPE_NAMES } from './recipes.ts';
import { LAST_STEPS, SCHEDULER_NAMES, SPREADS } from './sampling.ts';

const sha256 = z.string().optional();
const wholeOrZero = z.int().nonnegative();

const version1 = z.object({
  version: z.undefined().optional(),
  prompt: z.string(),
  negative: z.string(),
  model: z.string(),
  lcmLora: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('model') }),
    z.object({ kind: z.literal('none') }),
    z.object({ kind: z.literal('file'), file: z.string() }),
  ]),
  vae: z.string().optional(),
  loras: z.array(z.object({ id: z.string(), file: z.string(), weight: z.number() })),
  seed: wholeOrZero,
  count: z.int().positive(),
  steps: z.int().positive(),
  guidance: z.number(),
  width: z.int().positive(),
  height: z.int().positive(),
  scheduler: z.enum(['lcm', 'ddim', 'dpm++', 'euler']),
  init: z.object({ file: z.string(), strength: z.number() }).optional(),
});

// A field that is missing here would be lost on reading: the type asks for each of them.
const version2 = z.object({
  version: z.literal(REQUEST_VERSION),
  prompt: z.string(),
  negative: z.string(),
  promptGrammar: z.enum(PROMPT_GRAMMARS),
  embeddings: z.array(z.object({ word: z.string(), file: z.string(), sha256 })),
  model: z.string(),
  fingerprint: z.string().optional(),
  accelerator: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('model'), id: z.string().optional() }),
    z.object({ kind: z.literal('none') }),
    z.object({ kind: z.literal('file'), file: z.string(), weight: z.number().optional(), sha256 }),
  ]),
  recipe: z.object({
    name: z.enum(RECIPE_NAMES).optional(),
    scheduler: z.enum(SCHEDULER_NAMES),
    grid: z.union([z.enum(SPREADS), z.array(z.number().nonnegative())]).optional(),
    eta: z.number().optional(),
    lastStep: z.enum(LAST_STEPS).optional(),
    guidance: z.number().optional(),
  }),
  precision: z.enum(PRECISIONS),
  decoder: z.enum(DECODERS),
  vae: z.string().optional(),
  styles: z.array(
    z.object({ id: z.string(), file: z.string(), weight: z.number(), sha256, base: z.string().optional() }),
  ),
  seed: wholeOrZero,
  index: wholeOrZero,
  count: z.int().positive(),
  steps: z.int().positive(),
  guidance: z.number(),
  width: z.int().positive(),
  height: z.int().positive(),
  init: z.object({ file: z.string(), strength: z.number(), sha256 }).optional(),
  variation: z.object({ seed: wholeOrZero, amount: z.number() }).optional(),
  mask: z.object({ file: z.string(), sha256 }).optional(),
  extend: z.object({ left: wholeOrZero, top: wholeOrZero, right: wholeOrZero, bottom: wholeOrZero }).optional(),
  alpha: z.boolean(),
} satisfies Readonly<Record<keyof GenerationRequest, z.ZodType>>);

/** Of this version. JSON drops what is undefined; the request has those fields all the same. */
export const generationRequest: z.ZodType<GenerationRequest> = version2.transform(
  ({ fingerprint, vae, init, variation, mask, extend, ...request }) => ({
    ...request,
    fingerprint,
    vae,
    init,
    variation,
    mask,
    extend,
  }),
);

/** Of this version or an earlier one, which then means the picture that it meant. */
export const storedRequest: z.ZodType<GenerationRequest> = z.union([
  generationRequest,
  version1.transform(fromVersion1),
]);

export const upscaleRequest = z.object({
  model: z.string(),
  file: z.string(),
  scale: z.union([z.literal(2), z.literal(4)]),
});

/** LCM's day: the model's own grid, fp32, the full decoder, brackets without a meaning, a model that nobody had hashed. */
function fromVersion1(old: z.infer<typeof version1>): GenerationRequest {
  const { prompt, negative, model, lcmLora, vae, loras, seed, count, steps, guidance, width, height } = old;
  return {
    version: 2,
    prompt,
    negative,
    promptGrammar: 'plain',
    embeddings: [],
    model,
    fingerprint: undefined,
    accelerator: lcmLora,
    recipe: { scheduler: old.scheduler },
    precision: 'fp32',
    decoder: 'full',
    vae,
    styles: loras,
    seed,
    index: 0,
    count,
    steps,
    guidance,
    width,
    height,
    init: old.init,
    variation: undefined,
    mask: undefined,
    extend: undefined,
    alpha: false,
  };
}
