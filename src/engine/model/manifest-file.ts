/**
 * Reads `fourstep.json`, the manifest beside a model's folders. What stands in it is core's; weights and configs are
 * model-files.ts's business.
 */
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { jsonOf } from '../../core/parsed.ts';
import { UserError } from '../../core/errors.ts';
import { manifestFile, type ModelManifest } from '../../core/manifest.ts';
import { stateOf } from '../weights/file-state.ts';
import { ReadOnce } from '../weights/read-once.ts';

const MANIFEST_FILE = 'fourstep.json';

/** Asked for with every picture, and small. */
const manifests = new ReadOnce<ModelManifest>({ maxCost: 256, costOf: () => 1 });

/**
 * The manifest of `folder` as it is now; undefined when it has none. One that has not changed is not read anew.
 * Throws `UserError('model.manifest')` when it is not usable.
 */
export async function readManifest(folder: string): Promise<ModelManifest | undefined> {
  const file = path.join(folder, MANIFEST_FILE);
  try {
    const state = stateOf(await stat(file));
    return await manifests.at(file, state, async () => parseManifest(await readFile(file, 'utf8'), file));
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) {
      return undefined;
    }
    throw error;
  }
}

/** `file` is for messages. Throws `UserError('model.manifest')`. */
export function parseManifest(text: string, file: string): ModelManifest {
  const parsed = manifestFile.safeParse(jsonOf(text));
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const where = issue?.path.join('.') ?? '';
    throw new UserError(
      'model.manifest',
      `Expected a model's manifest in ${file}, but ${where === '' ? 'it' : `\`${where}\``} is not usable (${issue?.message ?? 'unknown'}); mend the file.`,
      { params: { file, key: where } },
    );
  }
  return parsed.data;
}
