/**
 * Folders that hold another model than this program draws with, named before their parts are opened: by the class of the
 * pipeline or net, by what is missing, and by how they are sampled.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';

import { UserError } from '../../core/errors.ts';
import { foreignPipeline } from '../weights/index.ts';

const classed = z.looseObject({
  _class_name: z.string().optional(),
  /** As transformers says it. */
  architectures: z.array(z.string()).optional(),
  text_encoder: z.unknown().optional(),
  text_encoder_2: z.unknown().optional(),
  transformer: z.unknown().optional(),
  unet: z.unknown().optional(),
  scheduler: z.unknown().optional(),
});

/** Throws `UserError` `model.kind` for a folder of a known other kind; returns for all else, broken folders too. */
export async function refuseForeignFolder(location: string): Promise<void> {
  const index = await read(path.join(location, 'model_index.json'));
  const own = index ?? (await read(path.join(location, 'config.json')));
  const isAdapter = index === undefined && (await read(path.join(location, 'adapter_config.json'))) !== undefined;
  const found = isAdapter ? 'a LoRA of PEFT, which --lora and style add take' : own && foreignIndex(own);
  if (found !== undefined) {
    throw new UserError(
      'model.kind',
      `A model must be a Stable Diffusion 1.x, 2.x or XL pipeline, but ${location} is ${found}; use a model of one of those.`,
      { params: { location, found } },
    );
  }
}

function foreignIndex(index: z.infer<typeof classed>): string | undefined {
  const byName = foreignPipeline(index._class_name ?? index.architectures?.[0] ?? '');
  if (byName !== undefined) {
    return byName;
  }
  if (isPart(index.text_encoder_2) && !isPart(index.text_encoder)) {
    return 'the SDXL refiner';
  }
  if (isPart(index.transformer) && !isPart(index.unet)) {
    return `a transformer model (${index._class_name ?? 'of no name'})`;
  }
  const scheduler = Array.isArray(index.scheduler) ? String(index.scheduler[1]) : '';
  return scheduler.startsWith('EDM') ? 'a model that is sampled by EDM, as Playground 2.5 and CosXL are' : undefined;
}

/** `["transformers", "CLIPTextModel"]`, or `[null, null]` for none. */
function isPart(entry: unknown): boolean {
  return Array.isArray(entry) && typeof entry[1] === 'string';
}

async function read(file: string): Promise<z.infer<typeof classed> | undefined> {
  try {
    return classed.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch {
    return undefined; // Opening the model says what is wrong with it.
  }
}
