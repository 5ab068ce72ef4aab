/** What strangers send: opened where it is a picture, refused in words where it is a trap, and never the bot's end. */
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';

import { decodePicture } from '../../src/image/decode.ts';
import { DecodeProcesses } from '../../src/image/decode-process.ts';
import { openOwnPicture } from '../../src/image/pixels.ts';
import { readPictureHeader } from '../../src/image/picture-header.ts';
import { readPngChunks } from '../../src/image/png-chunks.ts';
import { stripPng } from '../../src/image/strip-png.ts';
import { gifOfFrames, pngOfSides, pngProfileBomb, pngTextBomb } from '../support/image/hostile.ts';

const MB = 1_048_576;

const grey = (width: number, height: number) =>
  sharp({ create: { width, height, channels: 3, background: { r: 90, g: 120, b: 30 } } });

describe('a picture of each kind', () => {
  it.each(['png', 'jpeg', 'webp', 'gif', 'avif'] as const)('%s is opened, and known by its header', async (kind) => {
    const file = await grey(70, 40).toFormat(kind).toBuffer();
    expect(readPictureHeader(file)).toEqual({ kind, width: 70, height: 40, frames: 1 });
    const { width, height, data } = await decodePicture(file);
    expect([width, height, data.length]).toEqual([70, 40, 70 * 40 * 3]);
    expect(Math.abs((data[0] ?? 0) - 90)).toBeLessThan(6);
  });

  it('of many frames is counted', async () => {
    const frame = (shade: number) =>
      sharp({ create: { width: 8, height: 8, channels: 3, background: { r: shade, g: 0, b: 0 } } })
        .png()
        .toBuffer();
    const frames = await Promise.all([10, 90, 200].map(frame));
    for (const kind of ['gif', 'webp'] as const) {
      const file = await sharp(frames, { join: { animated: true } })
        .toFormat(kind)
        .toBuffer();
      expect(readPictureHeader(file)).toEqual({ kind, width: 8, height: 8, frames: 3 });
    }
  });

  it('is scaled down to what is asked for, and never up', async () => {
    const file = await grey(400, 100).png().toBuffer();
    expect(await decodePicture(file, { maxSide: 100 })).toMatchObject({ width: 100, height: 25 });
    expect(await decodePicture(file, { maxSide: 800 })).toMatchObject({ width: 400, height: 100 });
  });

  it('keeps its transparency on white and its way up', async () => {
    const clear = await sharp({
      create: { width: 4, height: 4, channels: 4, background: { r: 0, g: 0, b: 0, alpha: 0 } },
    })
      .png({ palette: true })
      .toBuffer();
    expect((await decodePicture(clear)).data[0]).toBe(255);
    const turned = await grey(30, 10).withMetadata({ orientation: 6 }).png().toBuffer();
    expect(await decodePicture(turned)).toMatchObject({ width: 10, height: 30 });
  });
});

describe('a trap', () => {
  it('of compressed texts in a PNG unpacks to nothing', async () => {
    const bomb = pngTextBomb(100, 7 * MB);
    expect(bomb.length).toBeLessThan(MB);
    const beforeKb = process.resourceUsage().maxRSS;
    for (const open of [decodePicture, openOwnPicture]) {
      expect([...(await open(bomb)).data]).toEqual([255, 0, 0]);
    }
    expect(process.resourceUsage().maxRSS - beforeKb).toBeLessThan(150 * 1024);
  });

  it('of a colour profile is opened without it', async () => {
    expect(readPngChunks(stripPng(pngProfileBomb())).map(({ type }) => type)).toEqual(['IHDR', 'IDAT', 'IEND']);
    expect([...(await decodePicture(pngProfileBomb())).data]).toEqual([255, 0, 0]);
    const honest = await grey(4, 4).withIccProfile('p3').png().toBuffer();
    expect(readPngChunks(stripPng(honest)).map(({ type }) => type)).toContain('iCCP');
  });

  it.each([
    [50_000_000, 1],
    [1, 50_000_000],
    [30_000, 30_000],
  ])('of %i × %i pixels is refused before it is opened, in words', async (width, height) => {
    await expect(decodePicture(pngOfSides(width, height))).rejects.toMatchObject({
      code: 'image.dimensions',
      params: { width, height },
    });
    await expect(openOwnPicture(pngOfSides(width, height))).rejects.toMatchObject({ code: 'image.dimensions' });
  });

  it('of endless frames is refused', async () => {
    await expect(decodePicture(gifOfFrames(5000))).rejects.toMatchObject({ code: 'image.frames' });
    expect(await decodePicture(gifOfFrames(20))).toMatchObject({ width: 1, height: 1 });
  });

  it.each(['png', 'jpeg', 'webp', 'gif', 'avif'] as const)('of a torn %s ends in a sentence', async (kind) => {
    const file = await grey(64, 64).toFormat(kind).toBuffer();
    for (const length of [0, 3, 13, 20, Math.floor(file.length / 2)]) {
      const outcome = await decodePicture(file.subarray(0, length)).catch((error: unknown) => error);
      expect(outcome).toMatchObject(outcome instanceof Error ? { code: 'image.unreadable' } : { width: 64 });
    }
  });
});

describe('the child that opens pictures', () => {
  const small = new DecodeProcesses({ maxResidentBytes: 300 * MB, maxChildren: 1 });
  it('ends itself before it takes the machine’s memory, and the next picture gets another', async () => {
    const bomb = pngTextBomb(100, 7 * MB);
    const fine = await grey(9, 9).png().toBuffer();
    const [costly, opened] = await Promise.allSettled([small.decode(bomb, undefined), small.decode(fine, undefined)]);
    expect(costly).toMatchObject({ status: 'rejected', reason: { code: 'image.costly' } });
    expect(opened).toMatchObject({ status: 'fulfilled', value: { width: 9 } });
  });

  it('is ended when it takes too long', async () => {
    const hurried = new DecodeProcesses({ maxMs: 1 });
    await expect(hurried.decode(await grey(9, 9).png().toBuffer(), undefined)).rejects.toMatchObject({
      code: 'image.costly',
    });
  });
});
