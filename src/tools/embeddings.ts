/** `fourstep model add-embedding …`: words that a textual inversion taught, for a model. A file for another base is refused. */
import { resolve } from 'node:path';

import type { Config } from '../../config/load.ts';
import { describeModel } from '../../models/describe-model.ts';
import { Embeddings } from '../../models/embeddings.ts';
import type { EmbeddingOptions, Print } from '../adapters/cli/actions.ts';
import { UserError } from '../core/errors.ts';
import type { Base } from '../core/manifest.ts';
import { describeEmbedding, openEmbeddings } from '../engine/weights/index.ts';
import { openCatalog } from '../start/open-engine.ts';

/** The file says its word where it has one; else it is the file's name, or `--word`. */
export async function addEmbedding(
  config: Config,
  file: string,
  options: EmbeddingOptions,
  print: Print,
): Promise<void> {
  const model = await openCatalog(config.dataFolder).find(options.model ?? config.model);
  const [[own], { base }, manifest] = await Promise.all([
    openEmbeddings(resolve(file)),
    describeEmbedding(resolve(file)),
    describeModel(model),
  ]);
  if (base !== undefined && manifest.base !== 'other' && !fits(base, manifest.base)) {
    throw new UserError(
      'embedding.model',
      `Expected a textual inversion for ${manifest.base} (the model ${model.id}), but this one is for ${base}; choose its model with --model.`,
      { params: { expected: manifest.base, found: base } },
    );
  }
  const word = options.word ?? own?.word ?? '';
  await new Embeddings(config.dataFolder).add(resolve(file), { word, model: model.id });
  const widths =
    own?.encoders.map((vectors) => `${vectors.length} of ${vectors[0]?.length ?? 0} numbers`).join(' and ') ?? '';
  print(`added "${word}" (${widths}) for ${model.id}: write it in a prompt, or embedding:${word}`);
}

/** SSD-1B and Vega have SDXL's text encoders. */
function fits(base: Base, ofModel: Base): boolean {
  return base === ofModel || (base === 'sdxl' && ofModel === 'ssd1b');
}

export async function removeEmbedding(
  config: Config,
  word: string,
  options: Pick<EmbeddingOptions, 'model'>,
  print: Print,
): Promise<void> {
  const model = await openCatalog(config.dataFolder).find(options.model ?? config.model);
  await new Embeddings(config.dataFolder).remove(word, model.id);
  print(`removed "${word}" of ${model.id}`);
}
