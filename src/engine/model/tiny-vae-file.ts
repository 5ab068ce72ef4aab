/**
 * TAESD as files: diffusers' one (`decoder.layers.0…`), or the original pair (`taesd_encoder`, `taesd_decoder`), whose layers
 * are numbered without names; either of the two finds the other beside it by its name.
 */
import { stat } from 'node:fs/promises';
import path from 'node:path';

import { openSafetensors, TensorTable, type TensorSource } from '../weights/index.ts';
import { infosOf, renamed } from '../weights/tensor-table.ts';
import type { NetFiles } from './model-files.ts';

/** Undefined for a file that is no TAESD. Throws `UserError` as `openSafetensors`. */
export async function openTinyVae(file: string, tensors: TensorSource): Promise<NetFiles | undefined> {
  const own = renamed(file, tensors, (name) => tinyName(name, sideOf(tensors)));
  const other = await otherHalf(file, tensors);
  const weights = other === undefined ? own : new TensorTable(file, [...infosOf(own), ...infosOf(other)]);
  const first = weights.get('decoder.layers.0.weight') ?? weights.get('encoder.layers.0.weight');
  if (first === undefined) {
    return undefined;
  }
  const features = first.shape[0] ?? 64;
  const stages = [features, features, features, features];
  const latents = weights.get('decoder.layers.0.weight')?.shape[1];
  const config = {
    _class_name: 'AutoencoderTiny',
    encoder_block_out_channels: stages,
    decoder_block_out_channels: stages,
    ...(latents !== undefined && { latent_channels: latents }),
  };
  return { config, origin: file, weights };
}

/** Of a file whose tensors have numbers for names: the encoder begins with layer 0, the decoder with a clamp. */
function sideOf(tensors: Pick<TensorSource, 'get'>): 'encoder' | 'decoder' | undefined {
  return tensors.get('0.weight') !== undefined
    ? 'encoder'
    : tensors.get('1.weight') !== undefined
      ? 'decoder'
      : undefined;
}

/** diffusers counts the decoder's layers without the clamp. */
function tinyName(name: string, bare: 'encoder' | 'decoder' | undefined): string | undefined {
  if (/^(?:encoder|decoder)\.layers\.\d+\./.test(name)) {
    return name;
  }
  const {
    side = bare,
    layer,
    rest,
  } = /^(?:(?:taesd_)?(?<side>encoder|decoder)\.)?(?<layer>\d+)\.(?<rest>.+)$/.exec(name)?.groups ?? {};
  return side === undefined || layer === undefined
    ? undefined
    : `${side}.layers.${Number(layer) - (side === 'decoder' ? 1 : 0)}.${rest ?? ''}`;
}

async function otherHalf(file: string, tensors: TensorSource): Promise<TensorSource | undefined> {
  const side = sideOf(tensors);
  const name = path.basename(file);
  const otherName = side === 'decoder' ? name.replace('decoder', 'encoder') : name.replace('encoder', 'decoder');
  const other = path.join(path.dirname(file), otherName);
  const isThere =
    side !== undefined &&
    otherName !== name &&
    (await stat(other).then(
      () => true,
      () => false,
    ));
  if (!isThere) {
    return undefined;
  }
  const opened = (await openSafetensors(other)).tensors;
  return renamed(other, opened, (own) => tinyName(own, sideOf(opened)));
}
