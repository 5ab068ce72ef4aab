/**
 * The LoRAs of one request, ready for a model's graphs: opened and matched once, cached while there is room.
 *
 * Knows which graph they need; how they are packed into a call is weights/lora's business.
 */
import path from 'node:path';
import type { Base } from '../../core/manifest.ts';
import type { StyleUse } from '../../core/request.ts';
import type { Layer } from '../nets/index.ts';
import {
  LORA_NETS,
  LoraCache,
  type Adapter,
  type CachedLora,
  type LoraNet,
  type LoraRow,
  type TensorSource,
} from '../weights/index.ts';

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

/** Changes that are merged into weights of their own (dense-styles.ts). */
export type DenseStyle = {
  /** Equal for equal changes at equal weights. */
  readonly key: string;
  readonly adapters: readonly Adapter[];
  /** Those that are changed. */
  readonly nets: ReadonlySet<LoraNet>;
};

export type StyleSet = {
  /** Equal for equal LoRAs at equal weights. */
  readonly key: string;
  /** Which graph they need; rows of one call share it. */
  readonly variant: UNetVariant;
  readonly unet: LoraRow;
  /** For each text encoder; empty where no LoRA touches it. */
  readonly text: readonly LoraRow[];
  /** What no graph takes beside its layers; rows of one call share it. */
  readonly dense: DenseStyle | undefined;
  /** A mix that is drawn once and comes again at other weights: nothing is merged for it. Rows of one call share it. */
  readonly isPassing: boolean;
  readonly notices: readonly StyleNotice[];
};

export const NO_STYLE: StyleSet = {
  key: '',
  variant: 'plain',
  unet: [],
  text: [],
  dense: undefined,
  isPassing: false,
  notices: [],
};

export type StyleLibraryOptions = {
  readonly base: Base;
  /** Asked for with the first style: who draws without one need not wait for it. */
  readonly targets: () => StyleTargets;
  /** All weights of the nets, for changes that are merged; absent: those fit nothing. */
  readonly weights?: Readonly<Partial<Record<LoraNet, TensorSource>>>;
};

type Counted = { readonly cached: CachedLora; readonly weight: number };

type StyleTargets = {
  readonly unet: readonly Layer[];
  /** In the order of the encoders. */
  readonly text: readonly (readonly Layer[])[];
};

/** In the order of the encoders. */
export const TEXT_NETS = ['text_encoder', 'text_encoder_2'] as const;
const LORA_BYTES = 1024 * 2 ** 20;

export class StyleLibrary {
  readonly #options: StyleLibraryOptions;
  #opened: { readonly unet: readonly Layer[]; readonly cache: LoraCache } | undefined;

  constructor(options: StyleLibraryOptions) {
    this.#options = options;
  }

  /** `isDraft`: of several, the next call's weights are others. Throws `UserError` (`lora.…`, `weights.…`) for files that are no LoRA for this model. */
  async prepare(uses: readonly StyleUse[], isDraft = false): Promise<StyleSet> {
    const counting = uses.filter(({ weight }) => weight !== 0);
    if (counting.length === 0) {
      return NO_STYLE;
    }
    const { unet: targets, cache } = this.#open();
    const counted: Counted[] = [];
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
      dense: denseOf(counted),
      isPassing: isDraft && counted.length > 1,
      notices: counted.flatMap(({ cached }) => noticeOf(cached)),
    };
  }

  #open(): { readonly unet: readonly Layer[]; readonly cache: LoraCache } {
    if (this.#opened === undefined) {
      const { base, targets, weights = {} } = this.#options;
      const {
        unet,
        text: [first, second],
      } = targets();
      const nets = {
        unet,
        ...(first !== undefined && { text_encoder: first }),
        ...(second !== undefined && { text_encoder_2: second }),
      };
      this.#opened = { unet, cache: new LoraCache({ base, targets: nets, weights }, LORA_BYTES) };
    }
    return this.#opened;
  }
}

function denseOf(counted: readonly Counted[]): DenseStyle | undefined {
  const merged = counted.filter(({ cached }) => LORA_NETS.some((net) => cached.match.dense[net].length > 0));
  return merged.length === 0
    ? undefined
    : {
        key: JSON.stringify(merged.map(({ cached, weight }) => [cached.match.lora.id, weight])),
        adapters: merged.map(({ cached: { match }, weight }) => ({
          file: match.lora.file,
          match: () => Promise.resolve(match),
          weight,
          parts: 'dense',
        })),
        nets: new Set(LORA_NETS.filter((net) => merged.some(({ cached }) => cached.match.dense[net].length > 0))),
      };
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
      sentence: `Parts of "${file}" without effect in this model: ${unmatched.length} (${matched} of ${modules} modules have one); the first is "${first}".`,
      params: { file, unmatched: unmatched.length, matched, modules },
    },
  ];
}
