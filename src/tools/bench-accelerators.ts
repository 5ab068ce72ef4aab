/**
 * `fourstep bench accelerators`: changing between two installed accelerators of an SD 1.5 whose UNet has its true size and
 * random weights, beside reading what they change from the same disk, and the memory before and after. Text encoder and
 * autoencoder are small: a change keeps them, and beside large ones the UNet's memory would weigh less.
 */
import { open as openFile, mkdir, mkdtemp, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { modelsFolder } from '../../config/paths.ts';
import type { Streams } from '../adapters/cli/actions.ts';
import { defaultRequest } from '../core/default-request.ts';
import type { Runner } from '../core/work.ts';
import { createEngineRunner } from '../engine/index.ts';
import {
  buildClipText,
  buildKLDecoder,
  buildKLEncoder,
  buildUNet,
  loweringFor,
  NO_WEIGHTS,
  parseAutoencoderKLConfig,
  parseClipTextConfig,
  parseUNetConfig,
  unetLoraTargets,
} from '../engine/nets/index.ts';
import { UNETS } from './bench-unet/architectures.ts';
import { writeRandomCheckpoint, writeRandomPart } from './bench-unet/random-checkpoint.ts';

const ACCELERATORS = ['fast', 'fine'] as const;
const RANK = 64;
/** Small: what a picture costs is not asked here. */
const SIDE = 128;
const CHANGES = 5;
const PLAIN = { lowering: loweringFor({ provider: 'cpu' }), sizes: 'whole' } as const;

const TEXT = { hidden_size: 768, intermediate_size: 64, num_hidden_layers: 1, num_attention_heads: 12 };
const CLIP = { ...TEXT, hidden_act: 'quick_gelu', max_position_embeddings: 77, vocab_size: 49_408, eos_token_id: 2 };
const VAE = { block_out_channels: [32, 32, 32, 32], layers_per_block: 1, latent_channels: 4, norm_num_groups: 8 };
const BLOCKS = {
  down_block_types: Array(4).fill('DownEncoderBlock2D'),
  up_block_types: Array(4).fill('UpDecoderBlock2D'),
};

type Times = { readonly change: readonly number[]; readonly read: readonly number[] };
type Report = {
  readonly startup: string;
  readonly seconds: Times;
  readonly memoryGb: { readonly one: number; readonly after: number };
  readonly changedGb: number;
};

export async function run({ json }: { readonly json?: boolean }, { print, warn }: Streams): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'fourstep-bench-'));
  try {
    warn('writing random weights …');
    await writeModel(folder);
    for (const startup of ['fast', 'throughput'] as const) {
      warn(`merging both, and changing between them (${startup}) …`);
      const report = await measure(folder, startup);
      print(json === true ? JSON.stringify(report) : render(report));
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function measure(folder: string, startup: 'fast' | 'throughput'): Promise<Report> {
  const open = (): Runner =>
    createEngineRunner({
      locateModel: async () => ({ source: folder }),
      readPicture: noPicture,
      readMask: noPicture,
      cacheDir: join(folder, 'cache'),
      clipTokenizer: join(modelsFolder, 'clip'),
      startup,
    });
  const first = open();
  for (const id of ACCELERATORS) {
    await draw(first, id); // merges, as adding the model does
  }
  await first.close(0);
  const runner = open();
  try {
    await draw(runner, 'fast');
    await draw(runner, 'fast');
    const one = process.memoryUsage().rss;
    const change: number[] = [];
    for (let turn = 0; turn < CHANGES; turn += 1) {
      const id = turn % 2 === 0 ? 'fine' : 'fast';
      const first = await timed(() => draw(runner, id));
      change.push(first - (await timed(() => draw(runner, id))));
    }
    await draw(runner, 'fast');
    const after = process.memoryUsage().rss;
    const { files, bytes } = await changedFiles(join(folder, 'unet'), startup);
    const read: number[] = [];
    for (let turn = 0; turn < CHANGES; turn += 1) {
      read.push(await timed(() => readAll(files)));
    }
    return {
      startup,
      seconds: { change, read },
      memoryGb: { one: one / 1e9, after: after / 1e9 },
      changedGb: bytes / 1e9,
    };
  } finally {
    await runner.close(0);
  }
}

/** What one accelerator changes, as its session reads it: merged weights, and their kernels where those are transformed. */
async function changedFiles(
  folder: string,
  startup: 'fast' | 'throughput',
): Promise<{ readonly files: readonly string[]; readonly bytes: number }> {
  const files: string[] = [];
  for (const label of startup === 'fast' ? ['merged'] : ['merged', 'winograd']) {
    const derived = (await readdir(folder, { recursive: true })).filter((name) =>
      new RegExp(`\\.${label}\\.\\w{16}\\.safetensors$`).test(name),
    );
    files.push(...derived.slice(0, 1).map((name) => join(folder, name)));
  }
  const sizes = await Promise.all(files.map(async (file) => (await stat(file)).size));
  return { files, bytes: sizes.reduce((sum, size) => sum + size, 0) };
}

/** Every byte once, into the same block again and again: memory of its own for each would take several times as long. */
async function readAll(files: readonly string[]): Promise<void> {
  const block = new Uint8Array(1 << 24);
  for (const file of files) {
    const handle = await openFile(file);
    let bytesRead = 0;
    do {
      ({ bytesRead } = await handle.read(block));
    } while (bytesRead > 0);
    await handle.close();
  }
}

async function draw(runner: Runner, id: string): Promise<void> {
  const defaults = { width: SIDE, height: SIDE, steps: 1, guidance: 1, scheduler: 'lcm' } as const;
  const request = defaultRequest({ id: 'bench', defaults }, 'a fox', { accelerator: { kind: 'model', id } });
  for await (const _ of runner.run(
    { kind: 'imagine', id: 'bench', request, previewAfter: [] },
    new AbortController().signal,
  )) {
    // The picture is noise.
  }
}

async function timed(work: () => Promise<void>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return (performance.now() - startedAt) / 1000;
}

async function writeModel(folder: string): Promise<void> {
  const unet = { ...UNETS.sd15.config, _class_name: 'UNet2DConditionModel' };
  const vae = { ...VAE, ...BLOCKS, _class_name: 'AutoencoderKL' };
  const config = parseUNetConfig(unet, 'unet');
  const kl = parseAutoencoderKLConfig(vae, 'vae');
  await writeRandomPart(folder, 'unet', unet, [buildUNet(config, NO_WEIGHTS, PLAIN)]);
  await writeRandomPart(folder, 'text_encoder', CLIP, [
    buildClipText(parseClipTextConfig(CLIP, 'text'), NO_WEIGHTS, PLAIN),
  ]);
  await writeRandomPart(folder, 'vae', vae, [
    buildKLEncoder(kl, NO_WEIGHTS, PLAIN),
    buildKLDecoder(kl, NO_WEIGHTS, PLAIN),
  ]);
  await mkdir(join(folder, 'scheduler'));
  await writeFile(join(folder, 'scheduler/scheduler_config.json'), '{}');
  await symlink(join(modelsFolder, 'clip'), join(folder, 'tokenizer'));
  const part = ['diffusers', 'any'];
  await writeFile(
    join(folder, 'model_index.json'),
    JSON.stringify({
      _class_name: 'StableDiffusionPipeline',
      unet: part,
      vae: part,
      text_encoder: part,
      scheduler: part,
    }),
  );
  await writeFile(
    join(folder, 'fourstep.json'),
    JSON.stringify({
      id: 'bench',
      name: 'bench',
      base: 'sd15',
      accelerators: ACCELERATORS.map((id) => ({ id, file: `${id}.safetensors`, recipe: 'lcm' })),
      defaults: { width: SIDE, height: SIDE, steps: 1, guidance: 1, scheduler: 'lcm' },
      sizes: [SIDE],
    }),
  );
  for (const id of ACCELERATORS) {
    await writeRandomCheckpoint(join(folder, `${id}.safetensors`), loraTensors(unetLoraTargets(config)));
  }
}

function loraTensors(targets: ReturnType<typeof unetLoraTargets>) {
  return targets.flatMap(({ module, kind, inFeatures, outFeatures, kernel }) => {
    const key = `lora_unet_${module.replaceAll('.', '_')}`;
    const taps = kind === 'conv' ? kernel : [];
    return [
      { name: `${key}.lora_down.weight`, shape: [RANK, inFeatures, ...taps] },
      { name: `${key}.lora_up.weight`, shape: [outFeatures, RANK, ...taps.map(() => 1)] },
    ];
  });
}

function render({ startup, seconds: { change, read }, memoryGb: { one, after }, changedGb }: Report): string {
  const [changing, reading] = [change, read].map(
    (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0,
  );
  return [
    `${startup}: a change takes ${changing?.toFixed(2)} s`,
    `reading the ${changedGb.toFixed(2)} GB that one changes ${reading?.toFixed(2)} s`,
    `${((changing ?? 0) / (reading ?? 1)).toFixed(2)} times`,
    `memory ${one.toFixed(2)} GB with one, ${after.toFixed(2)} GB after ${CHANGES + 1} changes (${(after / one).toFixed(3)} times)`,
  ].join('; ');
}

const noPicture = (): Promise<never> => Promise.reject(new Error('no picture starts from another here'));
