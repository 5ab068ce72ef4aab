import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseAspect, parseSize, resolveSize, sizeForAspect, type SizeRules } from '../../commands/size.ts';

const moji: SizeRules = { model: 'moji', width: 128, height: 128, sides: [128] };
const sd: SizeRules = { model: 'sd15', width: 512, height: 512, sides: [512, 768] };

describe('sizes', () => {
  it.each([
    ['512x768', 512, 768],
    ['512×768', 512, 768],
    [' 512 X 768 ', 512, 768],
    ['512', 512, 512],
    ['512*640px', 512, 640],
  ])('reads %j', (given, width, height) => {
    expect(parseSize(given)).toEqual({ width, height });
  });

  it.each(['', 'big', '512x', 'x512', '-512x512', '512x512x512'])('refuses %j', (given) => {
    expect(() => parseSize(given)).toThrow('A size looks like 512x768');
  });

  it('rounds sides to multiples of 8', () => {
    expect(resolveSize(sd, '515x767', undefined)).toEqual({ width: 512, height: 768 });
  });

  it('refuses sides that the model cannot draw, and names what is used without', () => {
    expect(() => resolveSize(moji, '1024x1024', undefined)).toThrow(
      'Sides can be 64 to 256 pixels with moji; you asked for 1024x1024. Leave it out and 128x128 is used.',
    );
  });

  it('refuses a size together with an aspect', () => {
    expect(() => resolveSize(sd, '512', '3:2')).toThrow('not both');
  });
});

describe('aspects', () => {
  it.each([
    ['3:2', 1.5],
    ['3/2', 1.5],
    ['3x2', 1.5],
    ['1.5', 1.5],
    ['1,5', 1.5],
    ['square', 1],
    ['Landscape', 1.5],
    ['9:16', 0.5625],
  ])('reads %j', (given, ratio) => {
    expect(parseAspect(given)).toBeCloseTo(ratio, 6);
  });

  it.each(['', '3:', '0:2', '3:0', 'round', '3:2:1'])('refuses %j', (given) => {
    expect(() => parseAspect(given)).toThrow('An aspect looks like 3:2');
  });

  it('refuses what is more than four times as long as wide', () => {
    expect(() => parseAspect('5:1')).toThrow('1:4 to 4:1');
  });

  it('takes two of the sides that the model draws well where they fit', () => {
    expect(sizeForAspect(sd, 1.5)).toEqual({ width: 768, height: 512 });
    expect(sizeForAspect(sd, 1)).toEqual({ width: 512, height: 512 });
    expect(sizeForAspect(moji, 1)).toEqual({ width: 128, height: 128 });
  });

  it('keeps the number of pixels where no sides fit', () => {
    expect(sizeForAspect(moji, 1.5)).toEqual({ width: 160, height: 104 });
    expect(sizeForAspect(sd, 16 / 9)).toEqual({ width: 680, height: 384 });
  });

  it('gives multiples of 8 near the asked aspect for every aspect', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.25, max: 4, noNaN: true }), fc.constantFrom(moji, sd), (aspect, rules) => {
        const { width, height } = sizeForAspect(rules, aspect);
        expect(width % 8).toBe(0);
        expect(height % 8).toBe(0);
        expect(Math.abs(Math.log(width / height / aspect))).toBeLessThan(0.14);
      }),
    );
  });
});
