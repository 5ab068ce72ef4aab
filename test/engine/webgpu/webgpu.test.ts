/**
 * The WebGPU provider without a card: every kind of net and some whole pictures on a software driver, in one child process
 * whose shaders stay compiled from one net to the next.
 */
import { fork } from 'node:child_process';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';

import { noSoftwareVulkan, SOFTWARE_VULKAN } from '../../support/software-vulkan.ts';
import type { WebGpuResult } from '../../support/webgpu-nets.ts';

/** Relative L2: rounding in another order, for shaders sum otherwise than a processor does. */
const TOLERANCE = 1e-5;
/** Of 255, as on a processor. */
const PICTURE_TOLERANCE = 2;
const LIMIT_MS = 600_000;

describe.skipIf(noSoftwareVulkan !== undefined)(`WebGPU on a software driver${skipReason()}`, () => {
  const distances = new Map<string, number>();
  let end: string | undefined;

  beforeAll(async () => {
    const program = path.join(import.meta.dirname, '../../support/webgpu-nets.ts');
    const child = fork(program, [], { env: { ...process.env, ...SOFTWARE_VULKAN }, timeout: LIMIT_MS });
    child.on('message', ({ name, distance }: WebGpuResult) => distances.set(name, distance));
    end = await new Promise((resolve) =>
      child.once('exit', (code, signal) => resolve(code === 0 ? undefined : `${signal ?? code}`)),
    );
  }, LIMIT_MS + 10_000);

  it('ends no process', () => {
    expect(end).toBeUndefined();
  });

  it.each([
    'a convolution without bias',
    'a text encoder',
    "an AutoencoderKL's decoder",
    "an AutoencoderKL's encoder",
    "a tiny autoencoder's decoder",
    "a tiny autoencoder's encoder",
    'an upscaler',
    'a UNet of two levels, calls of 1 to 16 rows',
    'a UNet of two levels, calls of 1 to 16 rows in mixed styles',
    'a UNet whose queries go in blocks',
    'a UNet of nine channels',
    "SDXL's UNet",
    'styles of all layers, two and none in one call',
    'a step of learning a style',
  ])('computes what others compute: %s', (name) => {
    expect(distances.get(name)).toBeLessThan(TOLERANCE);
  });

  it('is found out: what this driver computes wrongly is not asked of it', () => {
    expect(distances.get('the forms of the device')).toBe(0);
  });

  it('keeps what stays, and is sent it once', () => {
    expect(distances.get('what stays on the device')).toBe(0);
  });

  it('draws the pictures of diffusers, several in a call, one of them from a picture', () => {
    expect(distances.get('pictures in company, one of them from a picture')).toBeLessThanOrEqual(PICTURE_TOLERANCE);
  });

  it('draws masked, transparent, one-step and merged pictures as a processor does, and enlarges them', () => {
    expect(distances.get('pictures of other kinds')).toBeLessThanOrEqual(PICTURE_TOLERANCE);
  });
});

function skipReason(): string {
  return noSoftwareVulkan === undefined ? '' : ` (skipped: ${noSoftwareVulkan})`;
}
