/**
 * What an accelerator looks like from its module list: it retrains the whole UNet at one rank and leaves the text alone.
 * LCM-LoRA's fourteen kinds of layer are those of all its successors but Flash, which keeps to the transformers.
 *
 * A style may look the same, so the form allows an accelerator and proves none. Knows names and ranks alone.
 */
import { BASES, type Base } from '../../../core/manifest.ts';
import { guessBase, textWidth } from '../lora/base-guess.ts';
import type { LoraFile } from '../lora/lora-file.ts';
import type { LoraGroup } from '../lora/lora-group.ts';

export type AcceleratorForm = {
  /** `whole`: every kind of layer, all over the UNet. `transformers`: theirs alone. */
  readonly reach: 'whole' | 'transformers';
  readonly base: Base;
  /** Neither shapes nor notes say which base it is for, so that a name may. */
  readonly isBaseOpen: boolean;
  /** Undefined where modules differ. */
  readonly rank: number | undefined;
  /** alpha/rank; undefined where modules differ. */
  readonly scale: number | undefined;
};

const TRANSFORMERS = ['to_q', 'to_k', 'to_v', 'to_out_0', 'proj_in', 'proj_out', 'ff_net_0_proj', 'ff_net_2'] as const;
/** diffusers' names and, where they differ, the original checkpoint's. */
const RESNETS = [
  ['conv1', 'in_layers_2'],
  ['conv2', 'out_layers_3'],
  ['conv_shortcut', 'skip_connection'],
  ['time_emb_proj', 'emb_layers_1'],
  ['downsamplers_0_conv', 'op'],
  ['upsamplers_0_conv', 'conv'],
] as const;
const KINDS: readonly (readonly string[])[] = [...TRANSFORMERS.map((kind) => [kind]), ...RESNETS];

/** Modules of the fourteen kinds in the UNets that accelerators are published for. */
const MODULES: Readonly<Partial<Record<Base, number>>> = { sd15: 278, sd2: 278, sdxl: 788, ssd1b: 423 };

/** Undefined for a LoRA that no accelerator looks like. */
export function acceleratorForm(lora: Pick<LoraFile, 'groups' | 'dense' | 'metadata'>): AcceleratorForm | undefined {
  const { groups } = lora;
  const guessed = guessBase(lora);
  const base = guessed ?? 'other';
  if (groups.length === 0 || groups.some(({ stem }) => isText(stem)) || !isBase(base)) {
    return undefined;
  }
  const kinds = groups.map(({ stem }) => kindOf(stem));
  const found = new Set(kinds.filter((kind) => kind !== -1));
  const isWhole = found.size === KINDS.length && groups.length >= (MODULES[base] ?? KINDS.length);
  const isTransformers = kinds.every((kind) => kind >= 0 && kind < TRANSFORMERS.length);
  if (!isWhole && !isTransformers) {
    return undefined;
  }
  return {
    reach: isWhole ? 'whole' : 'transformers',
    base,
    isBaseOpen: guessed === undefined && textWidth(lora) === undefined,
    rank: onlyOne(groups.map(({ rank }) => rank)),
    scale: onlyOne(groups.map(({ scale }) => scale)),
  };
}

function kindOf(stem: string): number {
  const name = stem.replaceAll('.', '_').replace(/_to_out$/, '_to_out_0');
  return KINDS.findIndex((spellings) => spellings.some((spelling) => name.endsWith(`_${spelling}`)));
}

function isText(stem: LoraGroup['stem']): boolean {
  return /^(?:lora_te\d?_|text_encoder|te\d?[._]|clip_)/.test(stem);
}

function isBase(base: string): base is Base {
  return BASES.some((known) => known === base);
}

function onlyOne(values: readonly number[]): number | undefined {
  const [first] = values;
  return values.every((value) => value === first) ? first : undefined;
}
