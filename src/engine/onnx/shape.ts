/**
 * Shapes with names in them. A length is a number or a symbol; a symbol is a name with an optional factor or divisor:
 * `width`, `width*8`, `width/2`. A divided length is rounded up, as strided convolutions do. `height*2+1` is one more.
 * `rows?` is `rows` or 1, and broadcasts to `rows`.
 */
import type { Dim } from './model-proto.ts';

export type Shape = readonly Dim[];

/** `dim` times `numerator` / `denominator`, rounded up: `scaled('width/2', 2, 1)` is `width`. */
export function scaled(dim: Dim, numerator: number, denominator: number): Dim {
  if (typeof dim === 'number') {
    return Math.ceil((dim * numerator) / denominator);
  }
  const { base, more } = withoutSum(dim);
  if (more > 0) {
    if (denominator !== 1) {
      throw new Error(`Expected a length that ${denominator} divides, got ${dim}.`);
    }
    return longer(scaled(base, numerator, 1), more * numerator);
  }
  const [, name = dim, sign, digits] = /^(.*?)(?:([*/])(\d+))?$/.exec(dim) ?? [];
  const factor = digits === undefined ? 1 : Number(digits);
  const up = numerator * (sign === '*' ? factor : 1);
  const down = denominator * (sign === '/' ? factor : 1);
  const common = gcd(up, down);
  if (up === common && down === common) {
    return name;
  }
  return down === common
    ? `${name}*${up / common}`
    : `${name}${up === common ? '' : `*${up / common}`}/${down / common}`;
}

/** What `dim` comes to where its symbol stands for `value`; not rounded. A number is itself. */
export function lengthWhere(dim: Dim, value: number): number {
  if (typeof dim === 'number') {
    return dim;
  }
  const { base, more } = withoutSum(dim);
  const [, factor = '1', divisor = '1'] = /^.*?(?:\*(\d+))?(?:\/(\d+))?$/.exec(base) ?? [];
  return (value * Number(factor)) / Number(divisor) + more;
}

/** `dim` and `by` more, or fewer of what was added to it: `longer('height+2', -2)` is `height`. */
export function longer(dim: Dim, by: number): Dim {
  if (typeof dim === 'number') {
    return dim + by;
  }
  const { base, more } = withoutSum(dim);
  if (more + by < 0) {
    throw new Error(`Expected a length of which ${-by} can be taken, got ${dim}.`);
  }
  return more + by === 0 ? base : `${base}+${more + by}`;
}

/** A length taken apart: what is added to it, and the rest. */
export function withoutSum(dim: string): { readonly base: string; readonly more: number } {
  const [, base = dim, more = '0'] = /^(.*)\+(\d+)$/.exec(dim) ?? [];
  return { base, more: Number(more) };
}

/** The shape of an elementwise operator's result. Throws where two lengths can never agree. */
export function broadcast(operator: string, a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  const result: Dim[] = [];
  for (let axis = 0; axis < rank; axis++) {
    const left = a[axis - rank + a.length] ?? 1;
    const right = b[axis - rank + b.length] ?? 1;
    if (left === 1 || left === `${right}?`) {
      result.push(right);
    } else if (left === right || right === 1 || right === `${left}?`) {
      result.push(left);
    } else {
      throw shapeError(operator, `shapes that broadcast`, a, b);
    }
  }
  return result;
}

/** One length out of a shape; negative axes count from the end. Throws where there is none. */
export function dimAt(shape: Shape, axis: number): Dim {
  const dim = shape.at(axis);
  if (dim === undefined) {
    throw new Error(`Expected an axis ${axis} in ${formatShape(shape)}.`);
  }
  return dim;
}

/** As `dimAt`, where the length must be known while building. */
export function fixedDim(shape: Shape, axis: number): number {
  const dim = dimAt(shape, axis);
  if (typeof dim !== 'number') {
    throw new Error(`Expected a fixed length on axis ${axis}, got ${formatShape(shape)}.`);
  }
  return dim;
}

export function shapeError(operator: string, expected: string, ...shapes: readonly Shape[]): Error {
  return new Error(`${operator}: expected ${expected}, got ${shapes.map(formatShape).join(' and ')}.`);
}

export function formatShape(shape: Shape): string {
  return `[${shape.join(', ')}]`;
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}
