/**
 * Checkpoints of every kind that users bring, at full size: zeros in sparse files, which take no room on the disk and are
 * read like any others. Knows nothing of how they are opened.
 */
import { mkdir, open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { checkpointConfigs } from '../../engine/weights/checkpoint/checkpoint-configs.ts';
import { BYTES_PER_ELEMENT } from '../../engine/weights/dtype.ts';
import type { Dtype } from '../../engine/weights/tensor-source.ts';
import { inDiffusersNames, type Shaped, trueSize } from './true-size.ts';

type Typed = Shaped & { readonly dtype: Dtype };

/** What is given to --model, and to --vae. */
export type WrittenCheckpoint = { readonly model: string; readonly vae?: string };

export type CheckpointKind = { readonly name: string; readonly write: (folder: string) => Promise<WrittenCheckpoint> };

/** The ordinary one first: it is what the others are measured by. */
export const CHECKPOINT_KINDS: readonly CheckpointKind[] = [
  single('fp16', () => whole('F16')),
  single('bf16', () => whole('BF16')),
  single('fp32', () => whole('F32')),
  single('fp8', () => withUnet((shaped) => [{ ...shaped, dtype: shaped.shape.length < 2 ? 'F16' : 'F8_E4M3' }])),
  single('fp8 with scales', () => withUnet((shaped) => scaled(shaped, 'F8_E4M3', 'scale_weight', [1]))),
  single('8 bits with a scale a row', () =>
    withUnet((shaped) => scaled(shaped, 'I8', 'weight_scale', [shaped.shape[0] ?? 1, 1])),
  ),
  single('fp16 with training copies', () => [...whole('F16'), ...trainingCopies()]),
  single('full LCM, fp16', () => whole('F16', 'sd15', 256)),
  single('SD 2.1, fp16', () => whole('F16', 'sd2')),
  { name: 'without VAE, one beside it, fp16', write: writeWithoutVae },
  { name: 'folder in shards, fp16', write: writeShards },
];

function single(name: string, tensors: () => readonly Typed[]): CheckpointKind {
  return {
    name,
    write: async (folder) => {
      const model = join(folder, 'model.safetensors');
      await writeSparse(model, tensors());
      return { model };
    },
  };
}

function whole(dtype: Dtype, family: 'sd15' | 'sd2' = 'sd15', guidance?: number): readonly Typed[] {
  const { unet, vae, text } = trueSize(family, guidance);
  return typed([...unet, ...inFile(vae), ...text], dtype);
}

function withUnet(form: (shaped: Shaped) => readonly Typed[]): readonly Typed[] {
  const { unet, vae, text } = trueSize('sd15');
  return [...unet.flatMap(form), ...typed([...inFile(vae), ...text], 'F16')];
}

function scaled(shaped: Shaped, dtype: Dtype, name: string, shape: readonly number[]): readonly Typed[] {
  return shaped.shape.length < 2
    ? [{ ...shaped, dtype: 'F16' }]
    : [
        { ...shaped, dtype },
        { name: shaped.name.replace(/weight$/, name), shape, dtype: 'F32' },
      ];
}

function trainingCopies(): readonly Typed[] {
  const copies = trueSize('sd15').unet.map(({ name, shape }) => ({
    name: `model_ema.${name.replace(/^model\./, '').replaceAll('.', '')}`,
    shape,
  }));
  return typed(copies, 'F32');
}

async function writeWithoutVae(folder: string): Promise<WrittenCheckpoint> {
  const { unet, vae, text } = trueSize('sd15');
  const files = { model: join(folder, 'model.safetensors'), vae: join(folder, 'vae.safetensors') };
  await writeSparse(files.model, typed([...unet, ...text], 'F16'));
  await writeSparse(files.vae, typed(vae, 'F16'));
  return files;
}

const SHARDS = 3;

async function writeShards(folder: string): Promise<WrittenCheckpoint> {
  const { unet, vae, text } = inDiffusersNames('sd15');
  const configs = checkpointConfigs({ family: 'sd15', prediction: undefined, isZeroSnr: false });
  const nets = [
    { part: 'unet', stem: 'diffusion_pytorch_model', config: configs.unet, tensors: unet },
    { part: 'vae', stem: 'diffusion_pytorch_model', config: configs.vae, tensors: vae },
    { part: 'text_encoder', stem: 'model', config: configs.text[0], tensors: text },
  ];
  for (const { part, stem, config, tensors } of nets) {
    await mkdir(join(folder, part));
    await writeFile(join(folder, part, 'config.json'), JSON.stringify(config));
    const names: Record<string, string> = {};
    for (let shard = 0; shard < SHARDS; shard++) {
      const file = `${stem}.fp16-0000${shard + 1}-of-0000${SHARDS}.safetensors`;
      const own = tensors.filter((_, k) => k % SHARDS === shard);
      await writeSparse(join(folder, part, file), typed(own, 'F16'));
      own.forEach(({ name }) => (names[name] = file));
    }
    await writeFile(join(folder, part, `${stem}.safetensors.index.fp16.json`), JSON.stringify({ weight_map: names }));
  }
  await mkdir(join(folder, 'scheduler'));
  await writeFile(join(folder, 'scheduler/scheduler_config.json'), JSON.stringify(configs.scheduler));
  const part = ['diffusers', 'any'];
  const index = { _class_name: 'StableDiffusionPipeline', unet: part, vae: part, text_encoder: part, scheduler: part };
  await writeFile(join(folder, 'model_index.json'), JSON.stringify(index));
  return { model: folder };
}

function typed(shaped: readonly Shaped[], dtype: Dtype): readonly Typed[] {
  return shaped.map((one) => ({ ...one, dtype }));
}

function inFile(vae: readonly Shaped[]): readonly Shaped[] {
  return vae.map(({ name, shape }) => ({ name: `first_stage_model.${name}`, shape }));
}

/** A header, and a hole where the numbers would be. */
async function writeSparse(file: string, tensors: readonly Typed[]): Promise<void> {
  let at = 0;
  const header: Record<string, unknown> = {};
  for (const { name, dtype, shape } of tensors) {
    const end = at + shape.reduce((product, side) => product * side, BYTES_PER_ELEMENT[dtype]);
    header[name] = { dtype, shape, data_offsets: [at, end] };
    at = end;
  }
  const text = JSON.stringify(header);
  const json = Buffer.from(text.padEnd(Math.ceil(text.length / 8) * 8));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  const handle = await open(file, 'w');
  try {
    await handle.writeFile(Buffer.concat([length, json]));
    await handle.truncate(length.length + json.length + at);
  } finally {
    await handle.close();
  }
}
