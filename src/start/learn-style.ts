/**
 * A style learnt on this machine from pictures, with this installation's models and data folder: what the command line
 * runs in its own process and the bot in a device's child. Keeps its run in a folder until it is done.
 */
import { mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { withTrigger } from '../../commands/prompt-words.ts';
import { modelsFolder } from '../../config/paths.ts';
import { describeModel } from '../../models/describe-model.ts';
import { Fingerprints } from '../../models/fingerprint.ts';
import { UserError } from '../core/errors.ts';
import type { TrainRequest } from '../core/training.ts';
import { chooseLearningType, freeMemory as freeMemoryOf, type Device } from '../engine/index.ts';
import { coverPicture, flattened, openOwnPicture } from '../image/index.ts';
import {
  checkLatents,
  checkTrainingSize,
  freeMemory,
  openBaseModel,
  styleRecipe,
  trainingStartup,
  trainStyle,
  type StyleRecipe,
  type StyleTrainingOptions,
  type TrainingEvent,
  type TrainingTurn,
} from '../train/index.ts';
import { openCatalog } from './open-engine.ts';

type Learning = Omit<TrainRequest, 'pictures' | 'fingerprint'> &
  Pick<StyleTrainingOptions, 'pictures' | 'out' | 'checkpoint' | 'signal'> &
  Partial<
    Pick<
      StyleTrainingOptions,
      'saveEvery' | 'between' | 'checkpointEveryMs' | 'keepsCheckpoint' | 'threads' | 'text' | 'latents'
    >
  > & {
    readonly dataFolder: string;
    /** Default: the processor. */
    readonly on?: TrainingDevice | undefined;
    readonly fingerprint?: string | undefined;
    readonly rank?: number | undefined;
    readonly wordFile?: string | undefined;
    /** What is to be other than usual; `steps` and `rank` count above it. */
    readonly recipe?: (usual: StyleRecipe) => Promise<StyleRecipe>;
  };

/** `bytes`: of its memory, to be taken at most; absent: what it has free. */
export type TrainingDevice = {
  readonly device: Device;
  readonly bytes?: number | undefined;
  /** Default: what a trial of the device says. */
  readonly numberType?: 'f32' | 'f16' | undefined;
};

/** How often a run shows what was learnt so far. */
const LOOKS = 3;

/** Throws `UserError` (`train.…`, `usage.size`, `model.…`), `CancelledError`. */
export async function* learnStyle(learning: Learning): AsyncGenerator<TrainingEvent> {
  const { dataFolder, on = PROCESSOR, model: id, width, height, steps, rank, title, trigger, date, ...rest } = learning;
  const { fingerprint, recipe: changed, wordFile, ...run } = rest;
  const model = await openCatalog(dataFolder).find(id);
  const { license } = await describeModel(model);
  const base = await openBaseModel({
    location: model.source,
    cacheDir: join(dataFolder, 'cache'),
    clipTokenizer: join(modelsFolder, 'clip'),
    device: on.device,
    numberType: on.numberType ?? (await learningType(on, dataFolder)),
    ...(run.threads !== undefined && { threads: run.threads }),
  });
  try {
    const size = { width, height };
    checkTrainingSize(base, size);
    if (run.latents !== undefined) {
      checkLatents(base, size, run.latents);
    }
    const known = styleRecipe(base.unet.config);
    const usual = changed === undefined ? known : await changed(known);
    const recipe = { ...usual, ...(steps !== undefined && { steps }), ...(rank !== undefined && { rank }) };
    const baseHash = fingerprint ?? (await new Fingerprints(join(dataFolder, 'cache', 'hashes')).of(model.source));
    yield* trainStyle({
      saveEvery: Math.ceil(recipe.steps / LOOKS),
      ...run,
      base,
      recipe,
      size,
      notes: { title, trigger, license, baseHash, date, wordFile },
      freeBytes: await freeBytes(on),
      startup: trainingStartup(base),
      nowMs: () => performance.now(),
    });
  } finally {
    await base.release();
  }
}

const PROCESSOR: TrainingDevice = { device: { kind: 'cpu' } };

const learningType = ({ device }: TrainingDevice, dataFolder: string) =>
  chooseLearningType(device, join(dataFolder, 'cache'), () => performance.now());

async function freeBytes({ device, bytes }: TrainingDevice): Promise<number> {
  return device.kind === 'cpu' ? freeMemory() : (bytes ?? (await freeMemoryOf(device)).bytes);
}

/** Codes of a device that draws and yet cannot learn: an operator that its driver lacks, or too little memory. */
const UNFIT: ReadonlySet<string> = new Set(['device.failed', 'device.memory', 'train.memory']);
/** Of a step in halves that may do in fp32: also numbers that halves have not. */
const UNFIT_IN_HALVES: ReadonlySet<string> = new Set([...UNFIT, 'train.diverged']);

/** What a crash may cost of a run. */
const CHECKPOINT_MS = 5000;
/** A run that nobody has taken up for so long is not taken up any more. */
const KEPT_MS = 3 * 24 * 3_600_000;

/**
 * The same as a piece of work: named by its id, its pictures files of the store, its run kept for a further round. Where a
 * device does not open a step, or has no room for one, it learns in fp32 instead of halves, or the processor beside it does,
 * or goes on.
 */
export async function* learnAsWork(
  { dataFolder, on }: { readonly dataFolder: string; readonly on: TrainingDevice },
  request: TrainRequest,
  turn: TrainingTurn,
): AsyncGenerator<TrainingEvent> {
  let { numberType } = on;
  try {
    numberType ??= await learningType(on, dataFolder);
    yield* learnOn({ ...on, numberType }, dataFolder, request, turn);
  } catch (error) {
    const instead = insteadOf({ ...on, numberType }, error);
    if (instead === undefined) {
      throw error;
    }
    // From the checkpoint on, where there is one: what learns is the same.
    yield* learnAsWork({ dataFolder, on: instead }, request, turn);
  }
}

/** What learns where a device could not. */
function insteadOf(on: TrainingDevice, error: unknown): TrainingDevice | undefined {
  const code = error instanceof UserError ? error.code : '';
  if (on.numberType === 'f16' && UNFIT_IN_HALVES.has(code)) {
    return { ...on, numberType: 'f32' };
  }
  return on.device.kind !== 'cpu' && UNFIT.has(code) ? PROCESSOR : undefined;
}

async function* learnOn(
  on: TrainingDevice,
  dataFolder: string,
  { pictures, ...request }: TrainRequest,
  { id, signal, between }: TrainingTurn,
): AsyncGenerator<TrainingEvent> {
  await removeOld(trainingFolder(dataFolder));
  const folder = trainingFolder(dataFolder, id);
  await mkdir(folder, { recursive: true });
  yield* learnStyle({
    ...request,
    dataFolder,
    on,
    signal,
    between,
    pictures: pictures.map(({ file, caption }) => ({
      caption: withTrigger(caption, request.trigger),
      // Written by the bot, as its own: strangers' files never come here.
      read: async ({ width, height }) =>
        coverPicture(await flattened(await openOwnPicture(await readFile(file))), width, height),
    })),
    out: join(folder, 'style.safetensors'),
    checkpoint: join(folder, 'checkpoint.safetensors'),
    keepsCheckpoint: true,
    checkpointEveryMs: CHECKPOINT_MS,
  });
}

/** Where runs are kept, or one of them. */
function trainingFolder(dataFolder: string, id = ''): string {
  return join(dataFolder, 'training-runs', id.replaceAll(/[^\w-]/gu, '_'));
}

async function removeOld(folder: string): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    const run = join(folder, name);
    const changedAtMs = await stat(join(run, 'checkpoint.safetensors')).then(
      ({ mtimeMs }) => mtimeMs,
      () => Date.now(), // another run, which has none yet
    );
    if (changedAtMs < Date.now() - KEPT_MS) {
      await rm(run, { recursive: true, force: true });
    }
  }
}
