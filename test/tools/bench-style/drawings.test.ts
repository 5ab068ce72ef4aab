/** Ways of drawing and their measures: what is drawn so has much of it, what is not has little. */
import { describe, expect, it } from 'vitest';

import { measured, redrawn, WAYS } from '../../../src/tools/bench-style/drawings.ts';

/** A soft ball on a soft ground, as no way of drawing would have it. */
const SIDE = 64;
const ball = {
  width: SIDE,
  height: SIDE,
  data: Uint8Array.from({ length: 3 * SIDE * SIDE }, (_, i) => {
    const [x, y] = [Math.floor(i / 3) % SIDE, Math.floor(i / 3 / SIDE)];
    const inside = Math.hypot(x - 32, y - 32) < 20;
    return inside ? [200, 60, 150][i % 3]! - y : [140, 200, 110][i % 3]! + x / 2;
  }),
};

describe('ways of drawing', () => {
  it.each(WAYS)('%s is seen in what is drawn so, and hardly in what is not', (way) => {
    const drawn = measured(redrawn(ball, way), way);
    expect(drawn).toBeGreaterThan({ outlines: 0.02, flat: 0.99, texture: 0.2 }[way]);
    expect(measured(ball, way)).toBeLessThan(0.2 * drawn);
    for (const other of WAYS.filter((each) => each !== way)) {
      expect(measured(redrawn(ball, other), way)).toBeLessThan(0.6 * drawn);
    }
  });
});
