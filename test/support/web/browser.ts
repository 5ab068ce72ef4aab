/**
 * Debian's Chromium for tests of the page; where it is not installed the tests skip by name. Collects console errors, so
 * that every test can end by asserting that there were none.
 */
import { existsSync } from 'node:fs';

import { type Browser, chromium, type Page } from 'playwright-core';

export const EXECUTABLE = '/usr/bin/chromium';

export const BROWSER_ARGUMENTS: readonly string[] = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Why page tests cannot run here; undefined where they can. */
export const noBrowser: string | undefined = existsSync(EXECUTABLE) ? undefined : `${EXECUTABLE} is not installed`;

export function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: EXECUTABLE,
    args: [...BROWSER_ARGUMENTS],
  });
}

export type WatchedPage = { readonly page: Page; readonly errors: readonly string[] };

/** A fresh browser profile at `url`, ready for keys. */
export async function openPage(
  browser: Browser,
  url: string,
  options: { readonly width?: number; readonly scheme?: 'light' | 'dark'; readonly locale?: string } = {},
): Promise<WatchedPage> {
  const { width = 1000, scheme = 'light', locale = 'en-US' } = options;
  const context = await browser.newContext({
    viewport: { width, height: 860 },
    colorScheme: scheme,
    locale,
    permissions: ['clipboard-read', 'clipboard-write'],
  });
  const page = await context.newPage();
  const errors: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') {
      errors.push(message.text());
    }
  });
  page.on('pageerror', (error) => errors.push(String(error)));
  await page.goto(url);
  await page.waitForSelector('body[data-ready=true]');
  return { page, errors };
}
