/**
 * `fourstep quantize MODEL`: makes a model's 8-bit weights now, which its first picture would else wait for; `--report`
 * says what they cost: pictures against fp32, and the UNet layer by layer.
 */
import { access, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Config } from '../../../config/load.ts';
import { describeModel } from '../../../models/describe-model.ts';
import type { QuantizeOptions } from '../../adapters/cli/actions.ts';
import { defaultRequest } from '../../core/default-request.ts';
import { UserError } from '../../core/errors.ts';
import type { StyleUse } from '../../core/request.ts';
import { openCatalog, openEngine } from '../../start/open-engine.ts';
import { drawBesidePeer, type PeerReport } from './beside-peer.ts';
import { flipErrors } from './flip.ts';
import { differenceInEightBits, sweepLayers } from './layers.ts';
import { compareInBoth, middle, readPrompts, type Likeness } from './pictures.ts';
import { recordCalls } from './record.ts';
import { type Flip, render } from './render.ts';
import { withWatchedModel } from './watched-model.ts';

type Streams = { readonly print: (line: string) => void; readonly warn: (line: string) => void };

/** Pictures whose calls are compared. */
const SWEPT_PICTURES = 2;

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
    const cacheDir = join(config.dataFolder, 'cache');
    const deeper = await withWatchedModel(model, requests[0], cacheDir, async (watched) => {
      const calls = await recordCalls(watched, requests.slice(0, SWEPT_PICTURES));
      const net = { ...watched, calls, cacheDir };
      const difference = await differenceInEightBits(net);
      const peer = await besidePeer({ model: watched, requests, calls, say: warn }, model.source, python, style);
      warn(only === 'pictures' ? 'layers are left out' : 'layer by layer …');
      return { difference, peer, sweep: only === 'pictures' ? undefined : await sweepLayers({ ...net, say: warn }) };
    });
    const whole = { model: id, style, ...likeness, flip, ...deeper };
    print(json === true ? JSON.stringify(whole) : render(whole));
  } finally {
    await kept.remove();
  }
}

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

/** Undefined, and said why, where there is nothing to compare with. */
async function besidePeer(
  comparison: Pick<Parameters<typeof drawBesidePeer>[0], 'model' | 'requests' | 'calls' | 'say'>,
  source: string,
  python: string | undefined,
  style: string | undefined,
): Promise<PeerReport | undefined> {
  const config = join(source, 'unet', 'config.json');
  const isReadable = await access(config).then(
    () => true,
    () => false,
  );
  if (python === undefined || style !== undefined || !isReadable) {
    comparison.say('OpenVINO is left out: it needs --python, a diffusers folder and no style');
    return undefined;
  }
  return drawBesidePeer({ ...comparison, python, config });
}
