/**
 * `fourstep distill`: a model's own LCM-LoRA, learnt from pictures that the model draws itself. A run that was cut off
 * goes on when the same command comes again.
 */
import { join, resolve } from 'node:path';

import type { Config } from '../../config/load.ts';
import { modelsFolder } from '../../config/paths.ts';
import { idFrom } from '../../models/catalog-entries.ts';
import { describeModel } from '../../models/describe-model.ts';
import { Fingerprints } from '../../models/fingerprint.ts';
import type { DistillOptions } from '../adapters/cli/actions.ts';
import { openCatalog } from '../start/open-engine.ts';
import { stopOnSignal } from '../start/stop-on-signal.ts';
import {
  checkLatents,
  checkTrainingSize,
  distill,
  distillationRecipe,
  freeMemory,
  openBaseModel,
  openLatentShards,
  trainingStartup,
} from '../train/index.ts';
import { drawPreview } from './train-preview.ts';
import { recipeFrom } from './recipe-file.ts';
import { ProgressLine } from './train-progress.ts';

const SAVE_EVERY = 100;
const SHOWN = 'a cat';

export async function distillModel(
  config: Config,
  options: DistillOptions,
  { print }: { readonly print: (line: string) => void },
): Promise<void> {
  const model = await openCatalog(config.dataFolder).find(options.model);
  const manifest = await describeModel(model);
  const size = options.size ?? manifest.defaults;
  const id = idFrom(model.id);
  const base = await openBaseModel({
    location: model.source,
    cacheDir: join(config.dataFolder, 'cache'),
    clipTokenizer: join(modelsFolder, 'clip'),
  });
  const stop = stopOnSignal();
  const out = resolve(options.out ?? `${id}-lcm-lora.safetensors`);
  const progress = new ProgressLine(print, options.json === true);
  try {
    checkTrainingSize(base, size);
    const latents = options.latents === undefined ? undefined : await openLatentShards(resolve(options.latents));
    if (latents !== undefined) {
      checkLatents(base, size, latents);
    }
    const recipe = await recipeFrom(options.recipe, distillationRecipe(base.unet.config));
    const seed = options.seed ?? 0;
    const events = distill({
      base,
      latents,
      recipe: { ...recipe, ...(options.steps !== undefined && { steps: options.steps }) },
      size: { width: size.width, height: size.height },
      seed,
      out,
      notes: {
        title: `LCM-LoRA of ${manifest.name}`,
        trigger: '',
        license: manifest.license,
        baseHash: await new Fingerprints(join(config.dataFolder, 'cache', 'hashes')).of(model.source),
        date: new Date().toISOString().slice(0, 10),
      },
      checkpoint: join(config.dataFolder, 'training-runs', `distill-${id}`, 'checkpoint.safetensors'),
      saveEvery: SAVE_EVERY,
      freeBytes: await freeMemory(),
      startup: trainingStartup(base),
      signal: stop.signal,
      nowMs: () => performance.now(),
    });
    for await (const event of events) {
      progress.show(event);
      if (event.kind === 'saved') {
        const picture = out.replace(/(\.safetensors)?$/, `-${event.step}.png`);
        const accelerated = {
          accelerator: { kind: 'file', file: out },
          recipe: { scheduler: 'lcm' },
          steps: 4,
          guidance: 1,
        } as const;
        const preview = { manifest, prompt: SHOWN, out: picture, changes: { seed, ...accelerated } };
        progress.preview(await drawPreview(config, preview, stop.signal));
      }
    }
  } finally {
    stop.forget();
    await base.release();
  }
  print(out);
}
