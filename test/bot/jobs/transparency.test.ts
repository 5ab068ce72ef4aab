/** Where a job's pictures become transparent, and what is said where they cannot. */
import { describe, expect, it } from 'vitest';

import { withTransparency } from '../../../src/bot/jobs/transparency.ts';
import { defaultRequest } from '../../../src/core/default-request.ts';
import type { Picture } from '../../../src/core/picture.ts';
import { encodePng } from '../../../src/image/index.ts';

const model = { id: 'tiny', defaults: { width: 32, height: 32, steps: 4, guidance: 1, scheduler: 'lcm' as const } };
const imagine = (alpha: boolean) => ({
  kind: 'imagine' as const,
  request: defaultRequest(model, 'a dot', { seed: 1, alpha }),
});
const nothing = { read: () => Promise.resolve(undefined) };

function dot(side: number): Picture {
  const data = new Uint8Array(side * side * 3).fill(255);
  for (let y = side / 4; y < side / 2; y++) {
    data.fill(40, (y * side + side / 4) * 3, (y * side + side / 2) * 3);
  }
  return { width: side, height: side, data };
}

describe('transparency', () => {
  it('is cut where it was asked for, and only there', async () => {
    expect((await withTransparency(imagine(true), dot(32), nothing)).picture.alpha?.[0]).toBe(0);
    expect((await withTransparency(imagine(false), dot(32), nothing)).picture.alpha).toBeUndefined();
  });

  it('is what the model has found, where it has, and cut by colour where that is nothing', async () => {
    const alpha = Uint8Array.from({ length: 32 * 32 }, (_, p) => (p % 32 < 16 ? 255 : 0));
    const given = { width: 32, height: 32, data: new Uint8Array(32 * 32 * 3).fill(255), alpha };
    expect((await withTransparency(imagine(true), given, nothing)).picture.alpha).toEqual(alpha);
    const solid = { ...dot(32), alpha: alpha.map(() => 255) };
    const { picture, notice } = await withTransparency(imagine(true), solid, nothing);
    expect(picture).toEqual((await withTransparency(imagine(true), dot(32), nothing)).picture);
    expect(notice).toBeUndefined();
  });

  it('is said to be missing where there is no plain ground', async () => {
    const scene = { width: 32, height: 32, data: Uint8Array.from({ length: 32 * 32 * 3 }, (_, n) => (n * 89) % 256) };
    const { picture, notice } = await withTransparency(imagine(true), scene, nothing);
    expect(picture).toEqual(scene);
    expect(notice).toMatchObject({ kind: 'notice', code: 'alpha.ground' });
  });

  it('of an enlargement is that of its picture', async () => {
    const small = (await withTransparency(imagine(true), dot(32), nothing)).picture;
    const files = { read: async () => (await encodePng(small)).data };
    const work = { kind: 'upscale' as const, request: { model: 'tiny', file: '/kept.png', scale: 2 as const } };
    const { picture } = await withTransparency(work, dot(64), files);
    expect(picture.alpha?.[0]).toBe(0);
    expect(picture.alpha?.[24 * 64 + 24]).toBe(255);
    expect((await withTransparency(work, dot(64), nothing)).picture.alpha).toBeUndefined();
  });
});
