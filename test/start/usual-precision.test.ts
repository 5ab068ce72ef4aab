import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { unetBytes } from '../../src/start/usual-precision.ts';

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
