/**
 * The command line's drawing commands on the engine in this process: options and the model's own defaults → a determined
 * request.
 */
import { randomInt } from 'node:crypto';
import { resolve } from 'node:path';

import type { Config } from '../../config/load.ts';
import { withTrigger } from '../../commands/prompt-words.ts';
import { closest } from '../../commands/closest.ts';
import { parseStyleMix } from '../../commands/style-mix.ts';
import type { Catalog, CatalogStyle } from '../../models/catalog.ts';
import { describeModel } from '../../models/describe-model.ts';
import type { ImagineOptions, UpscaleOptions } from '../adapters/cli/commands.ts';
import { drawToFiles } from '../adapters/cli/imagine.ts';
import { upscaleFile } from '../adapters/cli/upscale.ts';
import { defaultRequest } from '../core/default-request.ts';
import { UserError } from '../core/errors.ts';
import type { Accelerator, GenerationRequest, StyleUse } from '../core/request.ts';
import { openCatalog, openEngine } from './open-engine.ts';

const USUAL_STRENGTH = 0.6;

type Streams = { readonly print: (line: string) => void; readonly warn: (line: string) => void };

export async function imagine(
  config: Config,
  prompt: string,
  options: ImagineOptions,
  { print, warn }: Streams,
): Promise<void> {
  const request = await requestOf(config, openCatalog(config.dataFolder), prompt, options);
  const mode = options.quiet === true ? 'quiet' : options.json === true ? 'json' : 'lines';
  if (options.negative !== '' && request.guidance <= 1 && mode !== 'quiet') {
    warn(`--negative has no effect at guidance ${request.guidance}; add --guidance 1.5 for it to count.`);
  }
  const runner = openEngine({ device: localDevice(config), dataFolder: config.dataFolder, startup: 'fast' });
  const stop = stopOnSignal();
  try {
    await drawToFiles({
      request,
      runner,
      out: options.out ?? '.',
      mode,
      print,
      warn,
      signal: stop.signal,
    });
  } finally {
    stop.forget();
    await runner.close(0);
  }
}

export async function upscale(
  config: Config,
  file: string,
  options: UpscaleOptions,
  { print }: Streams,
): Promise<void> {
  const runner = openEngine({ device: localDevice(config), dataFolder: config.dataFolder, startup: 'fast' });
  const stop = stopOnSignal();
  try {
    await upscaleFile({
      file,
      scale: options.scale,
      out: options.out,
      model: options.model ?? config.model,
      runner,
      print,
      signal: stop.signal,
    });
  } finally {
    stop.forget();
    await runner.close(0);
  }
}

/** Fills in what was left out from the model's manifest. Throws `UserError` for an unknown model or style. */
export async function requestOf(
  config: Config,
  catalog: Catalog,
  prompt: string,
  options: ImagineOptions,
): Promise<GenerationRequest> {
  const model = await catalog.find(options.model ?? config.model);
  const accelerator = acceleratorOf(options.lcmLora);
  const { defaults: usual } = await describeModel(
    accelerator.kind === 'model' ? model : { ...model, lcmLora: accelerator },
  );
  const styles = await stylesOf(await catalog.styles(model), options.style ?? '');
  const negatives = [options.negative, ...styles.map(({ style }) => style.negative)].filter((words) => words !== '');
  if (options.strength !== undefined && options.init === undefined) {
    throw new UserError('usage.strength', 'Expected --strength together with --init FILE, got it alone. Add --init.');
  }
  const words = styles.reduceRight((sofar, { style }) => withTrigger(sofar, style.trigger), prompt);
  return defaultRequest({ id: model.id, defaults: usual }, words, {
    negative: negatives.join(', '),
    accelerator,
    vae: options.vae === undefined ? undefined : resolve(options.vae),
    styles: [...styles.map(({ use }) => use), ...(options.lora ?? [])],
    seed: options.seed ?? randomInt(0, 2 ** 32),
    count: options.count,
    steps: options.steps ?? usual.steps,
    guidance: options.guidance ?? usual.guidance,
    width: options.size?.width ?? usual.width,
    height: options.size?.height ?? usual.height,
    recipe: { scheduler: options.scheduler ?? usual.scheduler },
    init:
      options.init === undefined
        ? undefined
        : { file: resolve(options.init), strength: options.strength ?? USUAL_STRENGTH },
  });
}

function acceleratorOf(text: string | undefined): Accelerator {
  if (text === undefined) {
    return { kind: 'model' };
  }
  return text === 'none' ? { kind: 'none' } : { kind: 'file', file: resolve(text) };
}

async function stylesOf(
  styles: readonly CatalogStyle[],
  mix: string,
): Promise<readonly { readonly style: CatalogStyle; readonly use: StyleUse }[]> {
  return parseStyleMix(mix).map(({ name, share }) => {
    const style =
      styles.find(({ id }) => id === name) ?? styles.find((each) => each.name.toLowerCase() === name.toLowerCase());
    if (style === undefined) {
      const ids = styles.map(({ id }) => id);
      const near = closest(name, ids);
      const hint =
        near === undefined
          ? `There are: ${ids.length === 0 ? 'none for this model' : ids.join(', ')}.`
          : `Did you mean ${near}?`;
      throw new UserError('style.unknown', `There is no style "${name}". ${hint}`, { params: { name, hint } });
    }
    return { style, use: { id: style.id, file: style.file, weight: style.weight * share } };
  });
}

/** The first device that is in this machine: the command line draws here, not on a remote queue. */
function localDevice(config: Config): string {
  return config.devices.find((device) => !device.includes('://')) ?? 'cpu';
}

/** Ctrl-C cancels at the next step instead of tearing the process down. */
function stopOnSignal(): { readonly signal: AbortSignal; readonly forget: () => void } {
  const abort = new AbortController();
  const stop = (): void => abort.abort();
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  return {
    signal: abort.signal,
    forget: () => {
      process.off('SIGINT', stop);
      process.off('SIGTERM', stop);
    },
  };
}
