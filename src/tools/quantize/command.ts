/**
 * `fourstep quantize MODEL`: makes a model's 8-bit weights now, which its first picture would else wait for; `--report`
 * says what they cost: pictures against fp32, and the UNet layer by layer.
 */
import { join } from 'node:path';

import type { Config } from '../../../config/load.ts';
import { describeModel } from '../../../models/describe-model.ts';
import type { QuantizeOptions } from '../../adapters/cli/actions.ts';
import { defaultRequest } from '../../core/default-request.ts';
import { openCatalog, openEngine } from '../../start/open-engine.ts';
import { sweepLayers, type LayerReport } from './layers.ts';
import { compareInBoth, readPrompts, type Likeness } from './pictures.ts';
import { recordCalls } from './record.ts';

type Streams = { readonly print: (line: string) => void; readonly warn: (line: string) => void };

/** Pictures whose calls the layers are compared over. */
const SWEPT_PICTURES = 2;
const SHOWN_LAYERS = 12;

/** Throws `UserError` for an unknown model or prompts that cannot be read. */
export async function quantizeModel(
  config: Config,
  id: string,
  { report, prompts: promptFile, style, json }: QuantizeOptions,
  { print, warn }: Streams,
): Promise<void> {
  const catalog = openCatalog(config.dataFolder);
  const model = await catalog.find(id);
  const manifest = { ...(await describeModel(model)), id };
  const styles = (await catalog.styles(model))
    .filter((each) => each.id === style)
    .map(({ file, weight }) => ({ id: style ?? '', file, weight }));
  const requests = (await readPrompts(promptFile)).map((prompt, seed) =>
    defaultRequest(manifest, prompt, { seed, styles, promptGrammar: 'weighted' }),
  );
  const runner = await openEngine({ device: 'cpu', dataFolder: config.dataFolder, startup: 'fast' });
  let likeness: Likeness;
  try {
    likeness = await compareInBoth(runner, report === true ? requests : requests.slice(0, 1), warn);
  } finally {
    await runner.close(0);
  }
  if (report !== true) {
    print(`${id}: 8-bit weights are made; --precision int8 draws with them, --report says what they cost`);
    return;
  }
  warn('layer by layer …');
  const recorded = await recordCalls(model, requests.slice(0, SWEPT_PICTURES), join(config.dataFolder, 'cache'));
  const layers = await sweepLayers({ ...recorded, cacheDir: join(config.dataFolder, 'cache'), say: warn });
  print(json === true ? JSON.stringify({ model: id, ...likeness, ...layers }) : render(id, likeness, layers));
}

function render(id: string, { pictures, psnr, denoiseMs }: Likeness, { all, layers }: LayerReport): string {
  const percent = (ratio: number): string => `${(100 * ratio).toFixed(2)} %`;
  return [
    `${id} in 8 bits against fp32, ${pictures} pictures: PSNR ${psnr.median.toFixed(1)} dB in the median, ${psnr.worst.toFixed(1)} at worst ("${psnr.worstPrompt}")`,
    `  denoising one picture: ${denoiseMs.int8.toFixed(0)} ms, in fp32 ${denoiseMs.fp32.toFixed(0)}`,
    `  a call of the UNet, relative L2: ${percent(all)}; by kind, one layer alone (mean, worst):`,
    ...kindsOf(layers).map(
      ({ kind, count, mean, worst }) =>
        `    ${kind.padEnd(32)} ${String(count).padStart(4)}   ${percent(mean)}   ${percent(worst)}`,
    ),
    '  the layers that cost most:',
    ...layers.slice(0, SHOWN_LAYERS).map(({ layer, difference }) => `    ${percent(difference)}   ${layer}`),
  ].join('\n');
}

type Kind = { readonly kind: string; readonly count: number; readonly mean: number; readonly worst: number };

/** By the last words of their names, without numbers. */
function kindsOf(layers: LayerReport['layers']): readonly Kind[] {
  const groups = new Map<string, number[]>();
  for (const { layer, difference } of layers) {
    const kind = layer
      .split('.')
      .filter((word) => !/^\d+$/u.test(word))
      .slice(-2)
      .join('.');
    groups.set(kind, [...(groups.get(kind) ?? []), difference]);
  }
  return [...groups]
    .map(([kind, costs]) => ({
      kind,
      count: costs.length,
      mean: costs.reduce((sum, cost) => sum + cost, 0) / costs.length,
      worst: Math.max(...costs),
    }))
    .toSorted((a, b) => b.mean - a.mean);
}
