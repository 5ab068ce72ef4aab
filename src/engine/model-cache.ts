/**
 * Models that are open, up to a budget of memory: opened when first asked for, shared by all requests, let go when
 * others need the room and no request uses them. One whose derived files have been deleted is opened anew: its sessions
 * go on, but no other could be opened. A model that changes its accelerator keeps its text encoders and its autoencoder;
 * a small one is open with each of its accelerators, for drafts and pictures take turns while somebody types.
 */
import path from 'node:path';
import { stat } from 'node:fs/promises';
import { UserError } from '../core/errors.ts';
import type { ModelAccelerator } from '../core/accelerator.ts';
import type { ModelManifest } from '../core/manifest.ts';
import type { Accelerator, GenerationRequest } from '../core/request.ts';
import { LeaseCache, type Lease } from './cache/lease-cache.ts';
import type { AcceleratorFile } from './model/accelerator-merge.ts';
import { readManifest } from './model/manifest-file.ts';
import { openModelWithVae, standInBeside } from './model/vae-override.ts';
import { Model } from './model/model.ts';
import { bytesOf } from './model/model-files.ts';
import { SMALL_NET_BYTES, type SessionOpener } from './model/session-opener.ts';

/** What of a request says which model it is. */
type ModelRequest = Pick<GenerationRequest, 'model' | 'accelerator' | 'vae' | 'precision'>;

/** Where a model lies; what an operator chose for it goes before what its manifest says. */
export type ModelLocation = {
  /** Absolute: a diffusers folder or a single-file checkpoint. */
  readonly source: string;
  /** With absolute paths; undefined: the manifest's. */
  readonly accelerators?: readonly ModelAccelerator[] | undefined;
  /** Absolute: an autoencoder in place of its own, where a request names none. */
  readonly vae?: string | undefined;
  /** Absolute: the small stand-in for its autoencoder; undefined: the manifest's, or what lies beside its files. */
  readonly tinyVae?: string | undefined;
};

export type ModelCacheOptions = {
  /** From a request's `model`. Throws `UserError` for a model that is not there. */
  readonly locate: (model: string) => Promise<ModelLocation>;
  readonly open: SessionOpener;
  readonly cacheDir: string;
  readonly clipTokenizer: string;
  /** Sum of the weights of the models kept open. */
  readonly budgetBytes: number;
  /** Weights of the largest UNet that is kept open once for each accelerator; default: those of a small net. */
  readonly smallBytes?: number;
};

export class ModelCache {
  readonly #options: ModelCacheOptions;
  readonly #models: LeaseCache<Model>;
  /** By source and VAE: the one opened last, whatever its accelerator. */
  readonly #latest = new Map<string, Model>();
  #opened = 0;

  constructor(options: ModelCacheOptions) {
    this.#options = options;
    this.#models = new LeaseCache<Model>({
      maxCost: options.budgetBytes,
      costOf: ({ bytes }) => bytes,
      free: (model) => model.release(),
    });
  }

  /** Opened anew where its derived files are gone. */
  async lease(request: ModelRequest): Promise<Lease<Model>> {
    const lease = await this.#lease(request);
    if (await lease.value.isWhole()) {
      return lease;
    }
    this.#models.retire(lease.value);
    lease.release();
    return this.#lease(request);
  }

  close(): Promise<void> {
    return this.#models.close();
  }

  async #lease({ model: name, accelerator, vae: asked, precision: wanted }: ModelRequest): Promise<Lease<Model>> {
    const { locate, open, cacheDir, clipTokenizer, smallBytes = SMALL_NET_BYTES } = this.#options;
    // A card draws what was asked in 8 bits as all else, from the same open model.
    const precision = open.target.provider === 'cpu' ? wanted : 'fp32';
    const location = await locate(name);
    // As it is now: it says which file an id means.
    const manifest = await readManifest(location.source);
    const installed = location.accelerators ?? manifest?.accelerators ?? [];
    const vae = asked ?? location.vae;
    const tinyVae = location.tinyVae ?? (await standInOf(location.source, manifest));
    const chosen = await acceleratorFile(accelerator, installed, location.source);
    const group = JSON.stringify([location.source, vae ?? null, tinyVae ?? null, manifest?.alphaHead ?? null]);
    const key = JSON.stringify([group, chosen ?? null, precision]);
    return this.#models.lease(key, async () => {
      const files = await openModelWithVae(location.source, vae, { cacheDir, clipTokenizer });
      const makesRoom = bytesOf(files.unet) > smallBytes;
      // Rows of equal keys share a call, and the same model opened twice is two.
      const ownKey = `${key} ${this.#opened++}`;
      const previous = this.#latest.get(group);
      const model = await Model.open({
        files: { ...files, tinyVae },
        key: ownKey,
        accelerator: chosen,
        precision,
        open,
        // Products of whole numbers want their weights packed, whatever becomes of them.
        weightsChange: makesRoom && installed.length > 1 && precision === 'fp32',
        cacheDir,
        // With another accelerator or precision it is the same model but for the UNet, and two would take twice the memory.
        previous: makesRoom && previous !== undefined && this.#models.reclaim(previous) ? previous : undefined,
      });
      this.#latest.set(group, model);
      return model;
    });
  }
}

async function standInOf(folder: string, manifest: ModelManifest | undefined): Promise<string | undefined> {
  return manifest?.tinyVae === undefined ? standInBeside(folder) : path.resolve(folder, manifest.tinyVae);
}

/** The file to merge: one of the model's own, none, or the one that was named. */
async function acceleratorFile(
  wanted: Accelerator,
  installed: readonly ModelAccelerator[],
  folder: string,
): Promise<AcceleratorFile | undefined> {
  switch (wanted.kind) {
    case 'none':
      return undefined;
    case 'model': {
      const found = installedAccelerator(wanted.id, installed);
      return found === undefined ? undefined : existing({ ...found, file: path.resolve(folder, found.file) });
    }
    case 'file':
      return existing({ file: wanted.file, weight: wanted.weight ?? 1 });
    default:
      return wanted satisfies never;
  }
}

/** Without an id: what it was before a model could have several. */
function installedAccelerator(
  id: string | undefined,
  installed: readonly ModelAccelerator[],
): ModelAccelerator | undefined {
  if (id === undefined) {
    return installed.find(({ recipe }) => recipe === 'lcm') ?? installed[0];
  }
  const found = installed.find((accelerator) => accelerator.id === id);
  if (found === undefined) {
    const ids = installed.map((accelerator) => accelerator.id).join(', ');
    throw new UserError(
      'accelerator.unknown',
      `Expected an accelerator of the model, but it has no "${id}"; ${ids === '' ? 'it has none' : `it has ${ids}`}.`,
      { params: { given: id, ids: ids === '' ? '–' : ids } },
    );
  }
  return found;
}

async function existing({ file, weight }: AcceleratorFile): Promise<AcceleratorFile> {
  await stat(file).catch((cause: unknown) => {
    throw new UserError(
      'lora.missing',
      `Expected an accelerator at ${file}, but there is no such file; check the path.`,
      { params: { file }, cause },
    );
  });
  return { file, weight };
}
