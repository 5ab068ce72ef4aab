/** What is measured: an installed model, or one of random weights of a published size. */
import path from 'node:path';

import type { Config } from '../../../config/load.ts';
import { describeModel } from '../../../models/describe-model.ts';
import type { BenchDeviceOptions } from '../../adapters/cli/actions.ts';
import type { ModelManifest } from '../../core/manifest.ts';
import type { ModelLocation } from '../../engine/model-cache.ts';
import { openCatalog } from '../../start/open-engine.ts';
import { writeRandomModel } from './random-model.ts';

export type Subject = {
  readonly name: string;
  readonly location: ModelLocation;
  readonly manifest: ModelManifest | Pick<ModelManifest, 'id' | 'defaults'>;
  readonly isAccelerated: boolean;
  readonly width: number;
  readonly height: number;
};

/** A model of random weights is written into `folder`. Throws `UserError` `model.unknown`. */
export async function subjectOf(
  config: Config,
  options: BenchDeviceOptions,
  folder: string,
  say: (line: string) => void,
): Promise<Subject> {
  const { arch, size } = options;
  if (arch !== undefined) {
    say(`writing random weights of ${arch} …`);
    const source = path.join(folder, 'model');
    const { side } = await writeRandomModel(arch, source);
    const [width, height] = [size?.width ?? side, size?.height ?? side];
    const defaults = { width, height, steps: 4, guidance: 1, scheduler: 'lcm' } as const;
    const name = `random ${arch}`;
    return { name, location: { source }, manifest: { id: name, defaults }, isAccelerated: false, width, height };
  }
  const model = await openCatalog(config.dataFolder).find(options.model ?? config.model);
  const manifest = await describeModel(model);
  return {
    name: model.id,
    location: model,
    manifest: { ...manifest, id: model.id },
    isAccelerated: manifest.accelerators.length > 0,
    width: size?.width ?? manifest.defaults.width,
    height: size?.height ?? manifest.defaults.height,
  };
}
