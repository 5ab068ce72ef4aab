import { describe, expect, it } from 'vitest';
import { pictureToValues, valuesToPicture } from '../../../src/engine/model/picture-values.ts';

describe('pixels and values', () => {
  it('turn into one another without loss', () => {
    const data = Uint8Array.from({ length: 16 * 16 * 3 }, (_, i) => i % 256);
    const picture = { width: 16, height: 16, data };
    expect(valuesToPicture(pictureToValues(picture), 16, 16)).toEqual(picture);
  });

  it('lie plane after plane, black at -1 and white at 1', () => {
    const values = pictureToValues({ width: 2, height: 1, data: Uint8Array.of(0, 255, 0, 255, 0, 255) });
    expect([...values]).toEqual([-1, 1, 1, -1, -1, 1]);
  });

  it('are clamped on the way to pixels', () => {
    expect([...valuesToPicture(Float32Array.of(-3, 7, 0.25), 1, 1).data]).toEqual([0, 255, 159]);
  });

  it('of the wrong number are refused', () => {
    expect(() => valuesToPicture(new Float32Array(5), 1, 1)).toThrow('has 3 values, not 5');
  });
});
