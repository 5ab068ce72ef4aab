/**
 * Every way in which LoRA files spell a module of a net.
 *
 * The model's own modules are enumerated and each gets all its spellings, because the way back is ambiguous: kohya
 * turns dots into underscores, and `to_q` has one of its own. The idea is that of
 * https://github.com/comfyanonymous/ComfyUI (comfy/lora.py). Knows names alone.
 */
import { toLdmUnetName, unetTopology } from '../checkpoint/ldm-unet-names.ts';

/** The nets that LoRAs reach, called as diffusers' folders. */
export const LORA_NETS = ['unet', 'text_encoder', 'text_encoder_2'] as const;
export type LoraNet = (typeof LORA_NETS)[number];

/** Spelling → module, for all `modules` (diffusers' or transformers' names) of a net. */
export function spellModules(net: LoraNet, modules: readonly string[]): ReadonlyMap<string, string> {
  const spell = net === 'unet' ? unetSpeller(modules) : (module: string) => textSpellings(net, module);
  return new Map(modules.flatMap((module) => spell(module).map((spelling) => [spelling, module] as const)));
}

function unetSpeller(modules: readonly string[]): (module: string) => readonly string[] {
  const topology = unetTopology(modules);
  return (module) => {
    const original = toLdmUnetName(module, topology);
    return [module, ...(original === undefined ? [] : [original])].flatMap((name) => [
      `lora_unet_${name.replaceAll('.', '_')}`,
      ...UNET_PREFIXES.flatMap((prefix) => attentionVariants(name).map((variant) => prefix + variant)),
    ]);
  };
}

/** Whether a file's spelling means a module of a text encoder. */
export function isTextStem(stem: string): boolean {
  return /^(?:lora_te[12]?_|text_encoder(?:_2)?\.|text_encoders\.|clip_[lgh]\.|lora_te[12]\.)/.test(stem);
}

/** Whether it means SDXL's second text encoder. */
export function isSecondTextStem(stem: string): boolean {
  return /^(?:lora_te2[_.]|text_encoder_2\.|(?:text_encoders\.)?clip_g\.)/.test(stem);
}

/** diffusers and OneTrainer, ComfyUI, PEFT saved directly, and diffusers' oldest files, which held the UNet's part alone. */
const UNET_PREFIXES = [
  'unet.',
  'diffusion_model.',
  'model.diffusion_model.',
  'base_model.model.',
  'base_model.model.unet.',
  'unet.base_model.model.',
  'lora_unet.',
  '',
] as const;

/** With and without the attention processor that the weights once belonged to; `to_out` is the first of a list. */
function attentionVariants(name: string): readonly string[] {
  const match = /^(?<path>.*\.attn[12])\.(?<projection>to_(?:q|k|v|out\.0))$/.exec(name)?.groups;
  if (match === undefined) {
    return [name];
  }
  const { path, projection = '' } = match;
  const projections = projection === 'to_out.0' ? ['to_out.0', 'to_out'] : [projection];
  return projections.flatMap((last) => [`${path}.${last}`, `${path}.processor.${last}`]);
}

function textSpellings(net: 'text_encoder' | 'text_encoder_2', module: string): readonly string[] {
  const bare = module.replace(/^text_model\./, '');
  const full = bare.startsWith('text_projection') ? bare : `text_model.${bare}`;
  const { kohya, dotted } = TEXT_PREFIXES[net];
  return [full, bare].flatMap((name) => [
    ...kohya.map((prefix) => prefix + name.replaceAll('.', '_')),
    ...dotted.flatMap((prefix) => oldestVariants(name).map((variant) => prefix + variant)),
  ]);
}

/** kohya's with underscores; with dots those of diffusers, PEFT, OneTrainer and ComfyUI. */
const TEXT_PREFIXES = {
  text_encoder: {
    kohya: ['lora_te_', 'lora_te1_'],
    dotted: [
      'text_encoder.',
      'text_encoder.base_model.model.',
      'lora_te.',
      'lora_te1.',
      'clip_l.',
      'clip_l.transformer.',
      'clip_h.',
      'clip_h.transformer.',
      'text_encoders.clip_l.transformer.',
      'text_encoders.clip_h.transformer.',
    ],
  },
  text_encoder_2: {
    kohya: ['lora_te2_'],
    dotted: [
      'text_encoder_2.',
      'text_encoder_2.base_model.model.',
      'lora_te2.',
      'clip_g.',
      'clip_g.transformer.',
      'text_encoders.clip_g.transformer.',
    ],
  },
} as const;

/** diffusers' oldest files called the projections as in its own attention. */
function oldestVariants(name: string): readonly string[] {
  const old = name.replace(
    /\.self_attn\.(?:(q|k|v)_proj|out_proj)$/,
    (_, letter: string | undefined) => `.self_attn.to_${letter ?? 'out'}`,
  );
  return old === name ? [name] : [name, old];
}
