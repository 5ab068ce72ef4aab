import { resolve } from 'node:path';

import { describe, expect, it } from 'vitest';

import {
  parseInteger,
  parseLora,
  parseNumber,
  parseScale,
  parseScheduler,
  parseSize,
} from '../../../src/adapters/cli/parse.ts';

describe('parseSize', () => {
  it('reads WxH with either sign, and one number as a square', () => {
    expect(parseSize('512x768')).toEqual({ width: 512, height: 768 });
    expect(parseSize('512×768')).toEqual({ width: 512, height: 768 });
    expect(parseSize('128')).toEqual({ width: 128, height: 128 });
  });

  it.each(['', 'x', '100x100', '512x', '0x8', '9000x8', '-8x8', '512x768x2'])(
    'refuses "%s" with what was expected',
    (text) => {
      expect(() => parseSize(text)).toThrow(/Expected a size like 512x768/);
    },
  );
});

describe('parseLora', () => {
  it('splits the weight off the end, collects repeats and names the file', () => {
    const first = parseLora('styles/neon.safetensors:0.8');
    expect(first).toEqual([{ id: 'neon', file: resolve('styles/neon.safetensors'), weight: 0.8 }]);
    expect(parseLora('ink.safetensors', first).map((lora) => [lora.id, lora.weight])).toEqual([
      ['neon', 0.8],
      ['ink', 1],
    ]);
    expect(parseLora('a.safetensors:-.5')[0]?.weight).toBe(-0.5);
  });
});

describe('numbers', () => {
  it('keeps zero as zero', () => {
    expect(parseInteger('seed', 0, 10)('0')).toBe(0);
    expect(parseNumber('guidance', 0, 10)('0')).toBe(0);
  });

  it.each(['', 'four', '1.5', '99', '1e1', '0x4'])('refuses "%s" as steps', (text) => {
    expect(() => parseInteger('steps', 1, 8)(text)).toThrow(/whole number from 1 to 8/);
  });
});

describe('choices', () => {
  it('names what there is', () => {
    expect(parseScheduler('dpm++')).toBe('dpm++');
    expect(() => parseScheduler('plms')).toThrow('lcm, ddim, dpm++, euler');
    expect(parseScale('4')).toBe(4);
    expect(() => parseScale('3')).toThrow('2 or 4');
  });
});
