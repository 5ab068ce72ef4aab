/**
 * Derived files that nobody can ask for any more are deleted, for each is as large as a model.
 *
 * A file is superseded when one of the files it was made from, which it names in its header with their state, is no
 * longer what it was: its key holds that state, so no process will look for it again. What is valid for another model,
 * another LoRA or another device in the same folder has all its own inputs unchanged and stays. So does all that cannot
 * be proven: files without our name or note, what somebody may still be writing, what was made where this folder had another path (a
 * container's view of it), and inputs that are not in reach.
 *
 * A process that opened the model before may have it mapped, and mapped it stays; where the system does not let go of
 * an open file it is not deleted. To give requests that still open sessions time, nothing goes within an hour of the
 * change. Who misses a file after that opens its model anew (model-cache.ts).
 */
import { lstat, readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';

import { z } from 'zod';

import { UserError } from '../../core/errors.ts';
import { stateOf } from './file-state.ts';
import { openSafetensors } from './safetensors-file.ts';
import { isAlive, TEMPORARY } from './safetensors-writer.ts';

/** What derived files are, for people who look into the folder. */
const LABELS = ['fp16', 'fp32', 'int8', 'merged', 'projection', 'style', 'winograd'] as const;
export type Label = (typeof LABELS)[number];

const origin = z.object({
  /** Where it was written. */
  folder: z.string(),
  /** Everything it was made from: absolute path and state. */
  inputs: z.array(z.tuple([z.string(), z.array(z.number()).readonly()]).readonly()).readonly(),
});
/** In the header of a derived file. */
export type Origin = Readonly<z.infer<typeof origin>>;

const DERIVED = `.+\\.(?:${LABELS.join('|')})\\.[0-9a-f]{16}\\.safetensors`;
const NAME = new RegExp(`^${DERIVED}$`, 'u');
/** As safetensors-writer.ts names them, by their writer's process. */
const HALF_WRITTEN = new RegExp(`^${DERIVED}\\.(?<pid>\\d+)-[0-9a-f]{8}\\${TEMPORARY}$`, 'u');
const NOTE = 'made_from';
const KEPT_MS = 3_600_000;

export function noteOf(made: Origin): Readonly<Record<string, string>> {
  return { format: 'pt', made_by: 'fourstep', [NOTE]: JSON.stringify(made) };
}

/** Deletes what is superseded in `folder`, which need not be there. What cannot be deleted stays. */
export async function removeSuperseded(folder: string, nowMs: number): Promise<void> {
  const names = await orUndefined(readdir(folder));
  for (const name of names ?? []) {
    const file = path.join(folder, name);
    const writer = HALF_WRITTEN.exec(name)?.groups?.['pid'];
    const isOver =
      writer === undefined
        ? NAME.test(name) && (await isSuperseded(file, nowMs))
        : !isAlive(Number(writer)) && (await isAbandoned(file, nowMs));
    if (isOver) {
      await orUndefined(rm(file));
    }
  }
}

/** A writer in another container has a number that says nothing here; what it writes to is not old. */
async function isAbandoned(file: string, nowMs: number): Promise<boolean> {
  const stats = await orUndefined(lstat(file));
  return stats !== undefined && nowMs - stats.mtimeMs >= KEPT_MS;
}

async function isSuperseded(file: string, nowMs: number): Promise<boolean> {
  const made = await originOf(file);
  if (made === undefined || made.folder !== path.dirname(file)) {
    return false;
  }
  for (const [input, state] of made.inputs) {
    const sinceMs = await changedAt(input, state, made.folder);
    if (sinceMs !== undefined && nowMs - sinceMs >= KEPT_MS) {
      return true;
    }
  }
  return false;
}

/** When the input became another, at the latest; undefined where it did not, or where nobody can tell. */
async function changedAt(input: string, state: readonly number[], folder: string): Promise<number | undefined> {
  try {
    const now = await stat(input);
    const isSame = JSON.stringify(stateOf(now)) === JSON.stringify(state);
    // A link that leads elsewhere now has changed, not what it leads to.
    return isSame ? undefined : Math.max(now.ctimeMs, (await lstat(input)).ctimeMs);
  } catch (error) {
    // Gone for certain where its folder is one we are in; elsewhere a drive may be missing for a while.
    const home = path.dirname(input);
    const isNear = folder === home || folder.startsWith(home + path.sep);
    return isNear && codeOf(error) === 'ENOENT' ? (await orUndefined(stat(home)))?.mtimeMs : undefined;
  }
}

/** Undefined for what is not ours, damaged, or from a version that left no note. */
async function originOf(file: string): Promise<Origin | undefined> {
  if ((await orUndefined(lstat(file)))?.isFile() !== true) {
    return undefined;
  }
  try {
    const { metadata } = await openSafetensors(file);
    const note = metadata.get('made_by') === 'fourstep' ? metadata.get(NOTE) : undefined;
    return note === undefined ? undefined : origin.safeParse(JSON.parse(note)).data;
  } catch (error) {
    if (error instanceof UserError || error instanceof SyntaxError) {
      return undefined;
    }
    throw error;
  }
}

/** For what the file system refuses, for whatever reason: it is as good as not there. */
async function orUndefined<Result>(request: Promise<Result>): Promise<Result | undefined> {
  return request.catch((error: unknown) => {
    if (codeOf(error) === undefined) {
      throw error;
    }
    return undefined;
  });
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}
