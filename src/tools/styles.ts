/** `fourstep style …`: presets for every server, from the command line. A file for another base is refused. */
import { basename, resolve } from 'node:path';

import type { Config } from '../../config/load.ts';
import { idFrom } from '../../models/catalog-entries.ts';
import { describeModel } from '../../models/describe-model.ts';
import type { Print, StyleAddOptions } from '../adapters/cli/actions.ts';
import { UserError } from '../core/errors.ts';
import { inspectLora } from '../engine/weights/index.ts';
import { fingerprintOf, requireMadeFor } from '../start/made-for.ts';
import { openCatalog } from '../start/open-engine.ts';
import { addEmbedding } from './embeddings.ts';

export async function addStyle(config: Config, file: string, options: StyleAddOptions, print: Print): Promise<void> {
  const catalog = openCatalog(config.dataFolder);
  const model = await catalog.find(options.model ?? config.model);
  const looked = await inspectLora(resolve(file)).catch((error: unknown) => {
    if (error instanceof UserError && error.code === 'lora.embedding') {
      return 'embedding' as const;
    }
    throw error;
  });
  if (looked === 'embedding') {
    return addEmbedding(
      config,
      file,
      { model: model.id, ...(options.name !== undefined && { word: options.name }) },
      print,
    );
  }
  const [facts, manifest] = [looked, await describeModel(model)];
  if (facts.base !== undefined && facts.base !== 'other' && manifest.base !== 'other' && facts.base !== manifest.base) {
    throw new UserError(
      'lora.base',
      `Expected a LoRA for ${manifest.base} (the model ${model.id}), but this one is for ${facts.base}. Choose its model with --model.`,
      {
        params: { expected: manifest.base, found: facts.base },
      },
    );
  }
  const name = options.name ?? basename(file, '.safetensors');
  const id = idFrom(name);
  const { weight, trigger, negative, description } = options;
  await requireMadeFor(config.dataFolder, model, { files: [{ id: name, file: resolve(file), weight }] });
  const base = await fingerprintOf(config.dataFolder, model);
  await catalog.addStyle(id, resolve(file), { name, model: model.id, weight, trigger, negative, description, base });
  print(`added ${id}: --style ${id} draws with it`);
}

export async function listStyles(config: Config, { json }: { readonly json?: boolean }, print: Print): Promise<void> {
  const catalog = openCatalog(config.dataFolder);
  for (const model of await catalog.models()) {
    for (const style of await catalog.styles(model)) {
      print(
        json === true
          ? JSON.stringify({ ...style, isEmbedded: style.origin.kind === 'model' })
          : `${style.id}  ${style.name}  for ${model.id}  weight ${style.weight}  ${style.description}`,
      );
    }
  }
}

export async function removeStyle(config: Config, id: string, print: Print): Promise<void> {
  await openCatalog(config.dataFolder).removeStyle(id);
  print(`removed ${id}`);
}
