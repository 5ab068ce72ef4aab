/**
 * LoRA files made ready for one model: opened, matched with its modules, read, and folded for its nets. The last used
 * ones are kept, so that a style which was drawn in a moment ago costs nothing. Knows no sessions.
 */
import path from 'node:path';
import type { Base } from '../../core/manifest.ts';
import type { LoraUse } from '../../core/request.ts';
import { LruCache } from '../lru-cache.ts';
import type { LoraTarget } from '../nets/index.ts';
import {
  matchLora,
  openLora,
  type LoraMatch,
  type LoraModel,
  type LoraModule,
  type LoraNet,
} from '../weights/index.ts';
import { readLoraMatrices } from '../weights/lora/lora-matrices.ts';
import {
  NO_STYLE,
  styleBytes,
  stylePart,
  type Factor,
  type NetStyle,
  type StyleNotice,
  type StylePart,
  type StyleSet,
  type UNetVariant,
} from './style-set.ts';

export type StyleLibraryOptions = {
  readonly base: Base;
  readonly unet: readonly LoraTarget[];
  /** In the order of the encoders. */
  readonly text: readonly (readonly LoraTarget[])[];
  readonly variantFor: (touched: Iterable<string>) => UNetVariant;
};

const TEXT_NETS = ['text_encoder', 'text_encoder_2'] as const satisfies readonly LoraNet[];
const CACHE_BYTES = 1024 * 2 ** 20;

export class StyleLibrary {
  readonly #options: StyleLibraryOptions;
  readonly #model: LoraModel;
  readonly #cache = new LruCache<StyleSet>({
    maxCost: CACHE_BYTES,
    costOf: ({ unet, text }) => text.parts.reduce((total, part) => total + styleBytes(part), styleBytes(unet)),
  });

  constructor(options: StyleLibraryOptions) {
    this.#options = options;
    const [first, second] = options.text;
    this.#model = {
      base: options.base,
      nets: {
        unet: options.unet.map(moduleOf),
        ...(first !== undefined && { text_encoder: first.map(moduleOf) }),
        ...(second !== undefined && { text_encoder_2: second.map(moduleOf) }),
      },
    };
  }

  /** Throws `UserError` (`lora.…`, `weights.…`) for files that are no LoRA for this model. */
  async prepare(uses: readonly LoraUse[]): Promise<StyleSet> {
    const counted = uses.filter(({ weight }) => weight !== 0);
    if (counted.length === 0) {
      return NO_STYLE;
    }
    const matches: LoraMatch[] = [];
    for (const { file } of counted) {
      matches.push(matchLora(await openLora(file), this.#model));
    }
    const key = JSON.stringify(matches.map(({ lora }, k) => [lora.id, counted[k]?.weight]));
    return this.#cache.get(key, () => this.#fold(key, counted, matches));
  }

  async #fold(key: string, uses: readonly LoraUse[], matches: readonly LoraMatch[]): Promise<StyleSet> {
    const { unet, text, variantFor } = this.#options;
    const unetStyle = await foldNet('unet', unet, uses, matches);
    const parts: NetStyle[] = [];
    for (const [k, net] of TEXT_NETS.entries()) {
      parts.push(await foldNet(net, text[k] ?? [], uses, matches));
    }
    const touchesText = parts.some((part) => part.size > 0);
    return {
      key,
      variant: variantFor(unetStyle.keys()),
      unet: unetStyle,
      text: { key: touchesText ? key : '', parts },
      notices: matches.flatMap(noticeOf),
    };
  }
}

async function foldNet(
  net: LoraNet,
  targets: readonly LoraTarget[],
  uses: readonly LoraUse[],
  matches: readonly LoraMatch[],
): Promise<NetStyle> {
  const factors = new Map<string, Factor[]>();
  for (const [k, match] of matches.entries()) {
    const weight = uses[k]?.weight ?? 0;
    for (const { module, rank, down, up, scale } of await readLoraMatrices(match.lora.file, match.parts[net])) {
      const known = factors.get(module) ?? [];
      known.push({ rank, down, up, scale: weight * scale });
      factors.set(module, known);
    }
  }
  return new Map(
    targets.flatMap((target): [string, StylePart][] => {
      const own = factors.get(target.module);
      return own === undefined ? [] : [[target.module, stylePart(target, own)]];
    }),
  );
}

function moduleOf({ module, kind, outFeatures, inFeatures, kernel }: LoraTarget): LoraModule {
  return { module, shape: kind === 'conv' ? [outFeatures, inFeatures, ...kernel] : [outFeatures, inFeatures] };
}

function noticeOf({ lora, unmatched, matched, modules }: LoraMatch): readonly StyleNotice[] {
  if (unmatched.length === 0) {
    return [];
  }
  const file = path.basename(lora.file);
  return [
    {
      code: 'lora.partial',
      sentence: `${unmatched.length} parts of "${file}" fit nothing in this model and have no effect (${matched} of ${modules} modules do); the first is "${unmatched[0] ?? ''}".`,
      params: { file, unmatched: unmatched.length, matched, modules },
    },
  ];
}
