/**
 * How a kernel's places become whole numbers: neighbouring pixels of a picture are alike, so what one place loses by rounding
 * the next ones make up for, and the error that is left cancels where the picture is smooth. Error feedback as in GPTQ
 * (https://arxiv.org/abs/2210.17323, section 3), with likeness by distance in place of recorded inputs. Knows no layer.
 */
/* oxlint-disable typescript/no-non-null-assertion -- loops keep every index within its array */

/** Of two pixels of a layer's input side by side; of others, to the power of their distance. */
const LIKENESS = 0.7;

/** Rounds the places of one kernel [kh·kw], in units of their scale, to −127 to 127 where they lie. */
export function kernelRounding(sides: readonly number[]): (places: Float64Array) => void {
  const feedback = feedbackOf(sides);
  const area = feedback.length;
  return (places) => {
    for (let k = 0; k < area; k++) {
      const row = feedback[k]!;
      const wanted = places[k]!;
      const rounded = Math.max(-127, Math.min(127, Math.round(wanted)));
      const lost = wanted - rounded;
      places[k] = rounded;
      for (let later = k + 1; later < area; later++) {
        places[later] = places[later]! + lost * row[later]!;
      }
    }
  };
}

/**
 * What each place hands on to each later one of what it loses: the best guess of that place's input from theirs, all else
 * being free, −U_kj / U_kk of the Cholesky factor UᵀU of the likenesses' inverse.
 */
function feedbackOf(sides: readonly number[]): readonly Float64Array[] {
  const [height = 1, width = 1] = sides;
  const area = height * width;
  const likeness = (a: number, b: number): number =>
    LIKENESS ** Math.hypot((a % width) - (b % width), Math.floor(a / width) - Math.floor(b / width));
  // Eliminating from the last place to the first leaves, for each, how the later ones predict it.
  return Array.from({ length: area }, (_, k) => {
    const later = Array.from({ length: area - k - 1 }, (_unused, n) => k + 1 + n);
    const matrix = later.map((a) => [...later.map((b) => likeness(a, b)), likeness(a, k)]);
    const row = new Float64Array(area);
    for (const [n, weight] of solve(matrix).entries()) {
      row[k + 1 + n] = weight;
    }
    return row;
  });
}

/** Of a positive definite system [n, n + 1], by elimination. */
function solve(matrix: readonly number[][]): readonly number[] {
  const rows = matrix.map((row) => [...row]);
  const size = rows.length;
  for (let pivot = 0; pivot < size; pivot++) {
    for (let row = 0; row < size; row++) {
      if (row !== pivot) {
        const factor = rows[row]![pivot]! / rows[pivot]![pivot]!;
        for (let column = pivot; column <= size; column++) {
          rows[row]![column] = rows[row]![column]! - factor * rows[pivot]![column]!;
        }
      }
    }
  }
  return rows.map((row, n) => row[size]! / row[n]!);
}
