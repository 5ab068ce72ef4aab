/** Pictures of coloured shapes, the same for a seed: where nobody has pictures, a net is shown these to see what ranges it works in. */
/* oxlint-disable typescript/no-non-null-assertion -- loops keep every index within its array */
import type { Picture } from '../../core/picture.ts';
import { TorchGenerator } from '../sampling/index.ts';

const SHAPES = 40;
/** Of a shape: its place, its size, its colour, and what it is. */
const NUMBERS = 8;

/** `side` pixels wide and high: rectangles and ellipses over one another. */
export function drawnShapes(seed: number, side: number): Picture {
  const random = new TorchGenerator(seed).rand(3 + SHAPES * NUMBERS);
  const data = new Uint8Array(3 * side * side);
  const paint = (colour: Iterable<number>, covers: (x: number, y: number) => boolean): void => {
    const bytes = Uint8Array.from(colour, (each) => Math.floor(256 * each));
    for (let p = 0; p < side * side; p++) {
      if (covers((p % side) / side, Math.floor(p / side) / side)) {
        data.set(bytes, 3 * p);
      }
    }
  };
  paint(random.subarray(0, 3), () => true);
  for (let shape = 0; shape < SHAPES; shape++) {
    const [cx, cy, width, height, kind, ...colour] = random.subarray(3 + shape * NUMBERS, 3 + (shape + 1) * NUMBERS);
    // From 0.02 to 0.27 of the picture either way from its middle, the small ones more often.
    const [rx, ry] = [0.02 + 0.25 * width! ** 2, 0.02 + 0.25 * height! ** 2];
    paint(colour, (x, y) => {
      const [dx, dy] = [Math.abs(x - cx!) / rx, Math.abs(y - cy!) / ry];
      return kind! < 0.5 ? Math.max(dx, dy) < 1 : Math.hypot(dx, dy) < 1;
    });
  }
  return { width: side, height: side, data };
}
