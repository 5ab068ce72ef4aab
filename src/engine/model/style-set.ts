/**
 * The LoRAs of one request, ready for a model's graphs: opened and matched once, cached while there is room.
 *
 * Knows which graph they need; how they are packed into a call is weights/lora's business.
 */
import path from 'node:path';
import type { Base } from '../../core/manifest.ts';
import type { StyleUse } from '../../core/request.ts';
import type { Layer } from '../nets/index.ts';
import { LoraCache, type LoraRow, type CachedLora } from '../weights/index.ts';

/**
 * Which of a UNet's modules take a LoRA: none; those of the transformers, which is what ordinary styles touch; every
 * matrix; every layer. Fixed sets, so that different styles share a graph.
 */
const UNET_VARIANTS = ['plain', 'transformers', 'linear', 'all'] as const;
export type UNetVariant = (typeof UNET_VARIANTS)[number];

/** What the person should know about a LoRA that was only partly understood. */
type StyleNotice = {
  readonly code: string;
  readonly sentence: string;
  readonly params: Readonly<Record<string, string | number>>;
};

export type StyleSet = {
  /** Equal for equal LoRAs at equal weights. */
  readonly key: string;
  /** Which graph they need; rows of one call share it. */
  readonly variant: UNetVariant;
  readonly unet: LoraRow;
  /** For each text encoder; empty where no LoRA touches it. */
  readonly text: readonly LoraRow[];
  readonly notices: readonly StyleNotice[];
};

export const NO_STYLE: StyleSet = { key: '', variant: 'plain', unet: [], text: [], notices: [] };

export type StyleLibraryOptions = {
  readonly base: Base;
  /** Asked for with the first style: who draws without one need not wait for it. */
  readonly targets: () => StyleTargets;
};

type StyleTargets = {
  readonly unet: readonly Layer[];
  /** In the order of the encoders. */
  readonly text: readonly (readonly Layer[])[];
};

const TEXT_NETS = ['text_encoder', 'text_encoder_2'] as const;
const LORA_BYTES = 1024 * 2 ** 20;

export class StyleLibrary {
  readonly #options: StyleLibraryOptions;
  #opened: { readonly unet: readonly Layer[]; readonly cache: LoraCache } | undefined;

  constructor(options: StyleLibraryOptions) {
    this.#options = options;
  }

  /** Throws `UserError` (`lora.…`, `weights.…`) for files that are no LoRA for this model. */
  async prepare(uses: readonly StyleUse[]): Promise<StyleSet> {
    const counting = uses.filter(({ weight }) => weight !== 0);
    if (counting.length === 0) {
      return NO_STYLE;
    }
    const { unet: targets, cache } = this.#open();
    const counted: { readonly cached: CachedLora; readonly weight: number }[] = [];
    for (const { file, weight } of counting) {
      counted.push({ cached: await cache.load(file), weight });
    }
    const rowOf = (net: keyof CachedLora['nets']): LoraRow =>
      counted
        .map(({ cached, weight }) => ({ lora: cached.nets[net], weight }))
        .filter(({ lora }) => lora.modules.size > 0);
    const unet = rowOf('unet');
    return {
      key: JSON.stringify(counted.map(({ cached, weight }) => [cached.match.lora.id, weight])),
      variant: variantFor(targets, new Set(unet.flatMap(({ lora }) => [...lora.modules.keys()]))),
      unet,
      text: TEXT_NETS.map(rowOf),
      notices: counted.flatMap(({ cached }) => noticeOf(cached)),
    };
  }

  #open(): { readonly unet: readonly Layer[]; readonly cache: LoraCache } {
    if (this.#opened === undefined) {
      const { base, targets } = this.#options;
      const {
        unet,
        text: [first, second],
      } = targets();
      const nets = {
        unet,
        ...(first !== undefined && { text_encoder: first }),
        ...(second !== undefined && { text_encoder_2: second }),
      };
      this.#opened = { unet, cache: new LoraCache({ base, targets: nets }, LORA_BYTES) };
    }
    return this.#opened;
  }
}

/** The targets that a graph of `variant` has inputs for. */
export function targetsOf(variant: UNetVariant, targets: readonly Layer[]): readonly Layer[] {
  switch (variant) {
    case 'plain':
      return [];
    case 'transformers':
      return targets.filter(({ kind, module }) => kind === 'linear' && module.includes('.attentions.'));
    case 'linear':
      return targets.filter(({ kind }) => kind === 'linear');
    case 'all':
      return targets;
    default:
      return variant satisfies never;
  }
}

/** The smallest set of modules that holds all of `touched`. */
function variantFor(targets: readonly Layer[], touched: ReadonlySet<string>): UNetVariant {
  const holdsAll = (variant: UNetVariant): boolean => {
    const taken = new Set(targetsOf(variant, targets).map(({ module }) => module));
    return [...touched].every((module) => taken.has(module));
  };
  return UNET_VARIANTS.find(holdsAll) ?? 'all';
}

function noticeOf({ match: { lora, unmatched, matched, modules } }: CachedLora): readonly StyleNotice[] {
  const [first] = unmatched;
  if (first === undefined) {
    return [];
  }
  const file = path.basename(lora.file);
  return [
    {
      code: 'lora.partial',
      sentence: `${unmatched.length} parts of "${file}" fit nothing in this model and have no effect (${matched} of ${modules} modules do); the first is "${first}".`,
      params: { file, unmatched: unmatched.length, matched, modules },
    },
  ];
}
