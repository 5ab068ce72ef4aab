/**
 * Models that are open, up to a budget of memory: opened when first asked for, shared by all requests, let go when
 * others need the room and no request uses them. One whose derived files have been deleted is opened anew: its sessions
 * go on, but no other could be opened.
 */
import path from 'node:path';
import { stat } from 'node:fs/promises';
import { UserError } from '../core/errors.ts';
import type { Accelerator, GenerationRequest } from '../core/request.ts';
import { openModelFiles } from './model/model-files.ts';
import { withVae } from './model/vae-override.ts';
import { Model } from './model/model.ts';
import type { SessionOpener } from './model/session-opener.ts';
import { LruCache } from './weights/index.ts';

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

export type HeldModel = { readonly model: Model; readonly release: () => void };

export class ModelCache {
  readonly #options: ModelCacheOptions;
  readonly #models: LruCache<Model>;
  /** In use for the last time. */
  readonly #leaving = new Set<Model>();
  #opened = 0;

  constructor(options: ModelCacheOptions) {
    this.#options = options;
    this.#models = new LruCache<Model>({
      maxCost: options.budgetBytes,
      costOf: ({ bytes }) => bytes,
      isInUse: ({ users }) => users > 0,
      onEvict: (model) => void model.release(),
    });
  }

  /** The model, held for the caller until it calls `release`. */
  async hold(request: ModelRequest): Promise<HeldModel> {
    const model = await this.#whole(request);
    if (model.isReleased) {
      return this.hold(request); // it was let go between being found and being held
    }
    model.users += 1;
    return { model, release: () => this.#release(model) };
  }

  async close(): Promise<void> {
    await this.#models.clear();
    await Promise.all([...this.#leaving].map(async (model) => model.release()));
  }

  /** Opened anew where its derived files are gone. */
  async #whole(request: ModelRequest): Promise<Model> {
    const model = await this.#get(request);
    if (await model.isWhole()) {
      return model;
    }
    this.#leave(model);
    return this.#get(request);
  }

  #leave(model: Model): void {
    if (!this.#models.forget(model)) {
      return; // somebody else has seen it first
    }
    if (model.users > 0) {
      this.#leaving.add(model);
    } else {
      void model.release();
    }
  }

  #release(model: Model): void {
    model.users -= 1;
    if (model.users === 0 && this.#leaving.delete(model)) {
      void model.release();
    }
  }

  async #get({ model: name, accelerator, vae }: ModelRequest): Promise<Model> {
    const { locate, open, cacheDir, clipTokenizer } = this.#options;
    const location = await locate(name);
    const chosen = accelerator.kind === 'model' ? (location.lcmLora ?? accelerator) : accelerator;
    const key = JSON.stringify([location.source, chosen, vae ?? null]);
    return this.#models.get(key, async () => {
      const own = await openModelFiles(location.source, { cacheDir, clipTokenizer });
      const files = vae === undefined ? own : await withVae(own, vae);
      // Rows of equal keys share a call, and the same model opened twice is two.
      const ownKey = `${key} ${this.#opened++}`;
      return Model.open({ files, key: ownKey, lcmLora: await lcmFile(chosen, own), open, cacheDir });
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
