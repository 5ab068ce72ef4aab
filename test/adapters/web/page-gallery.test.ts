/** The finished pictures: cards with their actions, the viewer, search and marks. */
import { describe, expect } from 'vitest';

import { noBrowser } from '../../support/web/browser.ts';
import { pageTest as it, send } from '../../support/web/page-test.ts';

describe.skipIf(noBrowser !== undefined)(`the gallery (${noBrowser ?? 'in Chromium'})`, () => {
  it('opens a picture large and copies it', async ({ page }) => {
    await send(page, 'a fox');
    await page.click('#gallery .card > button');
    await page.waitForSelector('#viewer[open] img');
    await page.click('#viewer button:text-is("Copy")');
    await page.waitForSelector('#viewer button:text-is("Copied")');
    const copied = 'navigator.clipboard.read().then((items) => items[0].types.join())';
    expect(await page.evaluate(copied)).toBe('image/png');
  });

  it('goes to the next picture and back, by buttons and by keys, round the end', async ({ page }) => {
    await send(page, 'first');
    await send(page, 'second');
    await send(page, 'third');
    await page.locator('#gallery .card > button').first().click();
    const shown = async () => (await page.textContent('#viewer p'))?.split(' ')[0];
    expect(await shown()).toBe('third');
    await page.click('#viewer button[aria-label="next"]');
    expect(await shown()).toBe('second');
    await page.click('#viewer button[aria-label="previous"]');
    await page.keyboard.press('ArrowLeft');
    expect(await shown()).toBe('first');
    await page.keyboard.press('ArrowRight');
    expect(await shown()).toBe('third');
  });

  it('takes a deletion back, and deletes what nobody took back', async ({ page, world }) => {
    await send(page, 'a fox');
    const cards = page.locator('#gallery .card');
    const drop = async () => {
      await cards.first().hover();
      await page.click('#gallery .acts button >> nth=2');
      await expect.poll(() => cards.count()).toBe(0);
    };
    await drop();
    await page.click('[data-id=page-undo] button:text-is("Undo")');
    await expect.poll(() => cards.count()).toBe(1);
    expect(world.invocations).toHaveLength(1);
    await drop();
    await expect
      .poll(() => world.invocations.at(-1)?.action, { timeout: 10_000 })
      .toEqual({ kind: 'button', id: 'delete' });
  });

  it('marks, searches and shows only what is marked', async ({ page }) => {
    await send(page, 'a fox');
    await send(page, 'a bear');
    const cards = page.locator('#gallery .card');
    await cards.first().hover();
    await cards.first().locator('.acts button').first().click();
    await page.click('#gallery-favourites');
    await expect.poll(() => cards.count()).toBe(1);
    expect(await cards.first().locator('img').getAttribute('alt')).toContain('a bear');
    await page.click('#gallery-favourites');
    await page.fill('#gallery-search', 'fox');
    await expect.poll(() => cards.count()).toBe(1);
    await page.fill('#gallery-search', 'no such words');
    await expect.poll(() => cards.count()).toBe(0);
  });

  it('acts on the picture itself: vary, enlarge, remix, start from it', async ({ page, world }) => {
    await send(page, 'a fox');
    const choose = async (label: string) => {
      await page.click('#gallery .card > button');
      await page.click(`#viewer button:text-is("${label}")`);
    };
    await choose('Vary');
    await expect.poll(() => world.invocations.at(-1)?.action).toEqual({ kind: 'button', id: 'v1' });
    await page.locator('#gallery .card > button').last().click();
    await page.click('#viewer button:text-is("Enlarge")');
    await expect.poll(() => world.invocations.at(-1)?.action).toEqual({ kind: 'button', id: 'u1' });
    await page.fill('#prompt', 'something else');
    await page.locator('#gallery .card > button').last().click();
    await page.click('#viewer button:text-is("Remix")');
    expect(await page.inputValue('#prompt')).toBe('a fox');
    expect(await page.inputValue('#seed')).toBe('7');
    await page.locator('#gallery .card > button').last().click();
    await page.click('#viewer button:text-is("Start from it")');
    await page.waitForSelector('#start-image:visible');
  });

  it('brings one from a card to its message, however old', async ({ page }) => {
    await send(page, 'the oldest');
    for (const words of ['second', 'third', 'fourth']) {
      await send(page, words);
    }
    await page.locator('#gallery .card > button').last().click();
    await page.click('#viewer button:text-is("Message")');
    await expect.poll(() => page.evaluate('document.activeElement?.textContent')).toContain('the oldest');
  });

  it('saves all that is shown', async ({ page }) => {
    await send(page, 'a fox');
    await send(page, 'a bear');
    const names: string[] = [];
    page.on('download', (download) => names.push(download.suggestedFilename()));
    await page.click('#gallery-all');
    await expect.poll(() => names.toSorted()).toEqual(['job0-0.png', 'job1-0.png']);
  });

  it('is walked by the keyboard: one stop in the grid, arrows inside it', async ({ page }) => {
    for (const words of ['first', 'second', 'third']) {
      await send(page, words);
    }
    const focused = (): Promise<unknown> => page.evaluate('document.activeElement?.closest("li")?.dataset.key');
    await page.locator('#gallery .card > button').first().focus();
    const first = await focused();
    await page.keyboard.press('ArrowRight');
    expect(await focused()).not.toBe(first);
    await page.keyboard.press('Home');
    expect(await focused()).toBe(first);
    expect(await page.locator('#gallery .card > button[tabindex="0"]').count()).toBe(1);
  });
});
