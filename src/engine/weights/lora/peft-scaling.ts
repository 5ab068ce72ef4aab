/**
 * The alpha of files that carry none per module: PEFT writes it as JSON, diffusers puts that JSON into the header
 * (`lora_adapter_metadata`), per net. Without any, alpha equals the rank and the scale is 1.
 */
import { z } from 'zod';

import { UserError } from '../../../core/errors.ts';

/** Alpha and scale of a module, named as in the file, at its rank. */
export type Scaling = (stem: string, rank: number) => { readonly alpha: number; readonly scale: number };

/**
 * Reads the settings from a LoRA's header metadata or from PEFT's own config beside it.
 * Throws `UserError` `lora.kind` when they say that the adapter is a DoRA, but its magnitudes are missing.
 */
export function peftScaling(
  metadata: ReadonlyMap<string, string>,
  adapterConfig: string | undefined,
  hasMagnitudes: boolean,
): Scaling {
  const configs = [
    ...configsByNet(parse(z.record(z.string(), z.unknown()), metadata.get('lora_adapter_metadata')) ?? {}),
    ...[parse(peftConfig, adapterConfig)].flatMap((config) =>
      config === undefined ? [] : [{ prefix: 'base_model.model.', config }],
    ),
  ];
  if (!hasMagnitudes && configs.some(({ config }) => config.use_dora === true)) {
    throw new UserError(
      'lora.kind',
      'A DoRA must hold the magnitudes of its weights, but this one is a DoRA by its own settings and holds none; ask its author for the whole file.',
      { params: { kind: 'DoRA' } },
    );
  }
  return (stem, rank) => {
    const found = configs.find(({ prefix }) => stem.startsWith(prefix));
    if (found === undefined) {
      return { alpha: rank, scale: 1 };
    }
    const { alpha_pattern: pattern, lora_alpha: common, use_rslora: isStabilised } = found.config;
    const alpha = byPattern(pattern ?? {}, stem) ?? common ?? rank;
    return { alpha, scale: alpha / (isStabilised === true ? Math.sqrt(rank) : rank) };
  };
}

const peftConfig = z.object({
  lora_alpha: z.number().optional(),
  alpha_pattern: z.record(z.string(), z.number()).nullish(),
  use_rslora: z.boolean().nullish(),
  use_dora: z.boolean().nullish(),
});
type PeftConfig = z.infer<typeof peftConfig>;

/** `unet.lora_alpha`, `text_encoder_2.alpha_pattern`, … → one config a net. */
function configsByNet(flat: Readonly<Record<string, unknown>>): readonly { prefix: string; config: PeftConfig }[] {
  return ['unet.', 'text_encoder_2.', 'text_encoder.'].flatMap((prefix) => {
    const own = Object.entries(flat).filter(([key]) => key.startsWith(prefix));
    const config = peftConfig.safeParse(
      Object.fromEntries(own.map(([key, value]) => [key.slice(prefix.length), value])),
    );
    return own.length > 0 && config.success ? [{ prefix, config: config.data }] : [];
  });
}

/** PEFT's patterns are ends of module names; as regular expressions of strangers they are not run. */
function byPattern(pattern: Readonly<Record<string, number>>, stem: string): number | undefined {
  const entry = Object.entries(pattern).find(([end]) => stem === end || stem.endsWith(`.${end.replace(/^\^/, '')}`));
  return entry?.[1];
}

function parse<Value>(schema: z.ZodType<Value>, json: string | undefined): Value | undefined {
  try {
    return json === undefined ? undefined : schema.safeParse(JSON.parse(json)).data;
  } catch {
    return undefined; // Metadata is a note beside the weights; a broken note counts as none.
  }
}
