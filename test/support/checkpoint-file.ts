/**
 * A model's folder as one file, under the names of the original code, as the published checkpoints are: for tests that open
 * such files. The weights are those of the folder.
 */
import path from 'node:path';

import { openComponent, type TensorSource } from '../../src/engine/weights/index.ts';
import { toLdmUnetName, unetTopology } from '../../src/engine/weights/checkpoint/ldm-unet-names.ts';
import { toLdmVaeName } from '../../src/engine/weights/checkpoint/ldm-vae-names.ts';
import { toOpenClipName } from '../../src/engine/weights/checkpoint/open-clip-names.ts';
import { writeTensors, type NamedTensor } from './safetensors-file.ts';

export type CheckpointForm = {
  readonly family: 'sd15' | 'sd2' | 'sdxl';
  readonly hasVae?: boolean;
  /** As diffusers' converter writes SDXL: the projection turned already, under transformers' name. */
  readonly isConverted?: boolean;
  /** Of the UNet's matrices and kernels. */
  readonly bits?: string | undefined;
  /** A tensor of the UNet that is an eighth of what it is in the folder. */
  readonly quiet?: string | undefined;
  /** Empty tensors whose names say something. */
  readonly marks?: readonly string[];
};

export async function writeCheckpoint(folder: string, file: string, form: CheckpointForm): Promise<void> {
  const { family, hasVae = true, isConverted = false, bits, marks = [], quiet } = form;
  const tensors: NamedTensor[] = marks.map((name) => ({ name, shape: [0], data: new Float32Array() }));
  const unet = await openComponent(path.join(folder, 'unet'));
  const topology = unetTopology(unet.names);
  for (const own of await tensorsOf(unet)) {
    const tensor = own.name === quiet ? { ...own, data: own.data.map((value) => value / 8) } : own;
    const name = `model.diffusion_model.${toLdmUnetName(tensor.name, topology) ?? ''}`;
    tensors.push(
      ...(bits === undefined || tensor.shape.length < 2 ? [{ ...tensor, name }] : inBits({ ...tensor, name }, bits)),
    );
  }
  if (hasVae) {
    tensors.push(...(await vaeTensors(folder, 'first_stage_model.')));
  }
  const first = await openComponent(path.join(folder, 'text_encoder'));
  if (family === 'sd2') {
    tensors.push(...openClip(await tensorsOf(first), 'cond_stage_model.model.', isConverted));
  } else {
    const prefix = family === 'sd15' ? 'cond_stage_model.transformer.' : 'conditioner.embedders.0.transformer.';
    tensors.push(...(await tensorsOf(first)).map((tensor) => ({ ...tensor, name: prefix + tensor.name })));
  }
  if (family === 'sdxl') {
    const second = await openComponent(path.join(folder, 'text_encoder_2'));
    tensors.push(...openClip(await tensorsOf(second), 'conditioner.embedders.1.model.', isConverted));
  }
  writeTensors(file, tensors);
}

/** The VAE alone, under the original names. */
export async function writeVaeFile(folder: string, file: string): Promise<void> {
  writeTensors(file, await vaeTensors(folder, ''));
}

async function vaeTensors(folder: string, prefix: string): Promise<NamedTensor[]> {
  const vae = await openComponent(path.join(folder, 'vae'));
  const blocks = new Set(vae.names.flatMap((name) => /^decoder\.up_blocks\.(\d+)\./.exec(name)?.[1] ?? [])).size;
  return (await tensorsOf(vae)).map((tensor) => {
    const name = toLdmVaeName(tensor.name, blocks) ?? '';
    // The original's attention is one of 1×1 convolutions.
    const isKernel = /attn_1\.(?:q|k|v|proj_out)\.weight$/.test(name);
    return { ...tensor, name: prefix + name, shape: isKernel ? [...tensor.shape, 1, 1] : tensor.shape };
  });
}

/** q, k and v in one matrix; the last layer twice where the model leaves one out (SD 2.x). */
function openClip(tensors: readonly NamedTensor[], prefix: string, isConverted: boolean): NamedTensor[] {
  const written: NamedTensor[] = [];
  const joint = new Map<string, NamedTensor[]>();
  for (const tensor of tensors) {
    const { layer, kind } =
      /^text_model\.encoder\.layers\.(?<layer>\d+)\.self_attn\.[qkv]_proj\.(?<kind>weight|bias)$/.exec(tensor.name)
        ?.groups ?? {};
    const name = `transformer.resblocks.${layer ?? ''}.attn.in_proj_${kind ?? ''}`;
    if (layer !== undefined) {
      joint.set(name, [...(joint.get(name) ?? []), tensor]);
    } else if (tensor.name === 'text_projection.weight') {
      written.push(
        isConverted ? { ...tensor, name: prefix + tensor.name } : turned(tensor, `${prefix}text_projection`),
      );
    } else {
      written.push({ ...tensor, name: prefix + (toOpenClipName(tensor.name) ?? '') });
    }
  }
  for (const [name, parts] of joint) {
    const inOrder = ['q', 'k', 'v'].flatMap((letter) => parts.filter((part) => part.name.includes(`${letter}_proj`)));
    const [rows = 0, ...rest] = inOrder[0]?.shape ?? [];
    written.push({
      name: prefix + name,
      shape: [3 * rows, ...rest],
      data: Float32Array.from(inOrder.flatMap(({ data }) => [...data])),
    });
  }
  return written.some(({ name }) => name.endsWith('text_projection') || name.endsWith('text_projection.weight'))
    ? written
    : [...written, ...unusedLayer(written)];
}

function unusedLayer(tensors: readonly NamedTensor[]): readonly NamedTensor[] {
  const layerOf = (name: string): number => Number(/resblocks\.(\d+)\./.exec(name)?.[1] ?? -1);
  const last = Math.max(...tensors.map(({ name }) => layerOf(name)));
  return tensors
    .filter(({ name }) => layerOf(name) === last)
    .map((tensor) => ({ ...tensor, name: tensor.name.replace(`resblocks.${last}.`, `resblocks.${last + 1}.`) }));
}

function turned({ shape: [rows = 0, columns = 0], data }: NamedTensor, name: string): NamedTensor {
  const values = new Float32Array(data.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      values[column * rows + row] = data[row * columns + column]!;
    }
  }
  return { name, shape: [columns, rows], data: values };
}

/** Also the scale, where there is one. */
function inBits(tensor: NamedTensor, bits: string): readonly NamedTensor[] {
  const { name, shape, data } = tensor;
  const module = name.replace(/\.weight$/, '');
  const perRow = data.length / shape[0]!;
  switch (bits) {
    case 'fp8':
      return [{ ...tensor, dtype: 'F8_E4M3', bytes: Uint8Array.from(data, toE4M3) }];
    case 'fp8-scaled': {
      const scale = Math.fround(largest(data) / 448);
      const bytes = Uint8Array.from(data, (value) => toE4M3(Math.fround(value / scale)));
      return [
        { ...tensor, dtype: 'F8_E4M3', bytes },
        { name: `${module}.scale_weight`, shape: [1], data: Float32Array.of(scale) },
      ];
    }
    default: {
      const scales = Float32Array.from(
        { length: shape[0]! },
        (_, row) => largest(data.subarray(row * perRow, (row + 1) * perRow)) / 127,
      );
      const whole = Int8Array.from(data, (value, i) =>
        roundHalfEven(Math.fround(value / scales[Math.floor(i / perRow)]!)),
      );
      return [
        { ...tensor, dtype: 'I8', bytes: new Uint8Array(whole.buffer) },
        { name: `${module}.weight_scale`, shape: [shape[0]!, 1], data: scales },
      ];
    }
  }
}

function largest(values: Float32Array): number {
  return values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}

function roundHalfEven(value: number): number {
  const down = Math.floor(value);
  const isHalf = value - down === 0.5;
  return isHalf ? down + (down % 2 === 0 ? 0 : 1) : Math.round(value);
}

/** The nearest value of float8_e4m3fn, of two equally near the even one. */
function toE4M3(value: number): number {
  const size = Math.abs(value);
  const exponent = Math.max(-6, Math.floor(Math.log2(size || 2 ** -9)));
  const eighths = roundHalfEven(size / 2 ** (exponent - 3));
  const bits =
    size < 2 ** -6 && eighths < 8
      ? eighths
      : (exponent + 7 + (eighths === 16 ? 1 : 0)) * 8 + (eighths === 16 ? 0 : eighths - 8);
  return Math.min(bits, 0x7e) | (value < 0 ? 0x80 : 0);
}

async function tensorsOf(source: TensorSource): Promise<NamedTensor[]> {
  return Promise.all(
    source.names.map(async (name) => ({
      name,
      shape: source.get(name)?.shape ?? [],
      data: await source.readFloats(name),
    })),
  );
}
