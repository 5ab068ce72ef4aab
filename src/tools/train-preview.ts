/** A picture of what a style has learnt so far, as people will draw with it: the model's own steps and accelerator. */
import type { Config } from '../../config/load.ts';
import { defaultRequest } from '../core/default-request.ts';
import type { ModelManifest } from '../core/manifest.ts';
import type { GenerationRequest } from '../core/request.ts';
import { drawToFiles } from '../adapters/cli/imagine.ts';
import { openEngine } from '../start/open-engine.ts';

export type Preview = {
  readonly manifest: ModelManifest;
  readonly prompt: string;
  /** What was learnt, and how it is drawn with. */
  readonly changes: Partial<GenerationRequest>;
  readonly out: string;
};

/** Returns the picture's path. */
export async function drawPreview(
  { dataFolder }: Config,
  { manifest, prompt, changes, out }: Preview,
  signal: AbortSignal,
): Promise<string | undefined> {
  const runner = await openEngine({ device: 'cpu', dataFolder, startup: 'fast' });
  const request = defaultRequest(manifest, prompt, changes);
  try {
    const [path] = await drawToFiles({ request, runner, out, mode: 'quiet', print: () => {}, warn: () => {}, signal });
    return path;
  } finally {
    await runner.close(0);
  }
}
