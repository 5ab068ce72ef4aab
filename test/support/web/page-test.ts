/**
 * A test of the page: a bot of its own behind it and a fresh browser profile before it, so that no test knows what another
 * one left. Ends by asserting that the console stayed clean; the browser itself is shared by a file's tests.
 */
import type { Browser, Page } from 'playwright-core';
import { expect, test } from 'vitest';

import { launchBrowser, openPage } from './browser.ts';
import type { StubWorld } from './stub-bot.ts';
import { openStubPage, type StubPage } from './stub-page.ts';

type Fixtures = { readonly browser: Browser; readonly stub: StubPage; readonly page: Page; readonly world: StubWorld };

/** Refusals and a bot that is away are answers, which Chromium reports as errors of its own. */
const EXPECTED = /status of (400|403|503)|ERR_|net::/;

export const pageTest = test.extend<Fixtures>({
  browser: [
    // oxlint-disable-next-line no-empty-pattern
    async ({}, use) => {
      const browser = await launchBrowser();
      await use(browser);
      await browser.close();
    },
    { scope: 'file' },
  ],
  // oxlint-disable-next-line no-empty-pattern
  stub: async ({}, use) => {
    const stub = await openStubPage();
    await use(stub);
    await stub.close();
  },
  world: async ({ stub }, use) => {
    await use(stub.world);
  },
  page: async ({ browser, stub }, use) => {
    const { page, errors } = await openPage(browser, stub.adapter.url());
    await use(page);
    await page.context().close();
    const faults = errors.filter((error) => !EXPECTED.test(error));
    if (faults.length > 0) {
      throw new Error(`Expected a clean console, but it says: ${faults.join(' · ')}`);
    }
  },
});

/** Writes `words`, sends them, and waits until the answer is in the log and in the gallery. */
export async function send(page: Page, words: string): Promise<void> {
  const before = await page.locator('#gallery .card').count();
  await page.fill('#prompt', words);
  await page.keyboard.press('Escape');
  await page.click('#send');
  await expect.poll(() => page.locator('#gallery .card').count()).toBe(before + 1);
}
