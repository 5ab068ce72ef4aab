/**
 * Everything that can be drawn with: the embedded models, the ones an operator added, and styles added for all servers.
 * Finds and names files; opens no weights and draws nothing.
 *
 * In the data folder: `models/<id>.json` points at a folder or checkpoint elsewhere (nothing is copied), and
 * `styles/<id>.json` stands beside its `.safetensors`.
 */
import { copyFile, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import { closest } from '../commands/closest.ts';
import { UserError } from '../src/core/errors.ts';
import type { ModelAccelerator } from '../src/core/accelerator.ts';
import type { ModelManifest } from '../src/core/manifest.ts';
import type { Style } from '../src/core/style.ts';
import { readManifest } from '../src/engine/model/manifest-file.ts';
import { idFrom, MODEL_ENTRY, STYLE_ENTRY, type AddedStyle } from './catalog-entries.ts';
import { entriesIn, exists, namesIn, readJson, writeJson, writeWhole } from './catalog-files.ts';
import { Embeddings } from './embeddings.ts';

export type CatalogModel = {
  readonly id: string;
  /** Absolute: a diffusers folder or a single-file checkpoint. */
  readonly source: string;
  /** As the operator called it; undefined: the manifest's, or the folder's. */
  readonly name: string | undefined;
  /** Absent: made up by the engine when it opens the source. */
  readonly manifest: ModelManifest | undefined;
  /** The operator's choice for an added model, with absolute paths; undefined: the manifest's. */
  readonly accelerators: readonly ModelAccelerator[] | undefined;
  /** Likewise, absolute: the autoencoder in place of its own; a small stand-in for it. */
  readonly vae?: string | undefined;
  readonly tinyVae?: string | undefined;
  /** How much of a picture to start from is drawn anew where nobody says. */
  readonly strength?: number | undefined;
  readonly isEmbedded: boolean;
};

const ID = /^[a-z0-9][a-z0-9._-]{0,63}$/;

export class Catalog {
  readonly #embeddedFolder: string;
  readonly #dataFolder: string;

  /** Both absolute; the data folder need not exist. */
  constructor(folders: { readonly embedded: string; readonly data: string }) {
    this.#embeddedFolder = folders.embedded;
    this.#dataFolder = folders.data;
  }

  async models(): Promise<readonly CatalogModel[]> {
    const embedded = await Promise.all((await namesIn(this.#embeddedFolder)).map((name) => this.#embeddedModel(name)));
    const added = await Promise.all(
      (await entriesIn(join(this.#dataFolder, 'models'))).map((id) => this.#addedModel(id)),
    );
    return [...embedded, ...added].filter((model) => model !== undefined);
  }

  /** An id of the catalog, or a path. Throws `UserError` `model.unknown` with the closest there is. */
  async find(idOrPath: string): Promise<CatalogModel> {
    const byId = ID.test(idOrPath)
      ? ((await this.#embeddedModel(idOrPath)) ?? (await this.#addedModel(idOrPath)))
      : undefined;
    if (byId !== undefined) {
      return byId;
    }
    const source = resolve(idOrPath);
    if (await exists(source)) {
      const manifest = await readManifest(source);
      return { id: source, source, name: undefined, manifest, accelerators: undefined, isEmbedded: false };
    }
    throw unknownModel(
      idOrPath,
      (await this.models()).map((model) => model.id),
    );
  }

  /** Points at a folder or file; nothing is copied. Throws `UserError` for a bad or taken id, or a source that is not there. */
  async addModel(
    options: Pick<CatalogModel, 'accelerators' | 'name' | 'vae' | 'tinyVae' | 'strength'> & {
      readonly id: string | undefined;
      readonly source: string;
    },
  ): Promise<CatalogModel> {
    const source = resolve(options.source);
    if (!(await exists(source))) {
      throw new UserError(
        'model.missing',
        `Expected a diffusers folder or a checkpoint file at ${source}, but nothing is there. Check the path.`,
        { params: { source } },
      );
    }
    const id = options.id ?? idFrom(source);
    await this.checkFree(id);
    const { accelerators, name, vae, tinyVae, strength } = options;
    const entry = { version: 2, source, name, accelerators, vae, tinyVae, strength };
    await writeJson(join(this.#dataFolder, 'models', `${id}.json`), entry);
    return this.find(id);
  }

  /** Throws `UserError` `catalog.id` or `model.taken` where no model can be added under this id. */
  async checkFree(id: string): Promise<void> {
    checkId(id);
    if ((await this.#embeddedModel(id)) !== undefined || (await this.#addedModel(id)) !== undefined) {
      throw new UserError('model.taken', `There is a model "${id}" already; choose another --id, or remove it first.`, {
        params: { id },
      });
    }
  }

  /** Forgets it; its files stay. Throws `UserError` for one that is not there or not the operator's. */
  async removeModel(id: string): Promise<CatalogModel> {
    if ((await this.#embeddedModel(id)) !== undefined) {
      throw new UserError('model.embedded', `"${id}" is part of the program and cannot be removed.`, {
        params: { id },
      });
    }
    const model = ID.test(id) ? await this.#addedModel(id) : undefined;
    if (model === undefined) {
      throw new UserError('model.unknown', `There is no added model "${id}"; fourstep model list shows them.`, {
        params: { model: id },
      });
    }
    await rm(join(this.#dataFolder, 'models', `${id}.json`), { force: true });
    return model;
  }

  /** Words that an operator added. */
  get embeddings(): Embeddings {
    return new Embeddings(this.#dataFolder);
  }

  /** Presets of a model: its manifest's own and the operator's for it. */
  async styles(model: CatalogModel): Promise<readonly Style[]> {
    const own = model.manifest === undefined ? [] : stylesOf(model.manifest, model.id, model.source);
    const added = await Promise.all(
      (await entriesIn(join(this.#dataFolder, 'styles'))).map((id) => this.#addedStyle(id)),
    );
    return [...own, ...added.flatMap((style) => (style?.model === model.id ? [style] : []))];
  }

  /**
   * Copies the file beside the preset's words, temporary name first. Throws `UserError` `catalog.id`, `style.taken`
   * for an id that is an added style's or one of the model's own, and `catalog.unwritable`.
   */
  async addStyle(id: string, file: string, words: AddedStyle): Promise<Style> {
    await this.checkStyleFree(id, words.model);
    const folder = join(this.#dataFolder, 'styles');
    const target = join(folder, `${id}.safetensors`);
    await writeWhole(target, (part) => copyFile(file, part));
    await writeJson(join(folder, `${id}.json`), words).catch(async (error: unknown) => {
      await rm(target, { force: true });
      throw error;
    });
    return { id, file: target, origin: { kind: 'operator' }, ...words };
  }

  /** Throws `UserError` `catalog.id` or `style.taken` where no style of the model can be added under this id. */
  async checkStyleFree(id: string, model: string): Promise<void> {
    checkId(id);
    const own = (await this.find(model)).manifest?.styles ?? [];
    if ((await exists(join(this.#dataFolder, 'styles', `${id}.json`))) || own.some((style) => style.id === id)) {
      throw new UserError(
        'style.taken',
        `There is a style "${id}" already; choose another --name, or remove it first if it was added.`,
        { params: { id } },
      );
    }
  }

  async removeStyle(id: string): Promise<void> {
    if ((await this.#addedStyle(id)) === undefined) {
      throw new UserError('style.unknown', `There is no added style "${id}"; fourstep style list shows them.`, {
        params: { id },
      });
    }
    await rm(join(this.#dataFolder, 'styles', `${id}.json`), { force: true });
    await rm(join(this.#dataFolder, 'styles', `${id}.safetensors`), { force: true });
  }

  async #embeddedModel(id: string): Promise<CatalogModel | undefined> {
    const source = join(this.#embeddedFolder, id);
    const manifest = await readManifest(source);
    return manifest === undefined
      ? undefined
      : { id, source, name: undefined, manifest, accelerators: undefined, isEmbedded: true };
  }

  async #addedModel(id: string): Promise<CatalogModel | undefined> {
    const file = join(this.#dataFolder, 'models', `${id}.json`);
    const parsed = await readJson(file, MODEL_ENTRY);
    if (parsed === undefined) {
      return undefined;
    }
    const { source, accelerators, name, vae, tinyVae, strength } = parsed;
    const manifest = await readManifest(source);
    return {
      id,
      source,
      name,
      manifest: manifest === undefined || name === undefined ? manifest : { ...manifest, name },
      accelerators,
      vae,
      tinyVae,
      strength,
      isEmbedded: false,
    };
  }

  async #addedStyle(id: string): Promise<Style | undefined> {
    const parsed = await readJson(join(this.#dataFolder, 'styles', `${id}.json`), STYLE_ENTRY);
    return parsed === undefined
      ? undefined
      : { id, file: join(this.#dataFolder, 'styles', `${id}.safetensors`), origin: { kind: 'operator' }, ...parsed };
  }
}

/** The styles that a manifest in `folder` brings for the model `id`. */
export function stylesOf(manifest: ModelManifest, id: string, folder: string): readonly Style[] {
  return manifest.styles.map((style) => ({
    ...style,
    id: style.id.toLowerCase(),
    file: join(folder, style.file),
    model: id,
    negative: '',
    origin: { kind: 'model' },
  }));
}

function unknownModel(given: string, ids: readonly string[]): UserError {
  const near = closest(given, ids);
  const all = ids.length === 0 ? 'none yet (fourstep model add adds one)' : ids.join(', ');
  return new UserError(
    'model.unknown',
    `Expected a model\u2019s id, a diffusers folder or a checkpoint file, got "${given}", which is none of them. ${near === undefined ? `There are: ${all}.` : `Did you mean ${near}?`}`,
    { params: { model: given, ids: ids.join(', ') } },
  );
}

function checkId(id: string): void {
  if (!ID.test(id)) {
    throw new UserError(
      'catalog.id',
      `Expected a name of lower-case letters, digits, ".", "_" and "-", got "${id}". Choose one with --id or --name.`,
      { params: { id } },
    );
  }
}
