/**
 * The quantiles of a beta distribution, for noise levels spread by it (arXiv 2407.12173). Knows no sampler.
 *
 * I_x(a, b) by its continued fraction, DLMF 8.17.22, evaluated by Lentz's method; its inverse by halving.
 */
/** Enough halvings for a double. */
const HALVINGS = 60;
const TERMS = 200;
const PRECISION = 1e-15;
const TINY = 1e-300;

/** The x with I_x(shape, shape) = `share`, 0 … 1, of the distribution whose two shapes are equal. */
export function symmetricBetaQuantile(share: number, shape: number): number {
  if (share <= 0 || share >= 1) {
    return Math.min(Math.max(share, 0), 1);
  }
  // The distribution is its own mirror, and near 0 numbers are finer than near 1.
  if (share > 0.5) {
    return 1 - symmetricBetaQuantile(1 - share, shape);
  }
  const half = tail(0.5, shape);
  let [low, high] = [0, 0.5];
  for (let turn = 0; turn < HALVINGS; turn++) {
    const middle = (low + high) / 2;
    // I_0.5 is a half: no gamma function is needed.
    if ((0.5 * tail(middle, shape)) / half < share) {
      low = middle;
    } else {
      high = middle;
    }
  }
  return (low + high) / 2;
}

/** I_x(s, s) but for its constant factor, 0 < x ≤ 0.5. */
function tail(x: number, shape: number): number {
  return ((x * (1 - x)) ** shape / shape) * continuedFraction(x, shape);
}

function continuedFraction(x: number, s: number): number {
  let c = 1;
  let d = 1 / notZero(1 - (2 * s * x) / (s + 1));
  let value = d;
  for (let m = 1; m <= TERMS; m++) {
    const even = (m * (s - m) * x) / ((s + 2 * m - 1) * (s + 2 * m));
    const odd = (-(s + m) * (2 * s + m) * x) / ((s + 2 * m) * (s + 2 * m + 1));
    for (const [k, term] of [even, odd].entries()) {
      d = 1 / notZero(1 + term * d);
      c = notZero(1 + term / c);
      value *= c * d;
      if (k === 1 && Math.abs(c * d - 1) < PRECISION) {
        return value;
      }
    }
  }
  return value;
}

function notZero(value: number): number {
  return Math.abs(value) < TINY ? TINY : value;
}
