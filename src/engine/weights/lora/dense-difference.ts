/**
 * What a dense change adds to its weight at strength 1, as a matrix of the weight's rows: W' = W + strength · D.
 * W is the base's own weight, as it was when the change was trained beside it; D is linear in strength for every form,
 * DoRA included, as ComfyUI and the web UIs apply it.
 *
 *   LoHa        D = scale · (w1_a·w1_b) ∘ (w2_a·w2_b)        LoKr   D = scale · w1 ⊗ w2
 *   GLoRA       D = scale · (W·a1·a2 + b1·b2)                 (IA)³  D = W ∘ (l - neutral), by row or by column
 *   DoRA        D = m · V / |V| - W with V = W + the change it goes with; |·| by row or by column
 * Formulas as in https://github.com/KohakuBlueleaf/LyCORIS (lycoris/modules at 4.1) and
 * https://github.com/huggingface/peft (tuners/lora/dora.py at 0.21).
 */
/* oxlint-disable typescript/no-non-null-assertion -- loops keep every index within its array */
import { readMany } from '../tensor-table.ts';
import type { AddProduct } from './add-product.ts';
import { checkInner, factorValues, kronecker, misfit, product, transposed } from './dense-factors.ts';
import { denseSize, factorSize, type DenseForm, type DensePart } from './dense-group.ts';
import { readLoraMatrices } from './lora-matrices.ts';

type Floats = Float32Array<ArrayBuffer>;

/** `weight`: W's values; read and left as it is. Throws `UserError` as `readMany`, `lora.shape` for factors that do not fit. */
export async function denseDifference(
  file: string,
  part: DensePart,
  weight: Floats,
  addProduct: AddProduct,
): Promise<Floats> {
  const [rows = 0, ...rest] = part.shape;
  const size: Size = { rows, columns: rest.reduce((product, side) => product * side, 1), inFeatures: rest[0] ?? 1 };
  const calculation: Calculation = { file, size, weight, addProduct };
  const change = await changeOf(part.form, part, calculation);
  if (part.magnitude === undefined) {
    return change;
  }
  const [lengths = new Float32Array()] = await readMany(file, [part.magnitude.info]);
  return decomposed(change, weight, lengths, size, magnitudeAxis(part, size));
}

type Size = { readonly rows: number; readonly columns: number; readonly inFeatures: number };
type Calculation = {
  readonly file: string;
  readonly size: Size;
  readonly weight: Floats;
  readonly addProduct: AddProduct;
};

async function changeOf(form: DenseForm, part: DensePart, calculation: Calculation): Promise<Floats> {
  const { file, size, weight, addProduct } = calculation;
  switch (form.kind) {
    case 'LoRA': {
      const [pair] = await readLoraMatrices(file, [{ ...form.pair, module: part.name, shape: part.shape }]);
      return pair === undefined
        ? new Float32Array(weight.length)
        : product(addProduct, pair.up, pair.down, [size.rows, pair.rank, size.columns], pair.scale);
    }
    case 'LoHa': {
      const left = await factorValues(form.left, calculation);
      const right = await factorValues(form.right, calculation);
      for (let i = 0; i < left.length; i++) {
        left[i] = left[i]! * right[i]! * form.scale;
      }
      return left;
    }
    case 'LoKr': {
      const left = await factorValues(form.left, calculation);
      const right = await factorValues(form.right, calculation);
      return kronecker(left, factorSize(form.left), right, factorSize(form.right), form.scale);
    }
    case 'GLoRA':
      return generalised(form, calculation);
    case 'IA3':
      return rescaled(form, calculation);
    case 'difference': {
      const [difference = new Float32Array(weight.length)] = await readMany(file, [form.difference]);
      return form.scale === 1 ? difference : difference.map((value) => value * form.scale);
    }
    default:
      return form satisfies never;
  }
}

async function generalised(
  { a: [a1, a2], b: [b1, b2], scale }: Extract<DenseForm, { kind: 'GLoRA' }>,
  { file, size, weight, addProduct }: Calculation,
): Promise<Floats> {
  const { rows, columns, inFeatures } = size;
  const taps = columns / inFeatures;
  const rank = a1.shape[1] ?? 0;
  checkInner(a1, a2, rank, a2.shape[0]);
  checkInner(b1, b2, b1.shape[1], b2.shape[0]);
  const [first, second, third, fourth] = (await readMany(file, [a1, a2, b1, b2])).values();
  // [out, in, taps] as [out · taps, in], so that the input's axis is the last.
  const w = taps === 1 ? weight : swapTaps(weight, rows, inFeatures, taps);
  const low = await product(addProduct, w, first!, [rows * taps, inFeatures, rank], 1);
  const wide = await product(addProduct, low, second!, [rows * taps, rank, inFeatures], scale);
  return addProduct({
    weight: taps === 1 ? wide : swapTaps(wide, rows, taps, inFeatures),
    up: third!,
    down: fourth!,
    rows,
    rank: b1.shape[1] ?? 0,
    columns,
    scale,
  });
}

/** [rows, a, b] → [rows, b, a] */
function swapTaps(values: Floats, rows: number, a: number, b: number): Floats {
  const out = new Float32Array(values.length);
  for (let row = 0; row < rows; row++) {
    out.set(transposed(values.slice(row * a * b, (row + 1) * a * b), a, b), row * a * b);
  }
  return out;
}

async function rescaled(
  { vector, axis, neutral }: Extract<DenseForm, { kind: 'IA3' }>,
  { file, size: { rows, columns, inFeatures }, weight }: Calculation,
): Promise<Floats> {
  const [lengths = new Float32Array()] = await readMany(file, [vector]);
  if (lengths.length !== (axis === 'in' ? inFeatures : rows)) {
    throw misfit(vector, `${axis === 'in' ? inFeatures : rows} numbers`);
  }
  const taps = columns / inFeatures;
  const out = new Float32Array(weight.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const length = axis === 'in' ? lengths[Math.floor(column / taps)]! : lengths[row]!;
      out[row * columns + column] = weight[row * columns + column]! * (length - neutral);
    }
  }
  return out;
}

/** As LyCORIS tells: [out, 1, …] by row, [1, in, …] by column. */
function magnitudeAxis({ magnitude, shape }: DensePart, { rows, inFeatures }: Size): 'in' | 'out' {
  const info = magnitude!.info;
  const length = info.shape.reduce((product, side) => product * side, 1);
  const isByColumn = magnitude!.axis === 'by shape' && info.shape.length > 1 && info.shape[0] === 1 && shape[0] !== 1;
  if (length !== (isByColumn ? inFeatures : rows)) {
    throw misfit(info, `${isByColumn ? inFeatures : rows} numbers`);
  }
  return isByColumn ? 'in' : 'out';
}

/** `change` becomes m · (W + change) / |W + change| - W. */
function decomposed(
  change: Floats,
  weight: Floats,
  lengths: Floats,
  { rows, columns, inFeatures }: Size,
  axis: 'in' | 'out',
): Floats {
  const taps = columns / inFeatures;
  const squares = new Float64Array(axis === 'out' ? rows : inFeatures);
  for (let row = 0, at = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++, at++) {
      const value = weight[at]! + change[at]!;
      change[at] = value;
      const index = axis === 'out' ? row : taps === 1 ? column : Math.floor(column / taps);
      squares[index] = squares[index]! + value * value;
    }
  }
  const factors = squares.map((square, i) => (square === 0 ? 0 : lengths[i]! / Math.sqrt(square)));
  for (let row = 0, at = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++, at++) {
      const index = axis === 'out' ? row : taps === 1 ? column : Math.floor(column / taps);
      change[at] = change[at]! * factors[index]! - weight[at]!;
    }
  }
  return change;
}

/** Whether the change has as many numbers as the weight, in the same rows. */
export function fitsShape(form: DenseForm, [rows = 0, ...rest]: readonly number[]): boolean {
  const size = denseSize(form);
  return size === undefined || (size[0] === rows && size[1] === rest.reduce((total, side) => total * side, 1));
}
