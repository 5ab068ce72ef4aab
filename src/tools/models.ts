/** `fourstep model …`: the catalog from the command line. Adding opens the model once: what is wrong shows now. */
import { rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';

import type { Config } from '../../config/load.ts';
import type { Catalog, CatalogModel } from '../../models/catalog.ts';
import { idFrom } from '../../models/catalog-entries.ts';
import { describeModel } from '../../models/describe-model.ts';
import type { ModelAddOptions, Print } from '../adapters/cli/actions.ts';
import { defaultRequest } from '../core/default-request.ts';
import { UserError } from '../core/errors.ts';
import type { GenerationRequest } from '../core/request.ts';
import { recipeOf } from '../core/recipes.ts';
import { vaeBeside } from '../engine/model/vae-override.ts';
import { eightBitInstructions } from '../engine/ort/index.ts';
import { describeCheckpoint } from '../engine/weights/index.ts';
import { addedAccelerators } from '../start/named-accelerators.ts';
import { openCatalog, openEngine } from '../start/open-engine.ts';
import { precisionFor } from '../start/usual-precision.ts';
import { downloadModel, parseHubName } from './hub-download.ts';

/** Sides of the trial picture: what is wrong with a model shows in a small one too. */
const TRIAL_PX = 256;

/** Downloads a hub repository first; then points the catalog at it, merges its LCM-LoRA and draws one small picture. */
export async function addModel(config: Config, given: string, options: ModelAddOptions, print: Print): Promise<void> {
  const catalog = openCatalog(config.dataFolder);
  const hubName = parseHubName(given);
  const id = options.id ?? idFrom(hubName?.repo ?? given);
  await catalog.checkFree(id);
  if (hubName === undefined && options.variant !== undefined) {
    throw new UserError('usage.variant', 'Expected --variant with hf:owner/name, got it with a path. Leave it out.');
  }
  const accelerators = await addedAccelerators(options, print);
  const source =
    hubName === undefined
      ? given
      : await downloadModel({
          ...hubName,
          ...config.hub,
          variant: options.variant,
          folder: hubFolder(config),
          say: print,
        });
  const name = options.name ?? hubName?.repo.split('/').at(-1);
  const { strength } = options;
  const tinyVae = options.tinyVae === undefined ? undefined : resolve(options.tinyVae);
  const vae = options.vae === undefined ? await vaeOfBase(catalog, resolve(source), print) : resolve(options.vae);
  const model = await catalog.addModel({ id, source, accelerators, name, vae, tinyVae, strength });
  try {
    await drawTrial(config, model, print);
  } catch (error) {
    await catalog.removeModel(model.id);
    throw error;
  }
  print(`added ${model.id}: MODEL=${model.id} makes it the default, --model ${model.id} draws with it`);
}

/** For a checkpoint that has no VAE, in itself or beside it: that of another model of its base, if there is one. */
async function vaeOfBase(catalog: Catalog, source: string, print: Print): Promise<string | undefined> {
  const isFile = await stat(source).then(
    (stats) => stats.isFile(),
    () => false, // Adding it says what is wrong.
  );
  if (!isFile || (await vaeBeside(source)) !== undefined) {
    return undefined;
  }
  const { base, hasVae } = await describeCheckpoint(source);
  if (hasVae) {
    return undefined;
  }
  for (const model of await catalog.models()) {
    const other = await describeModel(model).catch(() => undefined);
    const vae = other?.base === base ? await vaeOf(model) : undefined;
    if (vae !== undefined) {
      print(`it has no VAE, so it takes that of ${model.id} (${vae}); --vae names another`);
      return vae;
    }
  }
  return undefined;
}

async function vaeOf({ source, vae }: CatalogModel): Promise<string | undefined> {
  if (vae !== undefined) {
    return vae;
  }
  const isWhole = (await stat(source)).isDirectory() || (await describeCheckpoint(source)).hasVae;
  return isWhole ? source : vaeBeside(source);
}

async function drawTrial(config: Config, model: CatalogModel, print: Print): Promise<void> {
  const manifest = await describeModel(model);
  const { defaults, accelerators } = manifest;
  // In what it will be drawn in, so that its weights are ready then.
  const precision = eightBitInstructions() === undefined ? 'fp32' : await precisionFor(config, model, manifest);
  const runner = await openEngine({ device: 'cpu', dataFolder: config.dataFolder, startup: 'fast' });
  // One step whatever the recipe: this is about weights. Each accelerator is merged, so that nobody waits for it later.
  const trial = (changes: Partial<GenerationRequest>): GenerationRequest =>
    defaultRequest({ id: model.id, defaults }, 'a trial', {
      precision,
      steps: 1,
      guidance: 1,
      width: Math.min(TRIAL_PX, defaults.width),
      height: Math.min(TRIAL_PX, defaults.height),
      ...changes,
    });
  const requests = [
    ...(accelerators.length === 0
      ? [trial({})]
      : accelerators.map(({ id }) => trial({ accelerator: { kind: 'model', id } }))),
    ...(model.tinyVae === undefined ? [] : [trial({ decoder: 'tiny' })]),
  ];
  try {
    for (const request of requests) {
      const work = { kind: 'imagine', id: 'model-add', previewAfter: [], request } as const;
      for await (const event of runner.run(work, new AbortController().signal)) {
        if (event.kind === 'notice') {
          print(event.sentence);
        }
        if (event.kind === 'preparing') {
          print('making its weights ready for this machine …');
        }
      }
    }
  } finally {
    await runner.close(0);
  }
}

/** A model whose files are gone is listed with what to do about it. */
export async function listModels(config: Config, { json }: { readonly json?: boolean }, print: Print): Promise<void> {
  for (const model of await openCatalog(config.dataFolder).models()) {
    const { id, source, isEmbedded } = model;
    try {
      const { name, base, defaults, accelerators } = await describeModel(model);
      const licensed = accelerators.map((each) => ({ ...each, licence: recipeOf(each.recipe).licence }));
      const quick = licensed
        .map(({ id: accelerator, licence }) => (licence === undefined ? accelerator : `${accelerator}: ${licence}`))
        .join(', ');
      print(
        json === true
          ? JSON.stringify({ id, name, base, source, isEmbedded, defaults, accelerators: licensed })
          : `${id}  ${name}  ${base}  ${defaults.width}x${defaults.height}  ${defaults.steps} steps${quick === '' ? '' : ` (${quick})`}  ${source}`,
      );
    } catch (error) {
      if (!(error instanceof UserError)) {
        throw error;
      }
      print(
        json === true ? JSON.stringify({ id, source, isEmbedded, fault: error.message }) : `${id}  ${error.message}`,
      );
    }
  }
}

/** Files that were downloaded for the model go with it, unless another one is made of them. */
export async function removeModel(config: Config, id: string, print: Print): Promise<void> {
  const catalog = openCatalog(config.dataFolder);
  const { source } = await catalog.removeModel(id);
  const isDownloaded = dirname(source) === hubFolder(config);
  if (isDownloaded && !(await catalog.models()).some((model) => model.source === source)) {
    await rm(source, { recursive: true, force: true });
    print(`removed ${id} and what was downloaded for it`);
    return;
  }
  print(`removed ${id}; its files stay where they are`);
}

function hubFolder({ dataFolder }: Config): string {
  return join(dataFolder, 'hub');
}
