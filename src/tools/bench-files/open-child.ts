/**
 * The program of one measurement: opens a checkpoint as adding a model does, then draws one small picture with it, and says
 * the peak of its own resident memory after either. Arguments: the checkpoint, a folder for what is derived, and a VAE.
 */
import { modelsFolder } from '../../../config/paths.ts';
import { join } from 'node:path';

import { defaultRequest } from '../../core/default-request.ts';
import { createEngineRunner } from '../../engine/index.ts';
import { openModelWithVae } from '../../engine/model/vae-override.ts';
import { widen } from '../../engine/weights/index.ts';

const SIDE = 64;
const KB_PER_MB = 1024;

const [model = '', cacheDir = '', vae] = process.argv.slice(2);
const clipTokenizer = join(modelsFolder, 'clip');
const peakMb = (): number => process.resourceUsage().maxRSS / KB_PER_MB;

async function open(): Promise<void> {
  const files = await openModelWithVae(model, vae, { cacheDir, clipTokenizer });
  for (const { weights } of [...files.text, files.unet, files.vae]) {
    await widen(weights, cacheDir);
  }
}

async function draw(): Promise<void> {
  const runner = createEngineRunner({
    locateModel: async () => ({ source: model }),
    readPicture: noPicture,
    readMask: noPicture,
    cacheDir,
    clipTokenizer,
    startup: 'fast',
  });
  const defaults = { width: SIDE, height: SIDE, steps: 1, guidance: 1, scheduler: 'lcm' } as const;
  const request = defaultRequest({ id: 'bench', defaults }, 'a fox', { accelerator: { kind: 'none' }, vae });
  const work = { kind: 'imagine', id: 'bench', request, previewAfter: [] } as const;
  for await (const _ of runner.run(work, new AbortController().signal)) {
    // The picture is of nothing.
  }
  await runner.close(0);
}

const before = peakMb();
await open();
const opened = peakMb();
await draw();
process.stdout.write(`${JSON.stringify({ before, opened, drawn: peakMb() })}\n`);

const noPicture = (): Promise<never> => Promise.reject(new Error('no picture starts from another here'));
