/**
 * The command line's drawing commands on the engine in this process: options and the model's own defaults → a determined
 * request.
 */
import { randomInt } from 'node:crypto';
import { resolve } from 'node:path';

import type { Config } from '../../config/load.ts';
import { closest } from '../../commands/closest.ts';
import { resolveSize } from '../../commands/size.ts';
import { parseStyleMix } from '../../commands/style-mix.ts';
import type { Catalog } from '../../models/catalog.ts';
import { describeModel } from '../../models/describe-model.ts';
import type { EmojiOptions, ImagineOptions, Streams, UpscaleOptions } from '../adapters/cli/actions.ts';
import { emojiToFile } from '../adapters/cli/emoji.ts';
import { drawToFiles } from '../adapters/cli/imagine.ts';
import { pictureShower, progressLine, tinted } from '../adapters/cli/terminal.ts';
import { upscaleFile } from '../adapters/cli/upscale.ts';
import { UserError } from '../core/errors.ts';
import { recipeOf, recipeTitle } from '../core/recipes.ts';
import type { GenerationRequest } from '../core/request.ts';
import type { Sampling } from '../core/sampling.ts';
import type { Style } from '../core/style.ts';
import type { Runner } from '../core/work.ts';
import { rulesOf } from '../bot/resolve.ts';
import { readWritten } from '../bot/written-prompt.ts';
import { chooseStyles, requestOf, usualStrength } from '../bot/wish.ts';
import { requireMadeFor } from './made-for.ts';
import { namedAccelerator } from './named-accelerators.ts';
import { openCatalog, openEngine } from './open-engine.ts';
import { startFrom } from './start-picture.ts';
import { stopOnSignal } from './stop-on-signal.ts';
import { usualDecoder } from './usual-decoder.ts';
import { precisionFor } from './usual-precision.ts';

export async function imagine(
  config: Config,
  prompt: string,
  options: ImagineOptions,
  { print, warn }: Streams,
): Promise<void> {
  const request = await requestFrom(config, openCatalog(config.dataFolder), prompt, options);
  const mode = options.quiet === true ? 'quiet' : options.json === true ? 'json' : 'lines';
  const show = options.show === true ? pictureShower(config.terminal, process.stdout) : undefined;
  const isPlain = config.terminal.isPlain || !process.stdout.isTTY;
  const guidance = request.recipe.guidance ?? request.guidance;
  if (options.negative !== '' && guidance <= 1 && mode !== 'quiet') {
    warn(`--negative has no effect at guidance ${guidance}; ${remedyFor(request)}.`);
  }
  if (mode !== 'quiet') {
    sayLicence(request, warn);
  }
  await withEngine(config, async (engine) => {
    await drawToFiles({
      ...engine,
      request,
      out: options.out ?? '.',
      mode,
      print: mode === 'lines' && !isPlain ? (line) => print(tinted(line)) : print,
      warn,
      progress: mode === 'lines' ? progressLine(process.stderr) : undefined,
      show,
    });
  });
}

export async function emoji(
  config: Config,
  prompt: string,
  { out, sticker = false, ...options }: EmojiOptions,
  { print, warn }: Streams,
): Promise<void> {
  const asked = { ...options, negative: '', count: 1, transparent: true };
  const request = await requestFrom(config, openCatalog(config.dataFolder), prompt, asked);
  sayLicence(request, warn);
  await withEngine(config, (engine) =>
    emojiToFile({ ...engine, request, prompt, isSticker: sticker, out, print, warn }),
  );
}

export async function upscale(
  config: Config,
  file: string,
  options: UpscaleOptions,
  { print }: Streams,
): Promise<void> {
  const { scale, out, model = config.model } = options;
  await withEngine(config, (engine) => upscaleFile({ ...engine, file, scale, out, model, print }));
}

/** Opens the engine of this machine for so long; a signal of the system stops the drawing. */
async function withEngine(
  config: Config,
  use: (engine: { readonly runner: Runner; readonly signal: AbortSignal }) => Promise<unknown>,
): Promise<void> {
  const runner = await openEngine({ ...config, device: localDevice(config), startup: 'fast' });
  const { signal, forget } = stopOnSignal();
  try {
    await use({ runner, signal });
  } finally {
    forget();
    await runner.close(0);
  }
}

/** Fills in what was left out from the model's manifest. Throws `UserError` for an unknown model or style. */
export async function requestFrom(
  config: Config,
  catalog: Catalog,
  prompt: string,
  options: ImagineOptions,
): Promise<GenerationRequest> {
  const model = await catalog.find(options.model ?? config.model);
  const installed = (await describeModel(model)).accelerators;
  const named = await namedAccelerator(options, installed);
  const isPlain = named?.accelerator.kind === 'none';
  const manifest = await describeModel(isPlain ? { ...model, accelerators: [] } : model);
  const { defaults: usual, accelerators } = manifest;
  const shape = options.ar;
  const all = await catalog.styles(model);
  const start = startFrom(options);
  const { pasted, ...written } = readWritten({ prompt, negative: options.negative ?? '' }, 'weighted', all, model.id);
  const chosen = chooseStyles(
    parseStyleMix(options.style ?? ''),
    all,
    { manifest: { id: model.id, defaults: usual, accelerators } },
    (name) => noStyle(name, all),
  );
  const request = requestOf(
    {
      prompt: written.prompt,
      negative: written.negative,
      styles: [...chosen, ...written.styles],
      seed: options.seed ?? pasted.seed ?? randomInt(0, 2 ** 32),
      count: options.count,
      // Words to keep out are said to have no effect, where they have none, and raise nothing by themselves.
      stepping: {
        steps: options.steps ?? pasted.steps,
        guidance: options.guidance ?? pasted.guidance,
        named,
        sampling: samplingAsked(options),
        leastGuidance: 0,
      },
      // A size in pixels is drawn as it is; a shape is met in the model's own sizes.
      size:
        shape === undefined
          ? (options.size ?? pasted.size)
          : resolveSize(rulesOf({ manifest }), options.size && `${options.size.width}x${options.size.height}`, shape),
      transparent: options.transparent,
      init: start && {
        file: start.file,
        strength: options.strength ?? usualStrength({ manifest: { id: model.id, defaults: usual } }, start.mask),
      },
      mask: start?.mask,
      rest: {
        precision: await precisionFor(
          { precision: config.precision, devices: [localDevice(config)] },
          model,
          manifest,
          options.precision,
        ),
        decoder: options.decoder ?? (await usualDecoder(config, model, manifest)),
        vae: options.vae === undefined ? undefined : resolve(options.vae),
      },
    },
    {
      manifest: { id: model.id, defaults: usual, accelerators, plainGrounds: model.manifest?.plainGrounds },
      embeddings: await catalog.embeddings.of(model.id),
    },
  );
  requireEtaCounts(options.eta, request);
  const presets = [...chosen, ...written.styles].map(({ style: { id, base } }) => ({ id, base }));
  await requireMadeFor(config.dataFolder, model, { presets, files: options.lora ?? [] });
  return { ...request, styles: [...request.styles, ...(options.lora ?? [])] };
}

/** Of the accelerator's published file, where it is known: whoever draws with it should know. */
function sayLicence({ recipe: { name } }: GenerationRequest, warn: Streams['warn']): void {
  if (name !== undefined && recipeOf(name).licence !== undefined) {
    warn(`${recipeTitle(name)} is licensed: ${recipeOf(name).licence}.`);
  }
}

/** What gives words to keep out an effect, where anything does. */
function remedyFor({ recipe: { name } }: GenerationRequest): string {
  return name !== undefined && recipeOf(name).guidance.most <= 1
    ? `${recipeTitle(name)} goes with no other, so leave it out or take another accelerator`
    : 'add --guidance 1.5 for it to count';
}

function samplingAsked({ scheduler, timesteps, eta }: ImagineOptions): Partial<Sampling> {
  return {
    ...(scheduler === undefined ? {} : { scheduler }),
    ...(timesteps === undefined ? {} : { grid: timesteps }),
    ...(eta === undefined ? {} : { eta }),
  };
}

/** Only these two have a share of fresh noise to choose; with another the number would be lost in silence. */
function requireEtaCounts(eta: number | undefined, { recipe: { scheduler } }: GenerationRequest): void {
  if (eta !== undefined && scheduler !== 'ddim' && scheduler !== 'tcd') {
    throw new UserError(
      'usage.eta',
      `Expected --eta with the scheduler ddim or tcd, got it with ${scheduler}, which has none. Leave it out, or add --scheduler tcd.`,
    );
  }
}

function noStyle(name: string, styles: readonly Style[]): UserError {
  const ids = styles.map(({ id }) => id);
  const near = closest(name, ids);
  const hint =
    near === undefined
      ? `There are: ${ids.length === 0 ? 'none for this model' : ids.join(', ')}.`
      : `Did you mean ${near}?`;
  return new UserError('style.unknown', `There is no style "${name}". ${hint}`, { params: { name, hint } });
}

/** The first device that is in this machine: the command line draws here, not on a remote queue. */
function localDevice(config: Config): string {
  return config.devices.find((device) => !device.includes('://')) ?? 'cpu';
}
