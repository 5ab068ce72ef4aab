/**
 * Weight access that carries its path: a layer asks for `weight`, the scope knows the full name. Tensors are declared
 * where they lie in their files; nothing is read here. The idea is candle's `VarBuilder::pp`.
 */
import { UserError } from '../../core/errors.ts';
import type { Value } from '../onnx/graph.ts';
import { Cast } from '../onnx/index.ts';
import type { DataType } from '../onnx/model-proto.ts';
import { formatShape } from '../onnx/shape.ts';
import { QUANTISED, QUANTISED_SCALE, quantisedName } from '../weights/quantised.ts';
import type { Dtype, TensorInfo } from '../weights/tensor-source.ts';
import { input, NO_WEIGHTS } from './building.ts';
import type { Building, LayerWeights } from './lowering.ts';

export class WeightScope implements LayerWeights {
  readonly building: Building;
  /** Prefix of names in the checkpoint. */
  readonly path: string;
  /** Dotted name as LoRA files and messages know it; differs from `path` where a checkpoint spells otherwise. */
  readonly module: string;

  constructor(building: Building, path = '', module = path) {
    this.building = building;
    this.path = path;
    this.module = module;
  }

  /** The scope below: `at('down_blocks', 0, 'resnets')`. */
  at(...names: readonly (string | number)[]): WeightScope {
    const below = names.join('.');
    return new WeightScope(this.building, join(this.path, below), join(this.module, below));
  }

  /** As `at(name)`, but weights may lie under an `older` spelling. */
  withFallback(name: string, older: string): WeightScope {
    const isOlder = !this.at(name).has('weight') && this.at(older).has('weight');
    return isOlder ? new WeightScope(this.building, join(this.path, older), join(this.module, name)) : this.at(name);
  }

  has(name: string): boolean {
    return this.building.source.get(join(this.path, name)) !== undefined;
  }

  /**
   * The tensor `name` as a constant of `shape`; ones are free: [C], [C, 1, 1] and a 1×1 kernel as a matrix or with its
   * channels last are views. Throws `UserError` `model.weights` where it is missing or has another shape.
   */
  weight(name: string, shape: readonly number[]): Value {
    return this.weightRows(name, shape, 0, shape[0] ?? 1);
  }

  /**
   * `count` rows from `start` of the tensor `name`, whose full shape is `shape`; of a matrix that comes with a style in
   * it, an input (merged-weights.ts).
   */
  weightRows(name: string, shape: readonly number[], start: number, count: number): Value {
    const rows = shape[0] ?? 1;
    const taken = count === rows ? shape : [count, ...shape.slice(1)];
    if (name === 'weight' && this.building.styles.merged.has(this.module)) {
      return input(this.building, rowsName(mergedName(this.module), rows, start, count), taken);
    }
    const info = this.#find(name, shape);
    const rowBytes = info.length / rows;
    const dtype = storedType(info, this.building.source.origin);
    const view = formatShape(shape) === formatShape(info.shape) ? '' : formatShape(taken);
    const value = this.building.graph.initializer(`${rowsName(info.name, rows, start, count)}${view}`, dtype, taken, {
      kind: 'external',
      location: info.file,
      offset: info.offset + start * rowBytes,
      length: count * rowBytes,
    });
    return Cast(value, this.building.lowering.dtype);
  }

  /**
   * Outputs `start` to `start + count` of the tensor `weight`, whose full shape is `shape`, in 8 bits: as a matrix
   * [kh·kw·in, count], and a scale for each output. From what `prepareWeights` has made, or inputs where they come with
   * a style in them. Throws as `weight`.
   */
  quantised(shape: readonly number[], start: number, count: number): { readonly values: Value; readonly scale: Value } {
    const [rows = 1, ...rest] = shape;
    const perOutput = rest.reduce((product, side) => product * side, 1);
    if (this.building.styles.merged.has(this.module)) {
      const { graph } = this.building;
      const name = (which: string): string => rowsName(mergedName(this.module, which), rows, start, count);
      return {
        values: graph.input(name(QUANTISED), 'i8', [perOutput, count]),
        scale: graph.input(name(QUANTISED_SCALE), 'f32', [count]),
      };
    }
    this.#find('weight', shape);
    const part = { path: this.path, start, count };
    return {
      values: this.prepared(quantisedName(part, QUANTISED), 'i8', [perOutput, count]),
      scale: this.prepared(quantisedName(part, QUANTISED_SCALE), 'f32', [count]),
    };
  }

  /** What was made of weights beforehand, by its full name. Throws an `Error` where it was not. */
  prepared(name: string, dtype: DataType, shape: readonly number[]): Value {
    const { source, graph } = this.building;
    const info = source === NO_WEIGHTS ? { file: '', offset: 0, length: 0 } : source.get(name);
    if (info === undefined) {
      throw new Error(`${source.origin} has no ${name}: its weights were not prepared for 8 bits.`);
    }
    const { file, offset, length } = info;
    return graph.initializer(name, dtype, shape, { kind: 'external', location: file, offset, length });
  }

  #find(name: string, shape: readonly number[]): TensorInfo {
    const full = join(this.path, name);
    const { source } = this.building;
    if (source === NO_WEIGHTS) {
      return { name: full, dtype: 'F32', shape, file: '', offset: 0, length: 0 };
    }
    const info = source.get(full);
    if (info === undefined) {
      throw new UserError(
        'model.weights',
        `Expected a tensor ${full} ${formatShape(shape)} in ${source.origin}, found none; check that the file belongs to its config.json.`,
        {
          params: { name: full, origin: source.origin },
        },
      );
    }
    if (formatShape(withoutOnes(info.shape)) !== formatShape(withoutOnes(shape))) {
      throw new UserError(
        'model.weights',
        `Expected ${full} in ${source.origin} to be ${formatShape(shape)}, got ${formatShape(info.shape)}; check that the file belongs to its config.json.`,
        {
          params: { name: full, origin: source.origin },
        },
      );
    }
    return info;
  }
}

/** The matrix of a module with a style in it; `which`: of the two tensors that 8 bits are. */
export function mergedName(module: string, which?: string): string {
  return which === undefined ? `${module}.merged` : `${module}.merged.${which}`;
}

/** Of `count` of the `rows` rows of a tensor, from `start`; the tensor's own name for all of them. */
export function rowsName(name: string, rows: number, start: number, count: number): string {
  return count === rows ? name : `${name}[${start}:${start + count}]`;
}

const STORED: Readonly<Partial<Record<Dtype, DataType>>> = { F32: 'f32', F16: 'f16', BF16: 'bf16' };

export function isReadable({ dtype }: TensorInfo): boolean {
  return STORED[dtype] !== undefined;
}

function storedType(info: TensorInfo, origin: string): DataType {
  const dtype = STORED[info.dtype];
  if (dtype === undefined) {
    throw new UserError(
      'model.weights',
      `Expected ${info.name} in ${origin} to be F32, F16 or BF16, got ${info.dtype}; convert the model to one of these.`,
      {
        params: { name: info.name, origin },
      },
    );
  }
  return dtype;
}

function withoutOnes(shape: readonly number[]): readonly number[] {
  return shape.filter((dim) => dim !== 1);
}

function join(path: string, name: string): string {
  return path === '' || name === '' ? path + name : `${path}.${name}`;
}
