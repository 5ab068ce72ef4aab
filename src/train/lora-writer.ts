/**
 * What was learnt as a LoRA file that other programs read too: kohya's names, `ss_*` and `modelspec` metadata; the vectors of a
 * new word lie beside, under the trigger's name. Matrices
 * come as graphs take them, [in, r] and [r, out], and go as files have them, [r, in] and [out, r]; alpha is the rank.
 * https://github.com/Stability-AI/ModelSpec, https://github.com/kohya-ss/sd-scripts (library/train_util.py)
 */
/* oxlint-disable typescript/no-non-null-assertion -- loops keep every index within its array */
import { netsOf } from '../core/fingerprint.ts';
import type { Base } from '../core/manifest.ts';
import { writeSafetensors } from '../engine/weights/index.ts';
import type { Learnt } from './learnt.ts';

export type LoraNotes = {
  readonly title: string;
  readonly base: Base;
  /** Hash of the base's weights, so that a reader can tell which model it was learnt on. */
  readonly baseHash: string;
  readonly license: string;
  /** '' for none. */
  readonly trigger: string;
  /** Where the vectors of a new word go, as diffusers wants them; default: beside the matrices, as web UIs do. */
  readonly wordFile?: string | undefined;
  readonly rank: number;
  readonly steps: number;
  readonly batch: number;
  readonly rate: number;
  readonly seed: number;
  readonly pictures: number;
  readonly width: number;
  readonly height: number;
  readonly prediction: string;
  /** ISO 8601. */
  readonly date: string;
};

/** Modules whose files keep a 1×1 convolution's two ones, by name. */
export type IsConvolution = (module: string) => boolean;

/** Throws `UserError` `weights.unwritable`. */
export async function writeLora(
  file: string,
  learnt: readonly Learnt[],
  isConvolution: IsConvolution,
  notes: LoraNotes,
): Promise<void> {
  const words = learnt.filter(({ name }) => name.endsWith('.new_tokens'));
  const matrices = learnt.filter((each) => !words.includes(each));
  const { trigger, wordFile } = notes;
  const apart = wordFile !== undefined;
  const vectors = words.map(({ name, shape, values }) =>
    tensor(wordName(name, { trigger, apart, sets: words.length }), shape, values),
  );
  if (apart && vectors.length > 0) {
    await writeSafetensors(wordFile, vectors, {});
  }
  const tensors = matrices.flatMap((each) => {
    const [, module = '', side = ''] = /^(.*)\.lora_(down|up)$/.exec(each.name) ?? [];
    const stem = kohyaStem(module);
    const { values, shape } = asStored(each, isConvolution(module));
    const matrix = tensor(`${stem}.lora_${side}.weight`, shape, values);
    return side === 'down' ? [matrix, tensor(`${stem}.alpha`, [], Float32Array.of(notes.rank))] : [matrix];
  });
  await writeSafetensors(
    file,
    [...tensors, ...(apart ? [] : vectors)].toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    metadata(notes),
  );
}

/** Of a new word's vectors, as web UIs call them in a LoRA's file and diffusers in one of their own; SDXL has two sets. */
function wordName(
  name: string,
  { trigger, apart, sets }: { readonly trigger: string; readonly apart: boolean; readonly sets: number },
): string {
  if (sets === 1) {
    return apart ? trigger : `bundle_emb.${trigger}.string_to_param.*`;
  }
  const part = name.startsWith('text_encoder_2.') ? 'clip_g' : 'clip_l';
  return apart ? part : `bundle_emb.${trigger}.${part}`;
}

function kohyaStem(module: string): string {
  const [, second, rest = module] = /^text_encoder(_2)?\.(.*)$/.exec(module) ?? [];
  const net = rest === module ? 'lora_unet' : second === undefined ? 'lora_te' : 'lora_te2';
  return `${net}_${rest.replaceAll('.', '_')}`;
}

function asStored({ values, shape }: Learnt, isConvolution: boolean): Pick<Learnt, 'values' | 'shape'> {
  if (shape.length !== 2) {
    return { values, shape };
  }
  const [rows, columns] = [shape[0] ?? 1, shape[1] ?? 1];
  const turned = new Float32Array(values.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      turned[column * rows + row] = values[row * columns + column]!;
    }
  }
  return { values: turned, shape: [columns, rows, ...(isConvolution ? [1, 1] : [])] };
}

function tensor(name: string, shape: readonly number[], values: Float32Array) {
  return {
    name,
    dtype: 'F32' as const,
    shape,
    parts: async function* () {
      yield new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    },
  };
}

/** How the two metadata conventions call our bases. */
const ARCHITECTURES: Readonly<Record<Base, readonly [kohya: string, modelspec: string]>> = {
  sd15: ['sd_v1', 'stable-diffusion-v1'],
  sd2: ['sd_v2', 'stable-diffusion-v2-512'],
  sdxl: ['sdxl_base_v1-0', 'stable-diffusion-xl-v1-base'],
  ssd1b: ['ssd-1b', 'segmind-ssd-1b'],
  moji: ['moji', 'moji'],
  other: ['other', 'other'],
};

function metadata(notes: LoraNotes): Readonly<Record<string, string>> {
  const [kohya, modelspec] = ARCHITECTURES[notes.base];
  const { rank, trigger } = notes;
  return {
    format: 'pt',
    ss_network_module: 'networks.lora',
    ss_network_dim: String(rank),
    ss_network_alpha: String(rank),
    ss_base_model_version: kohya,
    ss_output_name: notes.title,
    ss_sd_model_hash: netsOf(notes.baseHash),
    ss_max_train_steps: String(notes.steps),
    ss_steps: String(notes.steps),
    ss_total_batch_size: String(notes.batch),
    ss_learning_rate: String(notes.rate),
    ss_seed: String(notes.seed),
    ss_num_train_images: String(notes.pictures),
    ss_resolution: `(${notes.width}, ${notes.height})`,
    ...(trigger !== '' && { ss_tag_frequency: JSON.stringify({ style: { [trigger]: notes.pictures } }) }),
    'modelspec.sai_model_spec': '1.0.0',
    'modelspec.architecture': `${modelspec}/lora`,
    'modelspec.implementation': 'diffusers',
    'modelspec.title': notes.title,
    'modelspec.date': notes.date,
    'modelspec.license': notes.license,
    'modelspec.resolution': `${notes.width}x${notes.height}`,
    'modelspec.prediction_type': notes.prediction === 'v_prediction' ? 'v' : notes.prediction,
    ...(trigger !== '' && { 'modelspec.trigger_phrase': trigger }),
  };
}
