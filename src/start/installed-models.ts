/**
 * The catalog as the bot sees it: every model with its manifest and its styles, read at start and again
 * when somebody adds one, so that a list is at hand without waiting.
 */
import { dirname, join } from 'node:path';
import { stat } from 'node:fs/promises';

import type { Catalog, CatalogModel } from '../../models/catalog.ts';
import { describeModel } from '../../models/describe-model.ts';
import type { Fingerprints } from '../../models/fingerprint.ts';
import type { ModelManifest } from '../core/manifest.ts';
import type { Fingerprint, GenerationRequest } from '../core/request.ts';
import type { Model, Models } from '../bot/index.ts';
import { hasTinyDecoder } from './usual-decoder.ts';
import { readPrompt, readWordTable, type WordTable } from '../engine/words/index.ts';

const LOOK_EVERY_MS = 10_000;
const PATIENCE_MS = 2000;

type FingerprintSource = Pick<Fingerprints, 'of'>;

/** What its pictures are drawn in and decoded by where nobody says; the first as of now, for machines come and go. */
type Wishes = {
  readonly precision: () => GenerationRequest['precision'];
  readonly decoder: GenerationRequest['decoder'];
};
type WishesOf = (model: CatalogModel, manifest: ModelManifest) => Promise<Wishes>;

/** A model but for what is as of now. */
type OpenModel = { readonly model: Model; readonly precision: Wishes['precision'] };

type Sources = {
  readonly catalog: Catalog;
  readonly fingerprints: FingerprintSource;
  /** Default: fp32 and the full decoder for all. */
  readonly wishesOf?: WishesOf;
};

export class InstalledModels implements Models {
  readonly #catalog: Catalog;
  readonly #fingerprints: FingerprintSource;
  readonly #wishesOf: WishesOf;
  readonly #onFault: (error: unknown) => void;
  /** By source: hashing gigabytes takes its time, and nobody waits for it. */
  readonly #known = new Map<string, Fingerprint>();
  readonly #asked = new Set<string>();
  /** Models that were left out, as has been said. */
  readonly #told = new Set<string>();
  readonly #tables = new Map<string, Promise<WordTable>>();
  #models: readonly OpenModel[] = [];
  #timer: ReturnType<typeof setInterval> | undefined;

  private constructor({ catalog, fingerprints, wishesOf }: Sources, onFault: (error: unknown) => void) {
    this.#catalog = catalog;
    this.#fingerprints = fingerprints;
    this.#wishesOf = wishesOf ?? (() => Promise.resolve({ precision: () => 'fp32', decoder: 'full' }));
    this.#onFault = onFault;
  }

  /** `usual` is offered first and must be there: throws `UserError` `model.unknown` where it is not. */
  static async open(sources: Sources, usual: string, onFault: (error: unknown) => void): Promise<InstalledModels> {
    const installed = new InstalledModels(sources, onFault);
    await installed.#read(usual);
    installed.#timer = setInterval(() => void installed.#read(usual).catch(onFault), LOOK_EVERY_MS);
    installed.#timer.unref();
    return installed;
  }

  list(): readonly Model[] {
    return this.#models.map(({ model, precision }) => ({
      ...model,
      manifest: { ...model.manifest, precision: precision() },
    }));
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
  async #openOther(model: CatalogModel): Promise<OpenModel | undefined> {
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

  async #open(model: CatalogModel): Promise<OpenModel> {
    const manifest = await describeModel(model);
    const folder = (await stat(model.source)).isDirectory() ? model.source : dirname(model.source);
    const { precision, decoder } = await this.#wishesOf(model, manifest);
    const opened = {
      folder,
      manifest: { ...manifest, id: model.id, decoder },
      styles: await this.#catalog.styles(model),
      embeddings: await this.#catalog.embeddings.of(model.id),
      fingerprint: await this.#fingerprintOf(model.source),
      hasTinyDecoder: await hasTinyDecoder(model, manifest),
      ...(manifest.words === undefined ? {} : { reads: this.#readerOf(join(folder, manifest.words)) }),
    };
    return { model: opened, precision };
  }

  /** Its table of words is read when the first prompt is. */
  #readerOf(file: string): NonNullable<Model['reads']> {
    return async (prompt) => {
      const table = this.#tables.get(file) ?? readWordTable(file);
      this.#tables.set(file, table);
      table.catch(() => this.#tables.delete(file)); // the next prompt tries again
      return readPrompt(await table, prompt, { addsNothing: true }).prompt;
    };
  }

  /** As last known; asked again at every look, since files change. A short wait covers what is small or was hashed before. */
  async #fingerprintOf(source: string): Promise<Fingerprint | undefined> {
    if (!this.#asked.has(source)) {
      this.#asked.add(source);
      const found = this.#fingerprints
        .of(source)
        .then((fingerprint) => void this.#known.set(source, fingerprint))
        .catch(() => void this.#known.delete(source)) // opening the model says what is wrong with it
        .finally(() => this.#asked.delete(source));
      await Promise.race([found, new Promise((resolve) => setTimeout(resolve, PATIENCE_MS).unref())]);
    }
    return this.#known.get(source);
  }
}
