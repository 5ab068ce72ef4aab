/**
 * The tiny random models of the goldens as diffusers folders on disk, and LoRA files for them, written anew from their
 * names: what test/golden/tiny_models.py and make_pictures.py write in Python.
 */
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import {
  buildClipText,
  buildKLDecoder,
  buildKLEncoder,
  buildSrvgg,
  buildTinyDecoder,
  buildTinyEncoder,
  buildUNet,
  clipTextLoraTargets,
  loweringFor,
  parseAutoencoderKLConfig,
  parseAutoencoderTinyConfig,
  parseClipTextConfig,
  parseSrvggConfig,
  parseUNetConfig,
  unetLoraTargets,
  type Layer,
} from '../../src/engine/nets/index.ts';
import { NO_WEIGHTS } from '../../src/engine/nets/building.ts';
import type { Graph } from '../../src/engine/onnx/index.ts';
import { weightShapes } from './net-case.ts';
import { randomWeight } from './random-weights.ts';
import { writeTensors, type NamedTensor } from './safetensors-file.ts';

const CONFIGS = path.join(import.meta.dirname, '../golden/configs');
const BUILD = { lowering: loweringFor({ provider: 'cpu' }) };
const MERGES =
  't h|th e</w>|a n|i n|e r|f o|fo x</w>|c a|ca t</w>|r e|re d</w>|b l|bl u|blu e</w>|o n</w>|o f</w>|o r|a r|in g</w>|s t|e n|t i|a t|an d</w>|h e|a l'.split(
    '|',
  );

/** Writes `model` of test/golden/configs to `folder`, complete; `changes` to the config.json of a part. */
export function writeTinyModel(
  model: string,
  folder: string,
  changes: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {},
): void {
  cpSync(path.join(CONFIGS, model), folder, { recursive: true });
  for (const [part, change] of Object.entries(changes)) {
    const file = path.join(folder, part, 'config.json');
    writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), ...change }));
  }
  for (const part of readdirSync(folder, { withFileTypes: true })) {
    if (part.isDirectory()) {
      writePart(folder, part.name);
    }
  }
}

function writePart(folder: string, part: string): void {
  if (part === 'scheduler') {
    return;
  }
  if (part.startsWith('tokenizer')) {
    writeTokenizer(path.join(folder, part));
    return;
  }
  const config: unknown = JSON.parse(readFileSync(path.join(folder, part, 'config.json'), 'utf8'));
  const shapes = new Map(graphsOf(part, config).flatMap((graph) => [...weightShapes(graph)]));
  const tensors = [...shapes].map(([name, shape]): NamedTensor => ({
    name,
    shape,
    data: randomWeight(part, name, shape),
  }));
  const file = part.startsWith('text_encoder') ? 'model.safetensors' : 'diffusion_pytorch_model.safetensors';
  writeTensors(path.join(folder, part, file), tensors);
}

function graphsOf(part: string, config: unknown): readonly Graph[] {
  if (part === 'unet') {
    return [buildUNet(parseUNetConfig(config, part), NO_WEIGHTS, BUILD)];
  }
  if (part === 'vae') {
    if (JSON.stringify(config).includes('AutoencoderTiny')) {
      const tiny = parseAutoencoderTinyConfig(config, part);
      return [buildTinyEncoder(tiny, NO_WEIGHTS, BUILD), buildTinyDecoder(tiny, NO_WEIGHTS, BUILD)];
    }
    const vae = parseAutoencoderKLConfig(config, part);
    return [buildKLEncoder(vae, NO_WEIGHTS, BUILD), buildKLDecoder(vae, NO_WEIGHTS, BUILD)];
  }
  return [buildClipText(parseClipTextConfig(config, part), NO_WEIGHTS, BUILD)];
}

function writeTokenizer(folder: string): void {
  mkdirSync(folder, { recursive: true });
  const plain = [...range(33, 127), ...range(161, 173), ...range(174, 256)];
  const rest = range(0, 256).filter((byte) => !plain.includes(byte));
  const symbols = [
    ...plain.map((byte) => String.fromCharCode(byte)),
    ...rest.map((_, i) => String.fromCharCode(256 + i)),
  ];
  const tokens = [
    ...symbols,
    ...symbols.map((symbol) => `${symbol}</w>`),
    ...MERGES.map((merge) => merge.replace(' ', '')),
    '<|startoftext|>',
    '<|endoftext|>',
  ];
  writeFileSync(
    path.join(folder, 'vocab.json'),
    JSON.stringify(Object.fromEntries(tokens.map((token, id) => [token, id]))),
  );
  writeFileSync(path.join(folder, 'merges.txt'), `#version: 0.2\n${MERGES.join('\n')}\n`);
}

export type TinyLora = {
  readonly name: string;
  readonly targets: readonly string[];
  readonly rank: number;
  readonly alpha: number;
};

/** Writes the LoRA that make_pictures.py describes, for the nets of `model`, to `file`. */
export function writeTinyLora(model: string, lora: TinyLora, file: string): void {
  const configOf = (part: string): unknown =>
    JSON.parse(readFileSync(path.join(CONFIGS, model, part, 'config.json'), 'utf8'));
  const encoders = readdirSync(path.join(CONFIGS, model)).filter((part) => part.startsWith('text_encoder'));
  const tensors = loraTensors('lora_unet', unetLoraTargets(parseUNetConfig(configOf('unet'), model)), lora);
  for (const [k, part] of encoders.entries()) {
    const targets = clipTextLoraTargets(parseClipTextConfig(configOf(part), part));
    tensors.push(...loraTensors(encoders.length === 1 ? 'lora_te' : `lora_te${k + 1}`, targets, lora));
  }
  writeTensors(file, tensors);
}

function loraTensors(
  prefix: string,
  modules: readonly Layer[],
  { name, targets, rank, alpha }: TinyLora,
): NamedTensor[] {
  return modules
    .filter(({ module }) => targets.some((target) => module.endsWith(`.${target}`)))
    .flatMap(({ module, inFeatures, outFeatures, kernel, kind }) => {
      const key = `${prefix}_${module.replaceAll('.', '_')}`;
      const taps = kind === 'conv' ? kernel : [];
      const half = (part: string, shape: readonly number[]): NamedTensor => ({
        name: `${key}.${part}`,
        shape,
        data: randomWeight(`lora/${name}`, `${key}.${part}`, shape).map((value) => 0.5 * value),
      });
      return [
        half('lora_down.weight', [rank, inFeatures, ...taps]),
        half('lora_up.weight', [outFeatures, rank, ...taps.map(() => 1)]),
        { name: `${key}.alpha`, shape: [], data: Float32Array.of(alpha) },
      ];
    });
}

/** Writes a net of two convolutions that doubles sides. */
export function writeTinyUpscaler(folder: string): void {
  const config = { num_feat: 4, num_conv: 0, upscale: 2 };
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, 'config.json'), JSON.stringify(config));
  const shapes = weightShapes(buildSrvgg(parseSrvggConfig(config, folder), NO_WEIGHTS, BUILD));
  const tensors = [...shapes].map(([name, shape]): NamedTensor => ({
    name,
    shape,
    data: randomWeight('upscaler', name, shape),
  }));
  writeTensors(path.join(folder, 'model.safetensors'), tensors);
}

/** Writes a net for alpha of the tiny models' latents; `changes` to its config. */
export function writeTinyAlphaHead(folder: string, changes: Readonly<Record<string, unknown>> = {}): void {
  const taesd: unknown = JSON.parse(readFileSync(path.join(CONFIGS, 'taesd', 'vae', 'config.json'), 'utf8'));
  const config = { ...Object(taesd), out_channels: 1, latent_channels: 8, ...changes };
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, 'config.json'), JSON.stringify(config));
  const shapes = weightShapes(buildTinyDecoder(parseAutoencoderTinyConfig(config, folder), NO_WEIGHTS, BUILD));
  const tensors = [...shapes].map(([name, shape]): NamedTensor => ({
    name,
    shape,
    data: randomWeight('alpha-head', name, shape),
  }));
  writeTensors(path.join(folder, 'diffusion_pytorch_model.safetensors'), tensors);
}

function range(start: number, end: number): readonly number[] {
  return Array.from({ length: end - start }, (_, i) => start + i);
}

/** TAESD of sixteen channels as the original pair of files, whose layers have numbers for names; as make_checkpoint_pictures.py. */
export function writeTinyTaesd(folder: string): { readonly encoder: string; readonly decoder: string } {
  const config = parseAutoencoderTinyConfig(
    { encoder_block_out_channels: [16, 16, 16, 16], decoder_block_out_channels: [16, 16, 16, 16] },
    'taesd',
  );
  const files = {
    encoder: path.join(folder, 'taesd_encoder.safetensors'),
    decoder: path.join(folder, 'taesd_decoder.safetensors'),
  };
  for (const [side, graph] of [
    ['encoder', buildTinyEncoder(config, NO_WEIGHTS, BUILD)],
    ['decoder', buildTinyDecoder(config, NO_WEIGHTS, BUILD)],
  ] as const) {
    const shapes = weightShapes(graph);
    const last = Math.max(...[...shapes.keys()].map((name) => Number(name.split('.')[2])));
    const tensors = [...shapes].map(([name, shape]): NamedTensor => {
      const [, , layer = '', ...rest] = name.split('.');
      const isLast = side === 'decoder' && Number(layer) === last;
      const change = (value: number): number => (!isLast ? value : shape.length > 1 ? 0.05 * value : value + 0.5);
      return {
        name: [Number(layer) + (side === 'decoder' ? 1 : 0), ...rest].join('.'),
        shape,
        data: randomWeight('vae', name, shape).map(change),
      };
    });
    writeTensors(files[side], tensors);
  }
  return files;
}
