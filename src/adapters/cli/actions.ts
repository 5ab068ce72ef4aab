/**
 * What the command line asks for, command by command: options as its grammar has parsed them, and the actions that the
 * composition root does with them. Types only.
 */
import type { PrecisionWish } from '../../core/manifest.ts';
import type { RecipeName } from '../../core/recipes.ts';
import type { GenerationRequest, StyleUse } from '../../core/request.ts';
import type { SchedulerName, TimestepGrid } from '../../core/sampling.ts';
import type { Size } from './parse.ts';

export type ImagineOptions = {
  readonly model?: string;
  /** A file, an id of the model's, or `none`. */
  readonly accelerator?: string;
  /** The older name of the same. */
  readonly lcmLora?: string;
  readonly recipe?: RecipeName | 'auto';
  readonly style?: string;
  readonly lora?: readonly StyleUse[];
  readonly vae?: string;
  readonly precision?: PrecisionWish;
  readonly decoder?: GenerationRequest['decoder'];
  readonly negative: string;
  readonly steps?: number;
  readonly guidance?: number;
  readonly seed?: number;
  readonly count: number;
  readonly size?: Size;
  readonly ar?: string;
  readonly show?: boolean;
  readonly init?: string;
  /** Another name of `init`. */
  readonly image?: string;
  readonly mask?: string;
  readonly strength?: number;
  readonly scheduler?: SchedulerName;
  readonly timesteps?: TimestepGrid;
  readonly eta?: number;
  readonly transparent?: boolean;
  readonly out?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
};

export type EmojiOptions = {
  readonly model?: string;
  readonly style?: string;
  readonly seed?: number;
  readonly sticker?: boolean;
  readonly out: string;
};

export type UpscaleOptions = { readonly scale: 2 | 4; readonly out?: string; readonly model?: string };
export type ModelAddOptions = {
  readonly id?: string;
  /** `FILE` or `FILE:WEIGHT`, the usual one first; or `none`. */
  readonly accelerator?: readonly string[];
  readonly lcmLora?: string;
  /** In the order of the accelerators. */
  readonly recipe?: readonly (RecipeName | 'auto')[];
  readonly name?: string;
  /** In place of its autoencoder: a folder or a file. */
  readonly vae?: string;
  /** A small stand-in for its autoencoder: a folder or a file. */
  readonly tinyVae?: string;
  /** How much of a picture to start from is drawn anew where nobody says. */
  readonly strength?: number;
  /** Which of a hub repository's weights. */
  readonly variant?: 'fp16';
};
export type EmbeddingOptions = { readonly model?: string; readonly word?: string };

export type StyleAddOptions = {
  readonly name?: string;
  readonly model?: string;
  readonly weight: number;
  readonly trigger: string;
  readonly negative: string;
  readonly description: string;
};
export type StyleTrainOptions = {
  readonly name: string;
  readonly model?: string;
  readonly trigger: string;
  /** A folder. */
  readonly latents?: string;
  /** A file. */
  readonly recipe?: string;
  readonly text?: boolean;
  readonly newWord?: string;
  readonly wordFile?: string;
  readonly vectors: number;
  readonly like: string;
  readonly steps?: number;
  readonly rank?: number;
  readonly seed?: number;
  readonly size?: Size;
  readonly out?: string;
  readonly json?: boolean;
};
export type DistillOptions = {
  readonly model: string;
  readonly latents?: string;
  readonly recipe?: string;
  readonly steps?: number;
  readonly seed?: number;
  readonly size?: Size;
  readonly out?: string;
  readonly json?: boolean;
};
export type QuantizeOptions = {
  readonly report?: boolean;
  readonly prompts?: string;
  readonly style?: string;
  readonly python?: string;
  readonly pictures?: string;
  readonly only?: 'pictures';
  readonly json?: boolean;
};
export type BenchUnetOptions = {
  readonly arch: 'sd15' | 'sdxl' | 'ssd1b';
  readonly precision: 'fp32' | 'int8';
  readonly python?: string;
  readonly size?: Size;
  readonly json?: boolean;
};
export type BenchMemoryOptions = {
  readonly arch: 'tiny' | 'sd15' | 'sdxl' | 'ssd1b';
  readonly precision: 'fp32' | 'int8';
  readonly decoder: 'full' | 'tiny';
  /** 'throughput': as a bot opens its models. */
  readonly startup: 'fast' | 'throughput';
  readonly size?: Size;
  readonly json?: boolean;
};
export type BenchDeviceOptions = {
  /** As RUNNERS names it; absent: the first of this machine there. */
  readonly device?: string;
  readonly model?: string;
  /** Random weights of a published model's size instead. */
  readonly arch?: 'tiny' | 'sd15' | 'sdxl' | 'ssd1b';
  readonly size?: Size;
  readonly rows: readonly number[];
  readonly seconds: number;
  /** Default: what the device was found to be good for. */
  readonly numbers?: 'fp32' | 'fp16';
  readonly python?: string;
  readonly json?: boolean;
};
export type BenchTrainOptions = {
  readonly arch: 'moji' | 'sd15';
  readonly size?: Size;
  readonly python?: string;
  readonly all?: boolean;
  /** GB. */
  readonly free?: number;
  readonly rounds?: number;
  readonly json?: boolean;
};
export type BenchBesideOptions = { readonly pictures: number; readonly json?: boolean };
export type BenchStyleOptions = {
  readonly ways?: readonly ('outlines' | 'flat' | 'texture')[];
  readonly steps?: number;
  /** How many times each way is learnt. */
  readonly seeds: number;
  /** A file. */
  readonly recipe?: string;
  /** A folder. */
  readonly keep?: string;
  readonly json?: boolean;
};
/** `only`: one of the two parts. */
export type BenchFilesOptions = { readonly only?: 'opening' | 'merging'; readonly json?: boolean };

export type BenchRunnerOptions = { readonly jobs: number; readonly curve?: string; readonly json?: boolean };

export type DoctorOptions = { readonly manifest?: 'slack' };

/** Where a command says what it did, and what people should know besides. */
export type Print = (line: string) => void;
export type Streams = { readonly print: Print; readonly warn: Print };

/** What the composition root does for each command. */
export type CliActions = {
  readonly start: () => Promise<void>;
  readonly imagine: (prompt: string, options: ImagineOptions) => Promise<void>;
  readonly emoji: (prompt: string, options: EmojiOptions) => Promise<void>;
  readonly upscale: (file: string, options: UpscaleOptions) => Promise<void>;
  readonly modelAdd: (source: string, options: ModelAddOptions) => Promise<void>;
  readonly modelList: (options: { readonly json?: boolean }) => Promise<void>;
  readonly modelRemove: (id: string) => Promise<void>;
  readonly embeddingAdd: (file: string, options: EmbeddingOptions) => Promise<void>;
  readonly embeddingRemove: (word: string, options: Pick<EmbeddingOptions, 'model'>) => Promise<void>;
  readonly styleAdd: (file: string, options: StyleAddOptions) => Promise<void>;
  readonly styleTrain: (pictures: readonly string[], options: StyleTrainOptions) => Promise<void>;
  readonly quantize: (model: string, options: QuantizeOptions) => Promise<void>;
  readonly distill: (options: DistillOptions) => Promise<void>;
  readonly styleList: (options: { readonly json?: boolean }) => Promise<void>;
  readonly styleRemove: (id: string) => Promise<void>;
  readonly loraInspect: (file: string, options: { readonly json?: boolean }) => Promise<void>;
  readonly deployCommands: () => Promise<void>;
  readonly benchAll: (options: { readonly json?: boolean }) => Promise<void>;
  readonly benchUnet: (options: BenchUnetOptions) => Promise<void>;
  readonly benchDevice: (options: BenchDeviceOptions) => Promise<void>;
  readonly benchTrain: (options: BenchTrainOptions) => Promise<void>;
  readonly benchBeside: (options: BenchBesideOptions) => Promise<void>;
  readonly benchStyle: (options: BenchStyleOptions) => Promise<void>;
  readonly benchAccelerators: (options: { readonly json?: boolean }) => Promise<void>;
  readonly benchFiles: (options: BenchFilesOptions) => Promise<void>;
  readonly benchMemory: (options: BenchMemoryOptions) => Promise<void>;
  readonly benchRunner: (options: BenchRunnerOptions) => Promise<void>;
  readonly doctor: (options: DoctorOptions) => Promise<void>;
  readonly gpuInstall: (options: { readonly cuda?: '12' | '13'; readonly index?: string }) => Promise<void>;
  readonly runnerWork: () => Promise<void>;
};
