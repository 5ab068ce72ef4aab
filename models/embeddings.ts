/**
 * Textual inversions that an operator added: in the data folder `embeddings/<id>.json`, which says the word and the model, beside
 * its `.safetensors`. Opens no weights.
 */
import { createHash } from 'node:crypto';
import { copyFile, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { z } from 'zod';

import { UserError } from '../src/core/errors.ts';
import type { EmbeddingUse } from '../src/core/request.ts';
import { exists, namesIn, readJson, writeJson, writeWhole } from './catalog-files.ts';

const entry = z.object({ word: z.string().min(1), model: z.string().min(1) });

export class Embeddings {
  readonly #folder: string;

  constructor(dataFolder: string) {
    this.#folder = join(dataFolder, 'embeddings');
  }

  /** For a model, by its catalog id. */
  async of(model: string): Promise<readonly EmbeddingUse[]> {
    const names = (await namesIn(this.#folder)).filter((name) => name.endsWith('.json'));
    const found = await Promise.all(
      names.map(async (name) => ({
        ...(await readJson(join(this.#folder, name), entry)),
        file: join(this.#folder, name.replace(/\.json$/, '.safetensors')),
      })),
    );
    return found.flatMap(({ word, model: own, file }) => (word !== undefined && own === model ? [{ word, file }] : []));
  }

  /** Copies the file. Throws `UserError` `embedding.taken` where the model has that word. */
  async add(file: string, { word, model }: z.infer<typeof entry>): Promise<void> {
    const id = this.#idOf(word, model);
    if (await exists(join(this.#folder, `${id}.json`))) {
      throw new UserError(
        'embedding.taken',
        `The model ${model} has a word "${word}" already; choose another --word, or remove it first.`,
        { params: { word, model } },
      );
    }
    const target = join(this.#folder, `${id}.safetensors`);
    await writeWhole(target, (part) => copyFile(file, part));
    await writeJson(join(this.#folder, `${id}.json`), { word, model }).catch(async (error: unknown) => {
      await rm(target, { force: true });
      throw error;
    });
  }

  /** Throws `UserError` `embedding.unknown`. */
  async remove(word: string, model: string): Promise<void> {
    const id = this.#idOf(word, model);
    if (!(await exists(join(this.#folder, `${id}.json`)))) {
      const words = (await this.of(model)).map((known) => known.word).join(', ') || 'none';
      throw new UserError('embedding.unknown', `The model ${model} has no added word "${word}"; it has: ${words}.`, {
        params: { word, model, words },
      });
    }
    await rm(join(this.#folder, `${id}.json`), { force: true });
    await rm(join(this.#folder, `${id}.safetensors`), { force: true });
  }

  #idOf(word: string, model: string): string {
    const digest = createHash('sha256')
      .update(JSON.stringify([model, word.toLowerCase()]))
      .digest('hex');
    return digest.slice(0, 16);
  }
}
