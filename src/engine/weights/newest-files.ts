/**
 * Of derived files that come in any number, one for each style at each weight, the ones used last are kept as far as a
 * limit goes. Use is noted in the file's time of access. Knows no tensors.
 */
import { readdir, rm, stat, utimes } from 'node:fs/promises';
import path from 'node:path';

/** Notes that the file was used now; its time of change stays, for other files may be made from it. */
export async function markUsed(file: string): Promise<void> {
  try {
    await utimes(file, new Date(), (await stat(file)).mtime);
  } catch {
    // A folder that cannot be written keeps no count; what is in it stays.
  }
}

/**
 * Deletes what was used longest ago among the files in `folder` whose names fit, until the rest is `maxBytes` or less; the
 * newest stays whatever its size. Where a file is open it stays readable to whoever has it.
 */
export async function keepNewest(folder: string, fits: (name: string) => boolean, maxBytes: number): Promise<void> {
  const names = (await readdir(folder)).filter(fits);
  const files = await Promise.all(
    names.map(async (name) => {
      const file = path.join(folder, name);
      const { atimeMs, size } = await stat(file);
      return { file, atimeMs, size };
    }),
  );
  let total = 0;
  for (const [k, { file, size }] of files.sort((a, b) => b.atimeMs - a.atimeMs).entries()) {
    total += size;
    if (k > 0 && total > maxBytes) {
      await rm(file, { force: true });
    }
  }
}
