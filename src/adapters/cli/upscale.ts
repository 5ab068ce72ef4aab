/** `fourstep upscale`: a picture file in, a larger one out. Knows the runner's port and no net. */
import { readFile } from 'node:fs/promises';
import { basename, dirname, extname, join, resolve } from 'node:path';

import { UserError } from '../../core/errors.ts';
import type { Runner } from '../../core/work.ts';
import { checkEnding, checkWritable, writeWhole } from './output-files.ts';

export type UpscaleFile = {
  readonly file: string;
  readonly scale: 2 | 4;
  /** Undefined: beside the file, `fox-2x.png`. */
  readonly out: string | undefined;
  readonly model: string;
  readonly runner: Runner;
  readonly print: (line: string) => void;
  readonly signal: AbortSignal;
};

export async function upscaleFile({
  file,
  scale,
  out: given,
  model,
  runner,
  print,
  signal,
}: UpscaleFile): Promise<void> {
  const out = given ?? join(dirname(file), `${basename(file, extname(file))}-${scale}x.png`);
  await readFile(file).catch((cause: unknown) => {
    throw new UserError('cli.unreadable', `Expected a picture at ${file}, but it cannot be read. Check the path.`, {
      params: { file },
      cause,
    });
  });
  checkEnding(out);
  await checkWritable(out);
  for await (const event of runner.run(
    { kind: 'upscale', id: 'cli', request: { model, file: resolve(file), scale } },
    signal,
  )) {
    if (event.kind === 'picture') {
      const { encodePng } = await import('../../image/index.ts');
      await writeWhole(out, (await encodePng(event.picture)).data);
      print(`${out}  ${event.picture.width}x${event.picture.height}  ${Math.round(event.ms.total)} ms`);
    }
  }
}
