/**
 * The algebra of dense changes: factors multiplied out, Tucker cores folded, Kronecker's product. Knows matrices alone.
 */
/* oxlint-disable typescript/no-non-null-assertion -- loops keep every index within its array */
import { UserError } from '../../../core/errors.ts';
import type { TensorInfo } from '../tensor-source.ts';
import { readMany } from '../tensor-table.ts';
import type { AddProduct } from './add-product.ts';
import { factorSize, type Factor } from './dense-group.ts';

type Floats = Float32Array<ArrayBuffer>;

/** The factor multiplied out, kernels flattened. Throws `UserError` `lora.shape` where its halves do not fit. */
export async function factorValues(
  factor: Factor,
  { file, addProduct }: { readonly file: string; readonly addProduct: AddProduct },
): Promise<Floats> {
  const [rows, columns] = factorSize(factor);
  switch (factor.kind) {
    case 'whole':
      return (await readMany(file, [factor.whole]))[0] ?? new Float32Array();
    case 'product': {
      checkInner(factor.a, factor.b, factor.a.shape[1], factor.b.shape[0]);
      const [a = new Float32Array(), b = new Float32Array()] = await readMany(file, [factor.a, factor.b]);
      return product(addProduct, a, b, [rows, factor.b.shape[0] ?? 0, columns], 1);
    }
    case 'tucker': {
      const { core, a, b } = factor;
      checkInner(core, b, core.shape[1], b.shape[0]);
      checkInner(core, a, core.shape[0], a.shape[0]);
      const [t = new Float32Array(), left = new Float32Array(), right = new Float32Array()] = await readMany(file, [
        core,
        a,
        b,
      ]);
      const [outer = 0, inner = 0, ...kernel] = core.shape;
      const inFeatures = b.shape[1] ?? 0;
      const taps = kernel.reduce((total, side) => total * side, 1);
      const folded = fold(t, right, { outer, inner, inFeatures, taps });
      return product(addProduct, transposed(left, outer, rows), folded, [rows, outer, columns], 1);
    }
    default:
      return factor satisfies never;
  }
}

type Core = {
  readonly outer: number;
  readonly inner: number;
  readonly inFeatures: number;
  readonly taps: number;
};

/** out[i, r, ·] = Σⱼ core[i, j, ·] · b[j, r] */
function fold(core: Floats, b: Floats, { outer, inner, inFeatures, taps }: Core): Floats {
  const out = new Float32Array(outer * inFeatures * taps);
  for (let i = 0; i < outer; i++) {
    for (let j = 0; j < inner; j++) {
      for (let r = 0; r < inFeatures; r++) {
        const factor = b[j * inFeatures + r]!;
        for (let tap = 0; tap < taps; tap++) {
          const to = (i * inFeatures + r) * taps + tap;
          out[to] = out[to]! + factor * core[(i * inner + j) * taps + tap]!;
        }
      }
    }
  }
  return out;
}

/** [rows, columns] → [columns, rows] */
export function transposed(values: Floats, rows: number, columns: number): Floats {
  const out = new Float32Array(values.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      out[column * rows + row] = values[row * columns + column]!;
    }
  }
  return out;
}

/** left ⊗ right · scale. Both factors may have kernels: those of the right one lie innermost, where the weight has them too. */
export function kronecker(
  left: Floats,
  [leftRows, leftColumns]: readonly [number, number],
  right: Floats,
  [rightRows, rightColumns]: readonly [number, number],
  scale: number,
): Floats {
  const out = new Float32Array(left.length * right.length);
  let at = 0;
  for (let a = 0; a < leftRows; a++) {
    for (let c = 0; c < rightRows; c++) {
      for (let b = 0; b < leftColumns; b++) {
        const factor = left[a * leftColumns + b]! * scale;
        const from = c * rightColumns;
        for (let d = 0; d < rightColumns; d++) {
          out[at++] = factor * right[from + d]!;
        }
      }
    }
  }
  return out;
}

/** scale · up · down */
export function product(
  addProduct: AddProduct,
  up: Floats,
  down: Floats,
  [rows, rank, columns]: readonly [rows: number, rank: number, columns: number],
  scale: number,
): Promise<Floats> {
  return addProduct({ weight: new Float32Array(rows * columns), up, down, rows, rank, columns, scale });
}

export function checkInner(a: TensorInfo, b: TensorInfo, of: number | undefined, other: number | undefined): void {
  if (of !== other) {
    throw misfit(a, `a factor for ${b.name} [${b.shape.join(', ')}]`);
  }
}

export function misfit({ name, shape }: TensorInfo, expected: string): UserError {
  return new UserError(
    'lora.shape',
    `In a LoRA "${name}" must be ${expected}, but it is [${shape.join(', ')}]; the file is damaged or not a LoRA.`,
    { params: { file: '', tensor: name, expected, shape: shape.join(', ') } },
  );
}
