/** Pictures to start from and their masks, as the engine asks for them: from file names to pixels. */
import { readFile } from 'node:fs/promises';
import { resolve, sep } from 'node:path';

import { UserError } from '../core/errors.ts';
import type { Picture } from '../core/picture.ts';
import type { EngineRunnerOptions } from '../engine/index.ts';

type Readers = Pick<EngineRunnerOptions, 'readPicture' | 'readMask'>;

/** What lies in the data folder was written by this program, anything else by anybody. */
export function pictureReaders(dataFolder: string): Readers {
  // Loaded only where a picture is to start from: without one the first step need not wait for it.
  const images = () => import('../image/index.ts');
  const open = async (file: string, keepsAlpha: boolean): Promise<Picture> => {
    const { decodePicture, flattened, openOwnPicture } = await images();
    const bytes = await bytesOf(file);
    if (!resolve(file).startsWith(`${resolve(dataFolder)}${sep}`)) {
      return decodePicture(bytes, { keepsAlpha });
    }
    const own = await openOwnPicture(bytes);
    return keepsAlpha ? own : flattened(own);
  };
  return {
    readPicture: async (file, size) => {
      const { coverPicture } = await images();
      const picture = await open(file, false);
      return size === undefined ? picture : coverPicture(picture, size.width, size.height);
    },
    readMask: async (mask, picture, size) => {
      const { maskValues } = await images();
      return maskValues(await open(mask, true), await open(picture, false), size);
    },
  };
}

function bytesOf(file: string): Promise<Buffer> {
  return readFile(file).catch((cause: unknown) => {
    throw new UserError('image.missing', `Expected a picture at ${file}, but it cannot be read. Check the path.`, {
      params: { file },
      cause,
    });
  });
}
