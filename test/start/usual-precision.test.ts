import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { preferEightBits, unetBytes, usualPrecision, type PrecisionFacts } from '../../src/start/usual-precision.ts';

const LARGE: PrecisionFacts = {
  operator: 'auto',
  manifest: undefined,
  prefersEightBits: true,
  bytes: 1.7e9,
};

describe('what a model is drawn in where nobody says', () => {
  it.each([
    [{}, 'int8'],
    [{ prefersEightBits: false }, 'fp32'],
    [{ bytes: 27e6 }, 'fp32'],
    [{ operator: undefined }, 'int8'],
    [{ operator: undefined, prefersEightBits: false }, 'fp32'],
    [{ operator: undefined, bytes: 27e6 }, 'fp32'],
    [{ operator: undefined, manifest: 'auto' }, 'int8'],
    [{ operator: undefined, manifest: 'fp32' }, 'fp32'],
    [{ manifest: 'fp32' }, 'fp32'],
    [{ manifest: 'int8', bytes: 27e6 }, 'int8'],
    [{ operator: 'fp32', manifest: 'int8' }, 'fp32'],
    [{ operator: 'int8', prefersEightBits: false }, 'int8'],
  ] as const)('is, with %o, %s', (changes, precision) => {
    expect(usualPrecision({ ...LARGE, ...changes })).toBe(precision);
  });
});

describe('devices that gain by 8 bits', () => {
  it('are processors with instructions for them, all of them', () => {
    expect(preferEightBits(['cpu'], 'avx512_vnni')).toBe(true);
    expect(preferEightBits(['cpu'], undefined)).toBe(false);
    expect(preferEightBits(['cpu', 'cuda:0'], 'avx512_vnni')).toBe(false);
    expect(preferEightBits([], undefined)).toBe(true);
  });
});

describe('the size of a UNet on the disk', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'fourstep-precision-'));
    mkdirSync(path.join(folder, 'unet'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const write = (name: string, bytes: number): void => writeFileSync(path.join(folder, name), new Uint8Array(bytes));

  it('is that of its largest file, of all its shards, or of a whole checkpoint', async () => {
    expect(await unetBytes(folder)).toBe(0);
    write('unet/diffusion_pytorch_model.safetensors', 400);
    write('unet/diffusion_pytorch_model.fp16.safetensors', 200);
    expect(await unetBytes(folder)).toBe(400);
    write('unet/model-00001-of-00002.safetensors', 300);
    write('unet/model-00002-of-00002.safetensors', 300);
    expect(await unetBytes(folder)).toBe(600);
    write('whole.safetensors', 70);
    expect(await unetBytes(path.join(folder, 'whole.safetensors'))).toBe(70);
  });
});
