/** Models held by the engine, as far as changing their accelerator goes: what is kept, what is opened anew. */
import { plainText } from '../../src/engine/model/prompt-encoder.ts';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { modelsFolder } from '../../config/paths.ts';
import type { Accelerator } from '../../src/core/request.ts';
import { ModelCache } from '../../src/engine/model-cache.ts';
import type { Model } from '../../src/engine/model/model.ts';
import { sessionOpener, type SessionOpener } from '../../src/engine/model/session-opener.ts';
import { writeTinyLora, writeTinyModel } from '../support/tiny-model.ts';

const QUICK = ['to_q', 'to_k', 'to_v', 'to_out.0', 'conv1', 'conv2'];
const SIZE = { channels: 4, height: 8, width: 8 };
const GIB = 2 ** 30;

let folder = '';
let model = '';
let mapped: string[] = [];
let opened: string[] = [];
let cache: ModelCache;

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'fourstep-switch-'));
  model = path.join(folder, 'tiny');
  writeTinyModel('sd15', model);
  for (const name of ['fast', 'fine']) {
    writeTinyLora('sd15', { name, targets: QUICK, rank: 4, alpha: 4 }, path.join(model, `${name}.safetensors`));
  }
  const wordy = { name: 'wordy', targets: [...QUICK, 'q_proj'], rank: 4, alpha: 4 };
  writeTinyLora('sd15', wordy, path.join(model, 'wordy.safetensors'));
  const accelerators = [
    { id: 'hyper-sd-8', file: 'fine.safetensors', recipe: 'hyper-sd-8' },
    { id: 'lcm', file: 'fast.safetensors', recipe: 'lcm' },
  ];
  writeFileSync(
    path.join(model, 'fourstep.json'),
    JSON.stringify({
      id: 'tiny',
      name: 'Tiny',
      base: 'sd15',
      accelerators,
      defaults: { width: 64, height: 64, steps: 4, guidance: 1, scheduler: 'ddim' },
      sizes: [64],
    }),
  );
});
afterAll(() => rmSync(folder, { recursive: true }));

beforeEach(() => {
  opened = [];
  mapped = [];
  cache = cacheWith({ smallBytes: 0 });
});
afterEach(() => cache.close());

function cacheWith({ provider = 'cpu', ...size }: CacheOptions): ModelCache {
  const plain = sessionOpener({ device: { kind: 'cpu' }, numberType: 'f32', startup: 'fast', threads: 1 });
  const open: SessionOpener = Object.assign(
    (graph: Parameters<SessionOpener>[0]) => {
      opened.push(graph.name);
      return plain(graph);
    },
    {
      mapped: (graph: Parameters<SessionOpener>[0]) => {
        mapped.push(graph.name);
        return open(graph);
      },
      besideWindow: plain.besideWindow,
      lean: (graph: Parameters<SessionOpener>[0]) => open(graph),
      memory: plain.memory,
      target: { ...plain.target, provider },
    },
  );
  return new ModelCache({
    ...size,
    locate: async () => ({ source: model }),
    open,
    cacheDir: path.join(folder, 'cache'),
    clipTokenizer: path.join(modelsFolder, 'clip'),
    budgetBytes: GIB,
  });
}

type CacheOptions = { readonly smallBytes?: number; readonly provider?: SessionOpener['target']['provider'] };

const lease = (accelerator: Accelerator) =>
  cache.lease({ model: 'tiny', accelerator, vae: undefined, precision: 'fp32' as const });

/** Opens every net that a picture needs. Returns the UNet's answer. */
async function draw(on: Model): Promise<Float32Array> {
  const styles = await on.styles.prepare([]);
  const { conditioning } = await on.prompts.encode(plainText('a fox'), styles);
  const writeInput = (target: Float32Array) => void target.fill(0.5);
  const answer = await on.predict([{ timestep: 999, writeInput, conditioning, guidance: 1, styles }], SIZE);
  await on.decode([new Float32Array(SIZE.channels * SIZE.height * SIZE.width)], SIZE, { decoder: 'full' });
  return answer.slice();
}

async function drawWith(accelerator: Accelerator): Promise<Float32Array> {
  const { value, release } = await lease(accelerator);
  try {
    return await draw(value);
  } finally {
    release();
  }
}

describe('a small model with several accelerators', () => {
  it('is open with each of them, its weights packed', async () => {
    cache = cacheWith({});
    const fast: Accelerator = { kind: 'model', id: 'lcm' };
    const fine: Accelerator = { kind: 'model', id: 'hyper-sd-8' };
    const before = [await drawWith(fast), await drawWith(fine)];
    expect(mapped).toEqual([]);
    opened = [];
    expect([await drawWith(fast), await drawWith(fine)]).toEqual(before);
    expect(opened).toEqual([]);
  });
});

describe('a model that changes its accelerator', () => {
  const fine: Accelerator = { kind: 'model', id: 'hyper-sd-8' };
  const fast: Accelerator = { kind: 'model', id: 'lcm' };

  it('opens its UNet anew and keeps its text encoder and its decoder', async () => {
    await drawWith(fast);
    const first = opened.splice(0);
    await drawWith(fine);
    expect(first).toHaveLength(3);
    expect(opened).toEqual(first.filter((name) => name === first[1]));
  });

  it('leaves the weights of its UNet alone in their files, for they are soon to be others', async () => {
    await drawWith(fast);
    await drawWith(fine);
    expect(mapped).toEqual([opened[1], opened[1]]);
  });

  it('draws what it draws with that accelerator alone', async () => {
    const alone = [await drawWith(fine), await drawWith(fast)];
    const again = [await drawWith(fine), await drawWith(fast)];
    expect(again).toEqual(alone);
    expect(alone[0]).not.toEqual(alone[1]);
  });

  it('has a text encoder of its own where the accelerator changes words too', async () => {
    const plain = await drawWith(fast);
    const first = opened.splice(0);
    await drawWith({ kind: 'file', file: path.join(model, 'wordy.safetensors') });
    expect(opened).toEqual([first[0], first[1]]);
    opened = [];
    expect(await drawWith(fast)).toEqual(plain);
    expect(opened).toEqual([first[0], first[1]]);
  });

  it('stays open for those who draw with it, beside the other', async () => {
    const busy = await lease(fast);
    const before = await draw(busy.value);
    await drawWith(fine);
    expect(await draw(busy.value)).toEqual(before);
    busy.release();
  });
});

describe('the accelerator of a request', () => {
  it('without an id is the one stepped as LCM, as requests had it before there were several', async () => {
    expect(await drawWith({ kind: 'model' })).toEqual(await drawWith({ kind: 'model', id: 'lcm' }));
  });

  it('that the model no longer has is refused with those it has', async () => {
    await expect(lease({ kind: 'model', id: 'tcd' })).rejects.toThrow('it has no "tcd"; it has hyper-sd-8, lcm');
  });

  it('at another weight is another model', async () => {
    const file = path.join(model, 'fast.safetensors');
    const whole = await drawWith({ kind: 'file', file, weight: 1 });
    expect(await drawWith({ kind: 'file', file, weight: 0.7 })).not.toEqual(whole);
    expect(await drawWith({ kind: 'file', file, weight: 1 })).toEqual(whole);
  });
});

describe('a model in 8 bits', () => {
  it('takes less of the budget than the same in fp32', async () => {
    const request = { model: 'tiny', accelerator: { kind: 'none' }, vae: undefined } as const;
    const bytes = async (precision: 'fp32' | 'int8') => {
      const { value, release } = await cache.lease({ ...request, precision });
      release();
      return value.bytes;
    };
    // Of the tiny UNet's layers the narrow ones stay in float.
    expect(await bytes('int8')).toBeLessThan(0.8 * (await bytes('fp32')));
  });

  it.each(['cuda', 'webgpu'] as const)('is on %s the same model as in any other precision', async (provider) => {
    cache = cacheWith({ provider });
    const request = { model: 'tiny', accelerator: { kind: 'none' }, vae: undefined } as const;
    const leases = [await cache.lease({ ...request, precision: 'int8' }), await lease(request.accelerator)];
    expect(leases[0]?.value).toBe(leases[1]?.value);
    leases.forEach(({ release }) => release());
  });
});
