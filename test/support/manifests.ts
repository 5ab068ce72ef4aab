/** Models as their manifests say, without their files: for tests whose device draws no model. */
import { stylesOf } from '../../models/catalog.ts';
import type { Model } from '../../src/bot/index.ts';
import type { ModelManifest } from '../../src/core/manifest.ts';

export const MOJI: ModelManifest = {
  id: 'moji',
  name: 'Moji',
  description: 'Small pictures',
  license: 'Apache-2.0',
  base: 'moji',
  accelerators: [{ id: 'lcm', file: 'lcm.safetensors', weight: 1, recipe: 'lcm' }],
  defaults: { width: 128, height: 128, steps: 4, guidance: 1, scheduler: 'lcm' },
  sizes: [128],
  styles: [
    { id: 'neon', name: 'Neon', file: 'neon.safetensors', weight: 0.8, trigger: 'neon lights', description: 'glowing' },
    { id: 'ink', name: 'Ink', file: 'ink.safetensors', weight: 1, trigger: '', description: 'black and white' },
  ],
  upscalers: { '2': 'upscale' },
};

/** Its pictures are so small that they cost no time. */
export const SMALL_MOJI: ModelManifest = {
  ...MOJI,
  defaults: { ...MOJI.defaults, width: 16, height: 16 },
  sizes: [16, 24],
};

export const BIG: ModelManifest = { ...MOJI, id: 'big', name: 'Big', base: 'sd15', styles: [], upscalers: {} };

/** As the bot has it once it is installed. */
export function installed(manifest: ModelManifest, folder = `/models/${manifest.id}`, fingerprint?: string): Model {
  return { manifest, folder, styles: stylesOf(manifest, manifest.id, folder), fingerprint };
}
