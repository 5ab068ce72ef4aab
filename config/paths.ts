/**
 * Where the package's own files lie, whether the code runs compiled from dist/ or as source. Knows nothing of settings.
 */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

function findPackageFolder(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) {
    const parent = dirname(folder);
    if (parent === folder) {
      throw new Error('fourstep: package.json is not above the program; the installation is incomplete');
    }
    folder = parent;
  }
  return folder;
}

/** Absolute path of the folder that holds package.json. */
export const packageFolder: string = findPackageFolder();

/** Absolute path of the folder of embedded models. */
export const modelsFolder: string = join(packageFolder, 'models');
