/**
 * A request as a store kept it: brought up from the versions before. What a version lacks means what it meant then,
 * whatever new requests are made with today, so its meaning is written out here and never changes. Knows no store.
 */
import { z } from 'zod';

import { generationRequest, requestFields, UNSAID } from './request.ts';

const version1 = requestFields
  .pick({ prompt: true, negative: true, model: true, vae: true, seed: true, count: true, steps: true, guidance: true })
  .extend({
    version: z.undefined().optional(),
    lcmLora: z.discriminatedUnion('kind', [
      z.object({ kind: z.literal('model') }),
      z.object({ kind: z.literal('none') }),
      z.object({ kind: z.literal('file'), file: z.string() }),
    ]),
    loras: z.array(z.object({ id: z.string(), file: z.string(), weight: z.number() })),
    width: z.int().positive(),
    height: z.int().positive(),
    scheduler: z.enum(['lcm', 'ddim', 'dpm++', 'euler']),
    init: z.object({ file: z.string(), strength: z.number() }).optional(),
  });

/** Of this version or an earlier one, which then means the picture that it meant. */
export const storedRequest = z.union([generationRequest, version1.transform(fromVersion1)]);

/** LCM's day: the model's own grid, fp32, the full decoder, brackets without a meaning, a model that nobody had hashed. */
function fromVersion1({
  lcmLora,
  loras,
  scheduler,
  ...old
}: z.infer<typeof version1>): z.infer<typeof generationRequest> {
  return {
    ...UNSAID,
    ...old,
    version: 2,
    promptGrammar: 'plain',
    embeddings: [],
    accelerator: lcmLora,
    recipe: { scheduler },
    precision: 'fp32',
    decoder: 'full',
    styles: loras,
    index: 0,
    alpha: false,
  };
}
