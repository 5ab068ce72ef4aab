/**
 * Twins of published accelerators by their headers: the very names, shapes and bytes of the file, and zeros for weights.
 * A twin is a sparse file, which takes no space however large it is.
 */
import { open } from 'node:fs/promises';

import { parseUNetConfig, unetLoraTargets } from '../../src/engine/nets/index.ts';
import { UNETS, type Architecture } from '../../src/tools/bench-unet/architectures.ts';

export type TwinModule = { readonly module: string; readonly shape: readonly number[] };

export type Twin = {
  readonly modules: readonly TwinModule[];
  readonly rank?: number;
  readonly dtype?: 'F16' | 'F32';
  readonly metadata?: Readonly<Record<string, string>>;
  /** How a module's key begins; PEFT's spelling keeps the dots. */
  readonly spelling?: 'kohya' | 'peft';
};

/** What LCM-LoRA and its successors target. */
const KINDS =
  /\.(?:to_[qkv]|to_out\.0|proj_in|proj_out|ff\.net\.0\.proj|ff\.net\.2|conv1|conv2|conv_shortcut|(?:down|up)samplers\.0\.conv|time_emb_proj)$/;

/** The modules of a published UNet that accelerators target. */
export function acceleratedModules(architecture: Architecture): readonly TwinModule[] {
  const config = UNETS[architecture].config;
  const isMatrix = 'use_linear_projection' in config;
  return unetLoraTargets(parseUNetConfig(config, architecture))
    .filter(({ module }) => KINDS.test(module))
    .map(({ module, inFeatures, outFeatures, kernel }) => {
      const isKernel = /\.conv\d?$|conv_shortcut$/.test(module) || (/proj_(?:in|out)$/.test(module) && !isMatrix);
      return { module, shape: [outFeatures, inFeatures, ...(isKernel ? kernel : [])] };
    });
}

/** As the safetensors library of 2023 wrote it: metadata first, names sorted, padded with spaces to eight bytes. */
export function twinHeader({
  modules,
  rank = 64,
  dtype = 'F16',
  metadata = { format: 'pt' },
  spelling = 'kohya',
}: Twin): {
  readonly json: string;
  readonly dataBytes: number;
} {
  const tensors = modules.flatMap(({ module, shape: [out = 0, inputs = 0, ...kernel] }) => {
    const down = [rank, inputs, ...kernel];
    const up = [out, rank, ...kernel.map(() => 1)];
    if (spelling === 'peft') {
      return [
        { name: `unet.${module}.lora_A.weight`, shape: down },
        { name: `unet.${module}.lora_B.weight`, shape: up },
      ];
    }
    const stem = `lora_unet_${module.replaceAll('.', '_')}`;
    return [
      { name: `${stem}.alpha`, shape: [] },
      { name: `${stem}.lora_down.weight`, shape: down },
      { name: `${stem}.lora_up.weight`, shape: up },
    ];
  });
  let at = 0;
  const width = dtype === 'F16' ? 2 : 4;
  const entries = tensors
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, shape }) => {
      const begin = at;
      at += width * shape.reduce((product, side) => product * side, 1);
      return `"${name}":{"dtype":"${dtype}","shape":[${shape.join(',')}],"data_offsets":[${begin},${at}]}`;
    });
  const json = `{"__metadata__":${JSON.stringify(metadata)},${entries.join(',')}}`;
  return { json: json.padEnd(Math.ceil(json.length / 8) * 8), dataBytes: at };
}

/** Returns the file's size in bytes. */
export async function writeTwin(file: string, twin: Twin): Promise<number> {
  const { json, dataBytes } = twinHeader(twin);
  const handle = await open(file, 'w');
  const length = new Uint8Array(8);
  new DataView(length.buffer).setBigUint64(0, BigInt(json.length), true);
  await handle.write(length);
  await handle.write(json);
  await handle.truncate(8 + json.length + dataBytes);
  await handle.close();
  return 8 + json.length + dataBytes;
}
