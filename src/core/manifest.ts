/**
 * What can be drawn with: one manifest a model. The file `fourstep.json` beside a model's folders holds it; a plain
 * diffusers folder without one gets a manifest derived from its configs.
 */
import type { ModelAccelerator } from './accelerator.ts';
import type { DECODERS } from './request.ts';
import type { SchedulerName } from './sampling.ts';

/** Bases whose LoRAs fit one another; a LoRA for another base is refused with both names. */
export const BASES = ['sd15', 'sd2', 'sdxl', 'ssd1b', 'moji', 'other'] as const;
export type Base = (typeof BASES)[number];

/** For people; '' where there is nothing to say. */
export const BASE_NAMES: Readonly<Record<Base, string>> = {
  sd15: 'SD 1.5',
  sd2: 'SD 2',
  sdxl: 'SDXL',
  ssd1b: 'SSD-1B',
  moji: 'moji',
  other: '',
};

/** What a UNet is computed in; `auto`: what the machine that asks finds best. */
export const PRECISION_WISHES = ['auto', 'fp32', 'int8'] as const;
export type PrecisionWish = (typeof PRECISION_WISHES)[number];

export type StyleManifest = {
  readonly id: string;
  readonly name: string;
  /** Relative to the manifest's folder. */
  readonly file: string;
  readonly weight: number;
  /** Words put into the prompt with the style; '' for none. */
  readonly trigger: string;
  readonly description: string;
};

export type ModelManifest = {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly license: string;
  readonly base: Base;
  /** The usual one first; none: the model needs none (or is a full LCM model). */
  readonly accelerators: readonly ModelAccelerator[];
  readonly defaults: {
    readonly width: number;
    readonly height: number;
    readonly steps: number;
    readonly guidance: number;
    readonly scheduler: SchedulerName;
    /** How much of a picture to start from is drawn anew where nobody says; absent: 0.6. */
    readonly strength?: number | undefined;
  };
  /** Side lengths in pixels that the model draws well. */
  readonly sizes: readonly number[];
  readonly styles: readonly StyleManifest[];
  /** Scale → folder of a super-resolution net, relative to the manifest's folder. */
  readonly upscalers: Readonly<Partial<Record<'2' | '4', string>>>;
  /** Colours of a plain ground that it draws when told "on …", the best first; transparent pictures are cut from one. */
  readonly plainGrounds?: readonly string[] | undefined;
  /** The table of words that the model knows, relative to the manifest's folder; absent: it reads prompts as they are. */
  readonly words?: string | undefined;
  /** What it is drawn in where nobody says; absent: auto. */
  readonly precision?: PrecisionWish | undefined;
  /** A small stand-in for its autoencoder (TAESD), for previews: a folder or file relative to the manifest's folder. */
  readonly tinyVae?: string | undefined;
  /** What results are decoded by where nobody says; absent: full. */
  readonly decoder?: (typeof DECODERS)[number] | undefined;
};
