/**
 * The second text encoder of SDXL out of a checkpoint: OpenCLIP keeps q, k and v in one matrix, which is cut at its
 * rows without a copy, and its projection transposed, which is turned once into a small cached file.
 */
import { cachedWeights } from '../cache.ts';
import { BYTES_PER_ELEMENT } from '../dtype.ts';
import { fileState } from '../file-state.ts';
import type { TensorInfo, TensorSource } from '../tensor-source.ts';
import { infosOf, readFloats, TensorTable } from '../tensor-table.ts';
import { fromOpenClipName } from './open-clip-names.ts';

/**
 * `source`: the encoder's tensors under OpenCLIP's names. Throws `UserError` `weights.unwritable` when the turned
 * projection has no place.
 */
export async function openClipEncoder(source: TensorSource, cacheDir: string): Promise<TensorSource> {
  const infos: TensorInfo[] = infosOf(source).flatMap((info) => {
    // diffusers' converter has turned it already.
    const name = info.name === TURNED ? TURNED : fromOpenClipName(info.name);
    return name === undefined ? cutJoint(info) : [{ ...info, name }];
  });
  const projection = source.get('text_projection');
  if (projection !== undefined) {
    infos.push(...infosOf(await turned(projection, TURNED, cacheDir)));
  }
  return new TensorTable(source.origin, infos);
}

const TURNED = 'text_projection.weight';

const JOINT = /^transformer\.resblocks\.(?<layer>\d+)\.attn\.in_proj_(?<kind>weight|bias)$/;

/** [3n, n] or [3n] → three tensors over the thirds of the same bytes. */
function cutJoint(info: TensorInfo): readonly TensorInfo[] {
  const { layer, kind } = JOINT.exec(info.name)?.groups ?? {};
  const [rows = 0, ...rest] = info.shape;
  if (layer === undefined || kind === undefined || rows % 3 !== 0) {
    return [];
  }
  return ['q_proj', 'k_proj', 'v_proj'].map((projection, i) => ({
    ...info,
    name: `text_model.encoder.layers.${layer}.self_attn.${projection}.${kind}`,
    shape: [rows / 3, ...rest],
    offset: info.offset + (i * info.length) / 3,
    length: info.length / 3,
    ...(info.scale !== undefined && { scale: thirdOf(info.scale, i) }),
  }));
}

/** Of a scale for each row; one for all stays. */
function thirdOf(scale: TensorInfo, third: number): TensorInfo {
  const [rows = 1, ...rest] = scale.shape;
  return rows % 3 === 0
    ? {
        ...scale,
        shape: [rows / 3, ...rest],
        offset: scale.offset + (third * scale.length) / 3,
        length: scale.length / 3,
      }
    : scale;
}

/** The transpose of a square or oblong matrix, as fp32 under `name`. */
async function turned(matrix: TensorInfo, name: string, cacheDir: string): Promise<TensorSource> {
  const [rows = 0, columns = 0] = matrix.shape;
  const key = JSON.stringify(['turn 1', matrix.file, await fileState(matrix.file), matrix.offset, matrix.shape]);
  return cachedWeights({ besides: matrix.file, cacheDir, label: 'projection', key, inputs: [matrix.file] }, () => [
    {
      name,
      dtype: 'F32',
      shape: [columns, rows],
      parts: async function* () {
        const from = await readFloats(matrix);
        const to = new Float32Array(matrix.length / BYTES_PER_ELEMENT[matrix.dtype]);
        for (let row = 0; row < rows; row++) {
          for (let column = 0; column < columns; column++) {
            to[column * rows + row] = from[row * columns + column] ?? 0;
          }
        }
        yield new Uint8Array(to.buffer);
      },
    },
  ]);
}
