/** The picture that follows the hand, in a real browser against a bot that answers at once. */
import { describe, expect } from 'vitest';

import { noBrowser, openPage } from '../../support/web/browser.ts';
import { pageTest as it } from '../../support/web/page-test.ts';

const FINAL = '#canvas[data-kind=final]';

describe.skipIf(noBrowser !== undefined)(`the live picture (${noBrowser ?? 'in Chromium'})`, () => {
  it('draws while one types: the newest words win, drafts come first, and the screen reader is told the last', async ({
    page,
    world,
  }) => {
    await page.keyboard.type('a fox on blue', { delay: 20 });
    await page.waitForSelector(`${FINAL} #live-pictures img[alt="a fox on blue"]`);
    expect(await page.textContent('#announcer')).toBe('drawn: a fox on blue');
    const typed = world.liveRequests.filter(({ canvas }) => canvas !== 'styles');
    const asked = typed.map(({ options, isDraft }) => [options['prompt'], isDraft]);
    expect(asked[0]).toEqual(['a', true]);
    expect(asked.at(-1)).toEqual(['a fox on blue', false]);
    expect(asked.length).toBeLessThan('a fox on blue'.length);
    expect(await page.textContent('#live-note')).toMatch(/^seed \d+ · 0\.12 s$/);
    expect(await page.isHidden('#live-draft')).toBe(true);
  });

  it('draws to its end what it has begun, and goes on with what is newest', async ({ page, world }) => {
    await page.fill('#prompt', 'a fox');
    await page.waitForSelector(FINAL);
    const before = world.liveRequests.length;
    const drafts = page.evaluate(`new Promise((resolve) => {
      const seen = [];
      const canvas = document.getElementById('canvas');
      new MutationObserver(() => {
        if (canvas.dataset.kind === 'draft' && seen.at(-1) !== canvas.dataset.state) {
          seen.push(canvas.dataset.state);
        }
        if (seen.length > 0 && canvas.dataset.kind === 'final') {
          resolve(seen.length);
        }
      }).observe(canvas, { attributes: true });
    })`);
    await page.focus('#prompt');
    await page.keyboard.type(' at night', { delay: 60 });
    expect(await drafts).toBeGreaterThan(2);
    expect(world.abortedLive()).toBe(0);
    expect(world.liveRequests.length).toBeGreaterThan(before + 2);
  });

  it('mixes two styles by the slider, and says their shares', async ({ page, world }) => {
    await page.fill('#prompt', 'a fox');
    await page.click('#styles [data-style=neon]');
    await expect.poll(() => world.liveRequests.at(-1)?.options['style']).toBe('neon');
    expect(await page.isHidden('#mix-line')).toBe(true);
    await page.click('#styles [data-style=ink]');
    await page.fill('#mix', '25');
    await expect.poll(() => world.liveRequests.at(-1)?.options['style']).toBe('neon:0.75+ink:0.25');
    expect(await page.textContent('#mix-words')).toBe('neon 75 % · ink 25 %');
    expect(await page.getAttribute('#mix', 'aria-valuetext')).toBe('neon 75 % · ink 25 %');
    await page.focus('#mix');
    await page.keyboard.press('ArrowRight');
    await expect.poll(() => world.liveRequests.at(-1)?.options['style']).toBe('neon:0.74+ink:0.26');
  });

  it('is crisp once it rests, and saves the picture that Send gives', async ({ page }) => {
    await page.fill('#prompt', 'a crisp fox');
    await page.waitForSelector('#live-pictures img[data-sharp=true]');
    const { shown, drawn } = await page.evaluate<{ shown: string; drawn: string }>(
      `(({ src, dataset }) => ({ shown: src, drawn: dataset.drawn }))(document.querySelector('#live-pictures img'))`,
    );
    expect(shown).not.toBe(drawn);
    const download = page.waitForEvent('download');
    await page.click('#live-save');
    const { createReadStream } = await import('node:fs');
    const bytes: Buffer[] = [];
    for await (const chunk of createReadStream(await (await download).path())) {
      bytes.push(Buffer.from(chunk as Buffer));
    }
    expect(`data:image/png;base64,${Buffer.concat(bytes).toString('base64')}`).toBe(drawn);
  });

  it('tells a word that the model does not know beside the picture', async ({ page }) => {
    await page.fill('#prompt', 'a zorble');
    await page.waitForSelector(FINAL);
    expect(await page.textContent('#live-note')).toContain('moji does not know “zorble” and cannot draw it.');
    expect(await page.textContent('#announcer')).toContain('zorble');
  });

  it('of two windows of one person are two: each goes on with its own', async ({ page, world, stub }) => {
    const other = await page.context().newPage();
    await other.goto(stub.adapter.url());
    await other.waitForSelector('body[data-ready=true]');
    await page.fill('#prompt', 'a cat');
    await other.fill('#prompt', 'a bear');
    await page.waitForSelector(FINAL);
    await other.waitForSelector(FINAL);
    const canvasOf = (words: string) => world.liveRequests.find(({ options }) => options['prompt'] === words)?.canvas;
    expect(canvasOf('a cat')).toMatch(/^\d+$/);
    expect(canvasOf('a bear')).not.toBe(canvasOf('a cat'));
  });

  it('starts with examples to press and the line of what the model can draw', async ({ page }) => {
    expect(await page.textContent('#model-line')).toBe('moji: everyday things');
    const example = page.locator('#examples button').nth(1);
    const words = await example.textContent();
    await example.click();
    await page.waitForSelector(`${FINAL} img[alt="${words}"]`);
    expect(await page.isHidden('#live-hint')).toBe(true);
  });

  it('moves nothing by itself for who asked for that', async ({ browser, stub }) => {
    const { page } = await openPage(browser, stub.adapter.url());
    await page.emulateMedia({ reducedMotion: 'reduce' });
    await page.fill('#prompt', 'a fox');
    await page.waitForSelector(FINAL);
    const moving = `[...document.querySelectorAll('*')].filter((each) => {
      const { transitionDuration, animationName, scrollBehavior } = getComputedStyle(each);
      return transitionDuration !== '0s' || animationName !== 'none' || scrollBehavior !== 'auto';
    }).length`;
    expect(await page.evaluate(moving)).toBe(0);
    await page.context().close();
  });
});
