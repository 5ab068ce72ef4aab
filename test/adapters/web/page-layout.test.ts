/** How the page lies in windows of every size, light and dark: nothing is cut off, covered, or moves by itself. */
import type { Page } from 'playwright-core';
import { describe, expect } from 'vitest';

import { noBrowser, openPage } from '../../support/web/browser.ts';
import { pageTest as it, send } from '../../support/web/page-test.ts';

const fits = (page: Page) => page.evaluate('document.documentElement.scrollWidth <= window.innerWidth');

/** Of everything since the page began, that followed no press or key. */
const shifted = (page: Page) =>
  page.evaluate(`new Promise((resolve) => {
    let sum = 0;
    new PerformanceObserver((list) => list.getEntries().forEach((entry) => (sum += entry.hadRecentInput ? 0 : entry.value)))
      .observe({ type: 'layout-shift', buffered: true });
    setTimeout(() => resolve(sum), 300);
  })`);

describe.skipIf(noBrowser !== undefined)(`the layout (${noBrowser ?? 'in Chromium'})`, () => {
  it.for([360, 390, 1280, 1920])(
    'fits a window of %i px without shifting, light and dark',
    async (width, { browser, stub }) => {
      for (const scheme of ['light', 'dark'] as const) {
        const { page, errors } = await openPage(browser, stub.adapter.url(), { width, scheme });
        expect(await fits(page)).toBe(true);
        await page.fill('#prompt', 'a fox');
        await page.waitForSelector('#canvas[data-kind=final]');
        expect(await shifted(page)).toBeLessThan(0.1);
        expect(errors).toEqual([]);
        await page.context().close();
      }
    },
  );

  it.for([360, 390])('mixes two styles in a window of %i px without a shift', async (width, { browser, stub }) => {
    const { page } = await openPage(browser, stub.adapter.url(), { width });
    await page.fill('#prompt', 'a fox');
    await page.click('#styles [data-style=neon]');
    await page.click('#styles [data-style=ink]');
    for (const share of ['20', '50', '80']) {
      await page.fill('#mix', share);
      await page.waitForSelector(
        `#canvas[data-kind=final][data-state*="ink:0.${share[0]}"], #canvas[data-kind=final][data-state*="ink:0.${share}"]`,
      );
    }
    expect(await shifted(page)).toBeLessThan(0.05);
    expect(await fits(page)).toBe(true);
    await page.context().close();
  });

  it.for([390, 1280])('covers nothing with its notes at %i px', async (width, { browser, stub }) => {
    const { page } = await openPage(browser, stub.adapter.url(), { width });
    await send(page, 'a fox');
    await page.waitForSelector('[data-id=page-name]');
    await page.evaluate('scrollTo(0, 0)');
    await page.waitForTimeout(100);
    const gap = `document.getElementById('composer').getBoundingClientRect().top -
      document.querySelector('.under').getBoundingClientRect().bottom`;
    expect(await page.evaluate(gap)).toBeGreaterThanOrEqual(0);
    await page.context().close();
  });

  it('fits a narrow dark window in German', async ({ browser, stub }) => {
    const { page, errors } = await openPage(browser, stub.adapter.url(), {
      width: 360,
      scheme: 'dark',
      locale: 'de-DE',
    });
    expect(await page.textContent('#send')).toBe('Senden');
    expect(await fits(page)).toBe(true);
    expect(errors).toEqual([]);
    await page.context().close();
  });

  it('changes between the system’s colours, light and dark, and keeps the choice', async ({ page }) => {
    const paper = () => page.evaluate('getComputedStyle(document.body).backgroundColor');
    const system = await paper();
    await page.click('#theme');
    expect(await page.getAttribute('html', 'data-theme')).toBe('light');
    expect(await paper()).toBe(system);
    await page.click('#theme');
    expect(await page.getAttribute('html', 'data-theme')).toBe('dark');
    const dark = await paper();
    expect(dark).not.toBe(system);
    await page.reload();
    await page.waitForSelector('body[data-ready=true]');
    expect(await paper()).toBe(dark);
    await page.click('#theme');
    expect(await paper()).toBe(system);
  });

  it('is read in the order in which it stands', async ({ browser, stub }) => {
    for (const width of [390, 1280]) {
      const { page } = await openPage(browser, stub.adapter.url(), { width });
      const parts = ['header', '#stage', '#composer', '#side', '#log'];
      const tops: readonly number[] = await page.evaluate(
        `${JSON.stringify(parts)}.map((part) => document.querySelector(part).getBoundingClientRect()).map(({ top, left, width }) =>
          top + (innerWidth > 860 && left > innerWidth / 2 ? innerHeight : 0))`,
      );
      const order: readonly string[] = await page.evaluate(
        `[...document.querySelectorAll('header, #stage, #composer, #side, #log')].map((each) => each.id || 'header')`,
      );
      expect(order).toEqual(parts.map((part) => part.replace('#', '')));
      expect(tops.slice(0, 3)).toEqual(tops.slice(0, 3).toSorted((a, b) => a - b));
      await page.context().close();
    }
  });
});
