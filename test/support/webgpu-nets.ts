/**
 * The program of a child process: every kind of net and some whole pictures on the WebGPU provider, one after another in
 * one warm process, each against what diffusers or transformers gave. Tells its parent of each as it is done.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { chooseForms } from '../../src/engine/index.ts';
import {
  buildClipText,
  buildKLDecoder,
  buildKLEncoder,
  buildSrvgg,
  buildTinyDecoder,
  buildTinyEncoder,
  buildUNet,
  loweringFor,
  NO_WEIGHTS,
  parseAutoencoderKLConfig,
  parseAutoencoderTinyConfig,
  parseClipTextConfig,
  parseSrvggConfig,
  parseUNetConfig,
  sinusoidsOf,
  unetLoraTargets,
  writeSinusoid,
  type StyleForm,
  type UNetConfig,
} from '../../src/engine/nets/index.ts';
import { Add, Conv, GraphBuilder, serialize } from '../../src/engine/onnx/index.ts';
import { DeviceMemory, Session, type Feeds } from '../../src/engine/ort/index.ts';
import { DevicePictures } from './device-pictures.ts';
import { feedsOf, type LoraRow } from './lora-rows.ts';
import { stepOfLearning } from './webgpu-learning.ts';
import { floats, given, goldenConfig, goldens, outputOf, randomSource, relativeL2, runNet } from './net-case.ts';

/** `distance`: relative L2 of a net, of 255 for a picture. */
export type WebGpuResult = { readonly name: string; readonly distance: number };

const DEVICE = { kind: 'webgpu' } as const;
const lowering = loweringFor({ provider: 'webgpu' });
const golden = await goldens();
const sd15 = parseUNetConfig(goldenConfig('sd15', 'unet'), 'sd15');

/** As small as a UNet with attention can be. */
const TWO_LEVELS = {
  block_out_channels: [16, 32],
  down_block_types: ['CrossAttnDownBlock2D', 'DownBlock2D'],
  up_block_types: ['UpBlock2D', 'CrossAttnUpBlock2D'],
  cross_attention_dim: 32,
  attention_head_dim: 2,
  norm_num_groups: 8,
  layers_per_block: 1,
  sample_size: 8,
} as const;
/** Of the rows of a step of learning. */
const TIMES = [759, 199];

type UNetCase = {
  readonly key: string;
  readonly config?: UNetConfig;
  readonly timesteps: readonly number[];
  readonly size: readonly [number, number];
  readonly styles?: Partial<StyleForm>;
  readonly more?: Feeds;
};

async function unet({ key, config = sd15, timesteps, size, styles = {}, more = {} }: UNetCase): Promise<number> {
  const rows = timesteps.length;
  const { out_sample } = await runNet(
    'unet',
    (weights) => buildUNet(config, weights, { lowering, styles, sizes: 'whole' }),
    {
      sample: given(`${key}/sample`, rows, config.inChannels, ...size),
      ...sinusoids(config, timesteps),
      encoder_hidden_states: given(`${key}/encoder_hidden_states`, rows, 77, config.contextFeatures),
      ...more,
    },
    DEVICE,
  );
  return relativeL2(out_sample?.data ?? new Float32Array(), await golden(`${key}/out_sample`));
}

function sinusoids(config: UNetConfig, timesteps: readonly number[]): Feeds {
  const { timestep } = sinusoidsOf(config);
  const data = new Float32Array(timesteps.length * timestep.features);
  timesteps.forEach((t, k) => writeSinusoid(t, timestep, data.subarray(k * timestep.features)));
  return { timestep_sinusoid: { data, shape: [timesteps.length, timestep.features] } };
}

function timeIds(config: UNetConfig, rows: readonly (readonly number[])[]): Feeds {
  const { timeIds: form } = sinusoidsOf(config);
  const data = new Float32Array(rows.length * 6 * form.features);
  rows.flat().forEach((id, k) => writeSinusoid(id, form, data.subarray(k * form.features)));
  return { time_ids_sinusoid: { data, shape: [rows.length, 6, form.features] } };
}

const styledRows = [{ index: 0, rank: 3 }, { index: 1, rank: 5 }, undefined];
const targets = unetLoraTargets(sd15);
const styled = (key: string): Promise<number> => {
  const beside = new Set(targets.map(({ module }) => module));
  const more = feedsOf(targets, beside, styledRows);
  return unet({ key, timesteps: [999, 259, 259], size: [16, 8], styles: { beside }, more });
};

async function vae(name: 'moments' | 'image', key: string): Promise<number> {
  const config = parseAutoencoderKLConfig(goldenConfig('sd15', 'vae'), 'sd15');
  const build = name === 'moments' ? buildKLEncoder : buildKLDecoder;
  const feeds: Feeds =
    name === 'moments'
      ? { image: given(`${key}/image`, 2, 3, 32, 48) }
      : { latents: given(`${key}/latents`, 2, 4, 4, 6) };
  const outputs = await runNet('vae', (weights) => build(config, weights, { lowering }), feeds, DEVICE);
  return relativeL2(outputs[name]!.data, await golden(`${key}/${name}`));
}

type TwoLevelsCase = {
  /** Of a call each. */
  readonly rows: readonly number[];
  readonly styleOf?: (row: number) => LoraRow;
  /** Of latents, as the config has it; what is drawn stays small. */
  readonly side?: number;
};

/** The same net on both devices, opened once each; the largest distance of calls of all counts of rows. */
async function twoLevels({ rows: counts, styleOf = () => undefined, side = 8 }: TwoLevelsCase): Promise<number> {
  const config = parseUNetConfig({ ...TWO_LEVELS, sample_size: side }, 'two levels');
  const own = unetLoraTargets(config).filter(({ kind }) => kind !== 'conv');
  const beside = styleOf(0) === undefined ? new Set<string>() : new Set(own.map(({ module }) => module));
  const options = { styles: { rows: 'each', beside, merged: new Set<string>() } } as const;
  const onProcessor = { lowering: loweringFor({ provider: 'cpu' }), ...options };
  const directory = mkdtempSync(path.join(tmpdir(), 'fourstep-webgpu-'));
  const weights = randomSource(directory, 'unet', buildUNet(config, NO_WEIGHTS, onProcessor));
  const device = await Session.create(serialize(buildUNet(config, weights, { lowering, ...options })), {
    device: DEVICE,
  });
  const processor = await Session.create(serialize(buildUNet(config, weights, onProcessor)), { threads: 1 });
  let largest = 0;
  for (const rows of counts) {
    const timesteps = Array.from({ length: rows }, (_, k) => 999 - 60 * k);
    const feeds: Feeds = {
      sample: given(`webgpu/sample ${rows}`, rows, 4, 8, 8),
      encoder_hidden_states: given(`webgpu/context ${rows}`, rows, 77, 32),
      ...feedsOf(
        own,
        beside,
        timesteps.map((_, k) => styleOf(k)),
      ),
    };
    const [actual, expected] = [
      await device.run({ ...feeds, ...sinusoids(config, timesteps) }),
      await processor.run({ ...feeds, timestep: floats(timesteps) }),
    ];
    largest = Math.max(largest, relativeL2(actual['out_sample']!.data, expected['out_sample']!.data));
  }
  await Promise.all([device.release(), processor.release()]);
  rmSync(directory, { recursive: true, force: true });
  return largest;
}

const pictures = new DevicePictures({ device: DEVICE, numberType: 'f32' });

const CASES: Readonly<Record<string, () => Promise<number>>> = {
  'a convolution without bias': async () => {
    const graph = new GraphBuilder('convolution');
    const x = graph.input('x', 'f32', ['rows', 4, 'height', 'width']);
    const kernel = given('webgpu/kernel', 8, 4, 3, 3);
    graph.output('y', Conv(x, graph.floats('w', kernel.data, kernel.shape), undefined, { pads: [1, 1, 1, 1] }));
    const feeds = { x: given('webgpu/x', 2, 4, 8, 12) };
    return relativeL2(await outputOf(graph.finish(), feeds, DEVICE), await outputOf(graph.finish(), feeds));
  },
  'a text encoder': async () => {
    const config = parseClipTextConfig(goldenConfig('sd15', 'text_encoder'), 'sd15');
    const ids = BigInt64Array.from(await golden('text-sd15/input_ids'), BigInt);
    const outputs = await runNet(
      'text_encoder',
      (weights) => buildClipText(config, weights, { lowering }),
      { input_ids: { data: ids, shape: [ids.length / 77, 77] } },
      DEVICE,
    );
    return relativeL2(outputs['pooled']!.data, await golden('text-sd15/pooled'));
  },
  "an AutoencoderKL's decoder": () => vae('image', 'vae-kl'),
  "an AutoencoderKL's encoder": () => vae('moments', 'vae-kl'),
  "a tiny autoencoder's decoder": async () => {
    const config = parseAutoencoderTinyConfig(goldenConfig('taesd', 'vae'), 'taesd');
    const feeds = { latents: given('vae-tiny/latents', 2, 4, 4, 6) };
    const { image } = await runNet('vae', (weights) => buildTinyDecoder(config, weights, { lowering }), feeds, DEVICE);
    return relativeL2(image!.data, await golden('vae-tiny/image'));
  },
  "a tiny autoencoder's encoder": async () => {
    const config = parseAutoencoderTinyConfig(goldenConfig('taesd', 'vae'), 'taesd');
    const feeds = { image: given('vae-tiny/image', 2, 3, 32, 48) };
    const outputs = await runNet('vae', (weights) => buildTinyEncoder(config, weights, { lowering }), feeds, DEVICE);
    return relativeL2(outputs['latents']!.data, await golden('vae-tiny/latents'));
  },
  'an upscaler': async () => {
    const config = parseSrvggConfig({ num_feat: 8, num_conv: 2, upscale: 2 }, 'srvgg');
    const feeds = { image: given('srvgg/image', 1, 3, 12, 20) };
    const { upscaled } = await runNet(
      'upscaler',
      (weights) => buildSrvgg(config, weights, { lowering }),
      feeds,
      DEVICE,
    );
    return relativeL2(upscaled!.data, await golden('srvgg/upscaled'));
  },
  'a UNet of two levels, calls of 1 to 16 rows': () => twoLevels({ rows: [1, 3, 16] }),
  'a UNet of two levels, calls of 1 to 16 rows in mixed styles': () =>
    twoLevels({
      rows: [2, 16],
      styleOf: (k) => (k % 3 === 2 ? undefined : { index: k % 2, rank: 3 + 2 * (k % 2) }),
    }),
  'a UNet whose queries go in blocks': () => twoLevels({ rows: [2], side: 64 }),
  'a UNet of nine channels': () =>
    unet({
      key: 'unet-inpaint',
      config: parseUNetConfig({ ...Object(goldenConfig('sd15', 'unet')), in_channels: 9 }, 'inpaint'),
      timesteps: [759],
      size: [8, 16],
    }),
  "SDXL's UNet": () => {
    const config = parseUNetConfig(goldenConfig('sdxl', 'unet'), 'sdxl');
    const key = 'unet-sdxl';
    const ids = [
      [128, 192, 0, 0, 128, 192],
      [64, 64, 8, 4, 128, 128],
    ];
    const text = given(`${key}/text_embeds`, 2, config.textTime?.textFeatures ?? 0);
    const more = { text_embeds: text, ...timeIds(config, ids) };
    return unet({ key, config, timesteps: [999, 259], size: [16, 12], more });
  },
  'a step of learning a style': () => {
    const config = parseUNetConfig(TWO_LEVELS, 'two levels');
    return stepOfLearning(config, lowering, { timestep: floats(TIMES), ...sinusoids(config, TIMES) });
  },
  'styles of all layers, two and none in one call': () => styled('unet-lora-conv'),
  /** Bytes that were sent more often than once. */
  'what stays on the device': async () => {
    const memory = new DeviceMemory(DEVICE, 2 ** 20);
    const graph = new GraphBuilder('sum');
    graph.output('y', Add(graph.input('a', 'f32', ['n', 4]), graph.input('b', 'f32', ['n', 4])));
    const session = await Session.create(serialize(graph.finish()), { device: DEVICE, memory });
    const style = { ...given('webgpu/style', 8, 4), stays: true };
    const wrong: string[] = [];
    for (const k of [0, 1, 2]) {
      const latents = given(`webgpu/latents ${k}`, 8, 4);
      const { y } = await session.run({ a: style, b: latents });
      const expected = latents.data.map((value, i) => value + style.data[i]!);
      if (relativeL2(y!.data, expected) > 1e-6) {
        wrong.push(`call ${k}`);
      }
    }
    await session.release();
    await memory.release();
    return wrong.length > 0 ? Number.POSITIVE_INFINITY : memory.uploadedBytes - 4 * style.data.byteLength;
  },
  /** Its faults are known: attention as one operator and channels last are wrong, half precision it has not. */
  'the forms of the device': async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'fourstep-webgpu-'));
    try {
      const [found, remembered] = [await chooseForms(DEVICE, folder), await chooseForms(DEVICE, folder)];
      const expected = JSON.stringify({
        numberType: 'f32',
        attention: 'decomposed',
        layout: 'NCHW',
        channels: 'first',
      });
      return [found, remembered].filter((forms) => JSON.stringify(forms) !== expected).length;
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
  'pictures in company, one of them from a picture': () => pictures.inCompany(),
  'pictures of other kinds': () => pictures.ofOtherKinds(),
};

for (const [name, run] of Object.entries(CASES)) {
  const result: WebGpuResult = { name, distance: await run() };
  process.send?.(result);
}
await pictures.close();
process.disconnect?.();
