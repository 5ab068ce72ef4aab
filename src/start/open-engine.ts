/**
 * The engine on one device, with this installation's catalog and picture files: what the command line runs in its own
 * process and the bot in a child.
 */
import { join } from 'node:path';

import { modelsFolder } from '../../config/paths.ts';
import { Catalog } from '../../models/catalog.ts';
import { UserError } from '../core/errors.ts';
import type { Runner } from '../core/work.ts';
import { chooseForms, createEngineRunner, freeMemory, readCurves, type Device } from '../engine/index.ts';
import { pictureReaders } from './picture-readers.ts';

export type OpenEngine = {
  /** `cpu`, `cuda:0`, … */
  readonly device: string;
  /** Absolute. */
  readonly dataFolder: string;
  /** 'fast': the first picture soonest; 'throughput': a few per cent faster from then on. */
  readonly startup: 'fast' | 'throughput';
  /** Of a device that is no processor, to be taken at most; default: what it has free. */
  readonly deviceBytes?: number | undefined;
};

export function openCatalog(dataFolder: string): Catalog {
  return new Catalog({ embedded: modelsFolder, data: dataFolder });
}

/** Throws `UserError` (`device.…`) for a device that this machine lacks or that does not open. */
export async function openEngine({ device: name, dataFolder, startup, deviceBytes }: OpenEngine): Promise<Runner> {
  const catalog = openCatalog(dataFolder);
  const device = parseDevice(name);
  const cacheDir = join(dataFolder, 'cache');
  return createEngineRunner({
    locateModel: async (model) => {
      const { source, accelerators, vae, tinyVae } = await catalog.find(model);
      return { source, accelerators, vae, tinyVae };
    },
    ...pictureReaders(dataFolder),
    cacheDir,
    clipTokenizer: join(modelsFolder, 'clip'),
    device,
    forms: await chooseForms(device, cacheDir),
    curves: await readCurves(cacheDir, device),
    ...(device.kind !== 'cpu' && { deviceBytes: deviceBytes ?? (await freeMemory(device)).bytes }),
    startup,
  });
}

/** Throws `UserError` `device.unknown` for a spelling that is none. */
export function parseDevice(text: string): Device {
  const match = /^(cpu|cuda|tensorrt|dml|coreml|webgpu)(?::(\d+))?$/.exec(text);
  const kind = match?.[1];
  switch (kind) {
    case 'cpu':
    case 'coreml':
    case 'webgpu':
      return { kind };
    case 'cuda':
    case 'tensorrt':
    case 'dml':
      return { kind, deviceId: Number(match?.[2] ?? 0) };
    default:
      throw new UserError(
        'device.unknown',
        `Expected a device like cpu, cuda:0 or webgpu, got "${text}". Correct RUNNERS.`,
        { params: { device: text } },
      );
  }
}
