/**
 * What the bot is made of, besides the ports of `core`: the stores, the models there are, LoRA files, time,
 * chance and a log. The bot knows these shapes and none of their makers.
 */
import type { Admission, QueueLimits } from '../core/admission.ts';
import type { Chat } from '../core/chat.ts';
import type { Upload } from '../core/command.ts';
import type { Base, ModelManifest } from '../core/manifest.ts';
import type { Partition } from '../core/partition.ts';
import type { Platform } from '../core/people.ts';
import type { EmbeddingUse, Fingerprint } from '../core/request.ts';
import type { Style } from '../core/style.ts';
import type { Runner } from '../core/work.ts';
import type { ReceivedFile, Stores } from '../store/index.ts';
import type { Hands } from './in-hand.ts';

export type BotPorts = {
  readonly admission: Admission;
  /** Whose turn it is to have a style learnt; a turn is a whole device, below pictures. */
  readonly trainingTurns: Admission;
  readonly runner: Runner;
  /** Undefined for a chat that is not connected. */
  readonly chatOf: (platform: Platform) => Chat | undefined;
  readonly stores: Stores;
  readonly models: Models;
  readonly loras: Loras;
  /** A picture at an address that somebody gave. Throws `UserError` `image.*`, when it is called or read. */
  readonly pictureAt: (address: string) => Upload;
  /** Places for what strangers bring, the same for every chat. */
  readonly hands: Hands;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly log: Log;
  /** Told once for each job that was asked for, for figures. */
  readonly onEnd: (outcome: JobOutcome) => void;
  /** Told the code of every refusal, for figures. */
  readonly onRefused?: (code: string) => void;
  readonly options: BotOptions;
};

/** Refused: nothing of it was kept (a full queue, a quota that is used up). */
export type JobOutcome = 'done' | 'failed' | 'cancelled' | 'refused';

export type BotOptions = {
  /** The id of the model of servers that chose none. */
  readonly model: string;
  /** Words that no server's admin can allow. */
  readonly blockedWords: readonly string[];
  /** Words that are drawn only in channels for adults. */
  readonly adultWords: readonly string[];
  /** Limits of servers that chose none. */
  readonly queue: QueueLimits;
  /** Pictures a day; undefined: not counted. */
  readonly quota: { readonly perUser: number | undefined; readonly perServer: number | undefined };
  readonly maxLoraBytes: number;
  /** Sums over the LoRA files of a server's styles, and of all. */
  readonly maxLoraBytesOfServer: number;
  readonly maxLoraBytesOfAll: number;
  /** A picture to start from is kept no larger: more than is drawn would only fill the disk. */
  readonly maxInitBytes: number;
  readonly startSidePx: number;
  /** Live pictures: as many windows as somebody may draw in at once, and as a server may have. */
  readonly liveQueue: QueueLimits;
  readonly maxStyles: number;
  /** Which of several bots on one store this one is; absent: the only one. */
  readonly partition?: Partition | undefined;
  /** How long what belongs to a server is kept once it has taken the bot away. */
  readonly leftKeptMs: number;
  readonly training: {
    /** Of a style's first round; undefined: as the model's recipe says. */
    readonly steps: number | undefined;
    /** How long a server may have devices for it in a day; undefined: as long as it takes. */
    readonly perServerDayMs: number | undefined;
    /** The operator's other machine that pictures travel to; undefined: they stay on this one. */
    readonly travelsTo: string | undefined;
  };
};

export type Model = {
  readonly manifest: ModelManifest;
  /** Absolute; the manifest's paths are relative to it. */
  readonly folder: string;
  /** Those that come with it and the operator's for it. */
  readonly styles: readonly Style[];
  /** Words that textual inversions taught it. */
  readonly embeddings?: readonly EmbeddingUse[];
  /** Undefined: not known (yet). */
  readonly fingerprint: Fingerprint | undefined;
  /** Results can be decoded by a small stand-in (TAESD) too; absent: no. */
  readonly hasTinyDecoder?: boolean;
  /** What it reads of a prompt, where that is not what is written: other languages, words near to ones it knows. */
  readonly reads?: (prompt: string) => Promise<string>;
};

export interface Models {
  /** All installed models, in the order in which they are offered. */
  list(): readonly Model[];
}

export type LoraFacts = {
  /** What people call it: `LoRA`, `LoHa`, `LoKr`, `DoRA`, or `textual inversion`. */
  readonly kind: string;
  /** Of a textual inversion: how many vectors it has. */
  readonly rank: number;
  readonly base: Base;
  /** Trigger words found in the file's metadata, best first. */
  readonly triggers: readonly string[];
  /** Of the very model that it was trained on, where the file tells. */
  readonly madeFor?: Fingerprint | undefined;
  /** Present for a textual inversion: the word that its file names, if it does. */
  readonly embedding?: { readonly token: string | undefined } | undefined;
};

export interface Loras {
  /** Fetches a LoRA; what is not kept is removed by whoever asked for it. Throws `UserError` `lora.*`. */
  fetch(url: string): Promise<ReceivedFile>;
  /** Reads what kind of LoRA or textual inversion a file is. Throws `UserError` for a file that is neither. */
  inspect(file: string): Promise<LoraFacts>;
}

export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Runs once after that time, unless the returned function is called before. */
  after(ms: number, run: () => void): () => void;
}

export interface RandomSource {
  /** 0 … 2^32-1, evenly. */
  uint32(): number;
}

/** The part of pino that is used: fields first. Prompts are never logged at `info` or above. */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}
