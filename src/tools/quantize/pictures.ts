/** The same pictures in fp32 and in 8 bits, and how far apart they are. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { z } from 'zod';

import { UserError } from '../../core/errors.ts';
import type { Picture } from '../../core/picture.ts';
import type { GenerationRequest } from '../../core/request.ts';
import type { Runner } from '../../core/work.ts';
import { encodePng } from '../../image/index.ts';

/** For models that bring no prompts of their own: things, people, places, manners. */
const USUAL_PROMPTS = [
  'a red fox in the snow',
  'a portrait of an old fisherman',
  'a castle on a hill at sunset',
  'two cats on a sofa',
  'a bowl of fruit, oil painting',
  'a city street at night in the rain',
  'a robot watering flowers',
  'a sailing ship in a storm',
  'a slice of cake on a plate',
  'a mountain lake, watercolour',
] as const;

const SHOWN_PICTURES = 6;

/** Below so many decibels a picture is called another one. */
export const TURNED_PSNR = 36;

export type PicturePsnr = { readonly prompt: string; readonly psnr: number };

/** Decibels of pictures against the same in fp32, from 0 to 255. */
export type Spread = {
  readonly median: number;
  readonly tenthLowest: number;
  /** How many lie below `TURNED_PSNR`. */
  readonly turned: number;
  /** The pictures that differ most, the worst first. */
  readonly lowest: readonly PicturePsnr[];
};

export type Likeness = {
  readonly pictures: number;
  readonly psnr: Spread;
  /** Of a picture, warm: what the UNet took in all steps, medians. */
  readonly denoiseMs: { readonly fp32: number; readonly int8: number };
};

const promptFile = z.array(z.union([z.string(), z.object({ prompt: z.string() }).transform(({ prompt }) => prompt)]));

/** A JSON list of prompts, or one a line. Throws `UserError` `quantize.prompts`. */
export async function readPrompts(file: string | undefined): Promise<readonly string[]> {
  if (file === undefined) {
    return USUAL_PROMPTS;
  }
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new UserError('quantize.prompts', `Expected prompts in ${file}, but it cannot be read; check the path.`, {
      cause,
    });
  });
  const lines = file.endsWith('.json') ? promptFile.parse(JSON.parse(text)) : text.split('\n');
  return lines.map((line) => line.trim()).filter((line) => line !== '');
}

type Comparison = {
  readonly say: (line: string) => void;
  /** Existing: where the pairs are kept, `007-fp32.png` and `007-int8.png`; undefined: nowhere. */
  readonly folder: string | undefined;
};

/** Each prompt with a seed of its own, in both. */
export async function compareInBoth(
  runner: Runner,
  requests: readonly GenerationRequest[],
  { say, folder }: Comparison,
): Promise<Likeness> {
  const found: PicturePsnr[] = [];
  const times: Record<'fp32' | 'int8', number[]> = { fp32: [], int8: [] };
  for (const [k, request] of requests.entries()) {
    const drawn = { fp32: await draw(runner, request, 'fp32'), int8: await draw(runner, request, 'int8') };
    found.push({ prompt: request.prompt, psnr: psnrOf(drawn.int8.picture.data, drawn.fp32.picture.data) });
    for (const precision of ['fp32', 'int8'] as const) {
      times[precision].push(drawn[precision].denoiseMs);
      if (folder !== undefined) {
        const name = `${String(k).padStart(3, '0')}-${precision}.png`;
        await writeFile(join(folder, name), (await encodePng(drawn[precision].picture)).data);
      }
    }
    if ((k + 1) % 10 === 0) {
      say(`${k + 1} of ${requests.length} prompts …`);
    }
  }
  return {
    pictures: found.length,
    psnr: spreadOf(found),
    denoiseMs: { fp32: middle(times.fp32), int8: middle(times.int8) },
  };
}

export function spreadOf(pictures: readonly PicturePsnr[]): Spread {
  const sorted = pictures.toSorted((a, b) => a.psnr - b.psnr);
  return {
    median: middle(sorted.map(({ psnr }) => psnr)),
    tenthLowest: (sorted[9] ?? sorted.at(-1))?.psnr ?? Number.NaN,
    turned: sorted.filter(({ psnr }) => psnr < TURNED_PSNR).length,
    lowest: sorted.slice(0, SHOWN_PICTURES),
  };
}

type Drawn = { readonly picture: Picture; readonly denoiseMs: number };

async function draw(runner: Runner, request: GenerationRequest, precision: 'fp32' | 'int8'): Promise<Drawn> {
  const work = { kind: 'imagine', id: 'quantize', request: { ...request, precision }, previewAfter: [] } as const;
  for await (const event of runner.run(work, new AbortController().signal)) {
    if (event.kind === 'picture') {
      return { picture: event.picture, denoiseMs: event.ms.denoise };
    }
  }
  throw new Error('a work ended without its picture');
}

/** Infinite for equal ones. */
export function psnrOf(a: Uint8Array, b: Uint8Array): number {
  const squares = a.reduce((sum, byte, k) => sum + (byte - (b[k] ?? 0)) ** 2, 0);
  return 10 * Math.log10(255 ** 2 / (squares / a.length));
}

export function middle(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
