/**
 * Models that are open, up to a budget of memory: opened when first asked for, shared by all requests, let go when
 * others need the room and no request uses them. One whose derived files have been deleted is opened anew: its sessions
 * go on, but no other could be opened.
 */
import path from 'node:path';
import { stat } from 'node:fs/promises';
import { UserError } from '../core/errors.ts';
import type { Accelerator, GenerationRequest } from '../core/request.ts';
import { LeaseCache, type Lease } from './cache/lease-cache.ts';
import { openModelWithVae } from './model/vae-override.ts';
import { Model } from './model/model.ts';
import type { SessionOpener } from './model/session-opener.ts';

/** What of a request says which model it is. */
type ModelRequest = Pick<GenerationRequest, 'model' | 'accelerator' | 'vae'>;

/** Where a model lies; what an operator chose for it goes before what its manifest says. */
export type ModelLocation = {
  /** Absolute: a diffusers folder or a single-file checkpoint. */
  readonly source: string;
  readonly lcmLora?: Exclude<Accelerator, { readonly kind: 'model' }> | undefined;
};

export type ModelCacheOptions = {
  /** From a request's `model`. Throws `UserError` for a model that is not there. */
  readonly locate: (model: string) => Promise<ModelLocation>;
  readonly open: SessionOpener;
  readonly cacheDir: string;
  readonly clipTokenizer: string;
  /** Sum of the weights of the models kept open. */
  readonly budgetBytes: number;
};

export class ModelCache {
  readonly #options: ModelCacheOptions;
  readonly #models: LeaseCache<Model>;
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

  async #lease({ model: name, accelerator, vae }: ModelRequest): Promise<Lease<Model>> {
    const { locate, open, cacheDir, clipTokenizer } = this.#options;
    const location = await locate(name);
    const chosen = accelerator.kind === 'model' ? (location.lcmLora ?? accelerator) : accelerator;
    const key = JSON.stringify([location.source, chosen, vae ?? null]);
    return this.#models.lease(key, async () => {
      const files = await openModelWithVae(location.source, vae, { cacheDir, clipTokenizer });
      // Rows of equal keys share a call, and the same model opened twice is two.
      const ownKey = `${key} ${this.#opened++}`;
      return Model.open({ files, key: ownKey, lcmLora: await lcmFile(chosen, files), open, cacheDir });
    });
  }
}

/** The file to merge: the model's own by its manifest, none, or the one that was named. */
async function lcmFile(
  chosen: Accelerator,
  {
    location,
    manifest,
  }: { readonly location: string; readonly manifest: { readonly lcmLora: string | undefined } | undefined },
): Promise<string | undefined> {
  switch (chosen.kind) {
    case 'none':
      return undefined;
    case 'model':
      return manifest?.lcmLora === undefined ? undefined : existing(path.join(location, manifest.lcmLora));
    case 'file':
      return existing(chosen.file);
    default:
      return chosen satisfies never;
  }
}

async function existing(file: string): Promise<string> {
  await stat(file).catch((cause: unknown) => {
    throw new UserError('lora.missing', `Expected an LCM-LoRA at ${file}, but there is no such file; check the path.`, {
      params: { file },
      cause,
    });
  });
  return file;
}
