/**
 * The catalog as the bot sees it: every model with its manifest and the operator's styles in it, read at start and again
 * when somebody adds one, so that a list is at hand without waiting.
 */
import { dirname, relative } from 'node:path';
import { stat } from 'node:fs/promises';

import type { Catalog, CatalogModel } from '../../models/catalog.ts';
import { describeModel } from '../../models/describe-model.ts';
import type { Model, Models } from '../bot/index.ts';

const LOOK_EVERY_MS = 10_000;

export class InstalledModels implements Models {
  readonly #catalog: Catalog;
  readonly #onFault: (error: unknown) => void;
  /** Models that were left out, as has been said. */
  readonly #told = new Set<string>();
  #models: readonly Model[] = [];
  #timer: ReturnType<typeof setInterval> | undefined;

  private constructor(catalog: Catalog, onFault: (error: unknown) => void) {
    this.#catalog = catalog;
    this.#onFault = onFault;
  }

  /** `usual` is offered first and must be there: throws `UserError` `model.unknown` where it is not. */
  static async open(catalog: Catalog, usual: string, onFault: (error: unknown) => void): Promise<InstalledModels> {
    const installed = new InstalledModels(catalog, onFault);
    await installed.#read(usual);
    installed.#timer = setInterval(() => void installed.#read(usual).catch(onFault), LOOK_EVERY_MS);
    installed.#timer.unref();
    return installed;
  }

  list(): readonly Model[] {
    return this.#models;
  }

  close(): void {
    clearInterval(this.#timer);
  }

  async #read(usual: string): Promise<void> {
    const first = await this.#catalog.find(usual);
    const others = (await this.#catalog.models()).filter((model) => model.id !== first.id);
    const read = await Promise.all([this.#open(first), ...others.map((model) => this.#openOther(model))]);
    this.#models = read.filter((model) => model !== undefined);
  }

  /** Undefined for one that cannot be read (told once): the bot draws with the rest. */
  async #openOther(model: CatalogModel): Promise<Model | undefined> {
    try {
      const opened = await this.#open(model);
      this.#told.delete(model.id);
      return opened;
    } catch (error) {
      if (!this.#told.has(model.id)) {
        this.#onFault(error);
      }
      this.#told.add(model.id);
      return undefined;
    }
  }

  async #open(model: CatalogModel): Promise<Model> {
    const manifest = await describeModel(model);
    const folder = (await stat(model.source)).isDirectory() ? model.source : dirname(model.source);
    const styles = await this.#catalog.styles(model);
    return {
      folder,
      manifest: {
        ...manifest,
        id: model.id,
        styles: styles.map((style) => ({ ...style, file: relative(folder, style.file) })),
      },
    };
  }
}
