/**
 * `fourstep quantize MODEL`: makes a model's 8-bit weights now, which its first picture would else wait for; `--report`
 * says what they cost: pictures against fp32, and the UNet layer by layer.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Config } from '../../../config/load.ts';
import { describeModel } from '../../../models/describe-model.ts';
import type { QuantizeOptions } from '../../adapters/cli/actions.ts';
import { defaultRequest } from '../../core/default-request.ts';
import { UserError } from '../../core/errors.ts';
import type { StyleUse } from '../../core/request.ts';
import { openCatalog, openEngine } from '../../start/open-engine.ts';
import { flipErrors } from './flip.ts';
import { sweepLayers, type LayerReport } from './layers.ts';
import { compareInBoth, middle, readPrompts, type Likeness } from './pictures.ts';
import { recordCalls } from './record.ts';

type Streams = { readonly print: (line: string) => void; readonly warn: (line: string) => void };

/** Pictures whose calls the layers are compared over. */
const SWEPT_PICTURES = 2;
const SHOWN_LAYERS = 12;

/** Throws `UserError` for an unknown model or style, prompts that cannot be read, a Python without FLIP. */
export async function quantizeModel(
  config: Config,
  id: string,
  { report = false, prompts: promptFile, style, python, pictures, only, json }: QuantizeOptions,
  { print, warn }: Streams,
): Promise<void> {
  const catalog = openCatalog(config.dataFolder);
  const model = await catalog.find(id);
  const manifest = { ...(await describeModel(model)), id };
  const styles = style === undefined ? [] : [styleOf(await catalog.styles(model), id, style)];
  const requests = (await readPrompts(promptFile)).map((prompt, seed) =>
    defaultRequest(manifest, prompt, { seed, styles, promptGrammar: 'weighted' }),
  );
  const kept = await pairsFolder(pictures, python);
  try {
    const runner = await openEngine({ device: 'cpu', dataFolder: config.dataFolder, startup: 'fast' });
    let likeness: Likeness;
    try {
      const drawn = report ? requests : requests.slice(0, 1);
      likeness = await compareInBoth(runner, drawn, { say: warn, folder: kept.folder });
    } finally {
      await runner.close(0);
    }
    if (!report) {
      print(`${id}: 8-bit weights are made; --precision int8 draws with them, --report says what they cost`);
      return;
    }
    const flip = python === undefined ? undefined : flipOf(await flipErrors(python, kept.folder ?? ''));
    const sweep = async (): Promise<LayerReport> => {
      warn('layer by layer …');
      const cacheDir = join(config.dataFolder, 'cache');
      const recorded = await recordCalls(model, requests.slice(0, SWEPT_PICTURES), cacheDir);
      return sweepLayers({ ...recorded, cacheDir, say: warn });
    };
    const whole = { model: id, style, ...likeness, flip, sweep: only === 'pictures' ? undefined : await sweep() };
    print(json === true ? JSON.stringify(whole) : render(whole));
  } finally {
    await kept.remove();
  }
}

type Flip = { readonly median: number; readonly worst: number };

function flipOf(errors: readonly number[]): Flip {
  return { median: middle(errors), worst: Math.max(...errors) };
}

function styleOf(known: readonly StyleUse[], model: string, id: string): StyleUse {
  const found = known.find((each) => each.id === id);
  if (found === undefined) {
    const ids = known.map((each) => each.id).join(', ');
    throw new UserError(
      'quantize.style',
      `Expected a style of ${model}, but it has no "${id}"; ${ids === '' ? 'it has none: leave --style out' : `it has ${ids}`}.`,
    );
  }
  return { id, file: found.file, weight: found.weight };
}

type Kept = { readonly folder: string | undefined; readonly remove: () => Promise<void> };

/** Where pairs of pictures go: what was asked for, or for FLIP alone a folder that is gone afterwards. */
async function pairsFolder(asked: string | undefined, python: string | undefined): Promise<Kept> {
  if (asked !== undefined) {
    await mkdir(asked, { recursive: true });
    return { folder: asked, remove: async () => {} };
  }
  if (python === undefined) {
    return { folder: undefined, remove: async () => {} };
  }
  const folder = await mkdtemp(join(tmpdir(), 'fourstep-pairs-'));
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}

type Whole = Likeness & {
  readonly model: string;
  readonly style: string | undefined;
  readonly flip: Flip | undefined;
  readonly sweep: LayerReport | undefined;
};

function render({ model, style, pictures, psnr, flip, denoiseMs, sweep }: Whole): string {
  return [
    `${model}${style === undefined ? '' : ` in ${style}`} in 8 bits against fp32, ${pictures} pictures: PSNR ${psnr.median.toFixed(1)} dB in the median, at worst`,
    ...psnr.lowest.map((each) => `    ${each.psnr.toFixed(1).padStart(5)} ("${each.prompt}")`),
    ...(flip === undefined
      ? []
      : [`  FLIP ${flip.median.toFixed(4)} in the median, ${flip.worst.toFixed(4)} at worst`]),
    `  denoising one picture: ${denoiseMs.int8.toFixed(0)} ms, in fp32 ${denoiseMs.fp32.toFixed(0)}`,
    ...(sweep === undefined ? [] : renderSweep(sweep)),
  ].join('\n');
}

function renderSweep({ all, kinds, layers }: LayerReport): readonly string[] {
  const percent = (ratio: number): string => `${(100 * ratio).toFixed(2)} %`.padStart(8);
  const row = (kind: string, count: number, cells: readonly number[]): string =>
    `    ${kind.padEnd(32)} ${String(count).padStart(4)} ${cells.map(percent).join(' ')}`;
  return [
    '  a call of the UNet by kind of layer: relative L2 with the whole kind in 8 bits, with its worst layer, time saved:',
    ...kinds.map(({ kind, count, difference, worst, gain }) => row(kind, count, [difference, worst, gain])),
    row('all', all.count, [all.difference, layers[0]?.difference ?? 0, all.gain]),
    '  the layers that cost most:',
    ...layers.slice(0, SHOWN_LAYERS).map(({ layer, difference }) => `    ${percent(difference)}   ${layer}`),
  ];
}
