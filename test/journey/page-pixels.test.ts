/**
 * What rests on the canvas is what Send gives, to the pixel: the built program, the embedded model and a browser. Several
 * pictures lie in one grid, in the order in which they were seen.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { launchBrowser, noBrowser, openPage } from '../support/web/browser.ts';
import { startBot, type StartedBot } from '../support/web/started-bot.ts';

/** Pixels between the pictures of a grid. */
const GAP = 4;

/** Hashes of pictures, left to right and top to bottom. */
type Seen = readonly string[];

let folder: string;
let bot: StartedBot;
let browser: Browser;
let page: Page;
let errors: readonly string[];

/** Of every picture that `selector` finds, cut into `columns` × `columns` parts; what the eye is given, not its enlargement. */
async function pixels(selector: string, columns: number): Promise<Seen> {
  return page.evaluate(`(async () => {
    const hashes = [];
    for (const shown of document.querySelectorAll(${JSON.stringify(selector)})) {
      const image = new Image();
      image.src = shown.dataset.drawn ?? shown.src;
      await image.decode();
      const canvas = document.createElement('canvas');
      [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
      const context = canvas.getContext('2d', { willReadFrequently: true });
      context.drawImage(image, 0, 0);
      const [width, height] = [canvas.width, canvas.height].map((side) => (side - ${GAP * (columns - 1)}) / ${columns});
      for (let part = 0; part < ${columns ** 2}; part += 1) {
        const [left, top] = [(part % ${columns}) * (width + ${GAP}), Math.floor(part / ${columns}) * (height + ${GAP})];
        const { data } = context.getImageData(left, top, width, height);
        const digest = await crypto.subtle.digest('SHA-256', data);
        hashes.push(width + '×' + height + ' ' + [...new Uint8Array(digest)].slice(0, 8).join(' '));
      }
    }
    return hashes;
  })()`);
}

/** What rests for these words, and what Send then gives. */
async function both(words: string, columns = 1): Promise<{ readonly rests: Seen; readonly sent: Seen }> {
  await page.fill('#prompt', words);
  const shown = async () => {
    const canvas = page.locator('#canvas');
    const state = (await canvas.getAttribute('data-state')) ?? '';
    return (await canvas.getAttribute('data-kind')) === 'final' && state.includes(words);
  };
  await expect.poll(shown, { timeout: 60_000 }).toBe(true);
  const rests = await pixels('#live-pictures img', 1);
  const before = await page.locator('#messages .message').count();
  await page.click('#send');
  await expect.poll(() => page.locator('#messages .message').count(), { timeout: 30_000 }).toBe(before + 1);
  // A preview may stand there on the way.
  await page.waitForSelector('#messages .message:first-child:has(button:text("Reroll")) img', { timeout: 60_000 });
  return { rests, sent: await pixels('#messages .message:first-child img', columns) };
}

describe.skipIf(noBrowser !== undefined)(`the canvas and Send (${noBrowser ?? 'in Chromium'})`, () => {
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'fourstep-pixels-'));
    bot = await startBot(folder);
    browser = await launchBrowser();
    ({ page, errors } = await openPage(browser, bot.url, { width: 1280 }));
  }, 60_000);
  afterAll(async () => {
    await browser.close();
    await bot.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it.each([
    ['flags in the text', 'a fox on blue --seed 7 --steps 6 --count 1'],
    ['a style, a shape and what is not wanted', 'a red apple --seed 5 --style neon:0.6 --ar 3:2 --count 1 --no leaf'],
    ['two styles', 'a cat --seed 3 --style neon:0.5+ink:0.5 --count 1'],
  ])(
    'are the same picture: %s',
    async (_, words) => {
      const { rests, sent } = await both(words);
      expect(rests).toHaveLength(1);
      expect(sent).toEqual(rests);
    },
    120_000,
  );

  it('are the same four, in their order', async () => {
    const { rests, sent } = await both('a house --seed 11 --count 4', 2);
    expect(new Set(rests).size).toBe(4);
    expect(sent).toEqual(rests);
  }, 120_000);

  it('are the same picture made from a picture', async () => {
    await page.setInputFiles('#attach-file', join(import.meta.dirname, '../../docs/page.png'));
    const { rests, sent } = await both('a green tree --seed 2 --strength 0.7 --count 1');
    expect(sent).toEqual(rests);
    expect(errors).toEqual([]);
  }, 120_000);
});
