/** The page before axe, the checker of accessibility rules: every part of it opened, light and dark. */
import axe from 'axe-core';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { launchBrowser, noBrowser, openPage } from '../../support/web/browser.ts';
import { openStubPage, OPERATOR_TOKEN, type StubPage } from '../../support/web/stub-page.ts';

let stub: StubPage;
let browser: Browser;

describe.skipIf(noBrowser !== undefined)(`axe${noBrowser === undefined ? '' : ` (skipped: ${noBrowser})`}`, () => {
  beforeAll(async () => {
    const overview = async () => ({
      styles: [['neon', 'moji', '1', 'glow', 'usual']],
      queue: [['waiting', '0']],
      devices: [['cpu', 'ready', '0']],
      quotas: [['of one person', 'no bound']],
      audit: [['2026-01-01 10:00', 'Ada', 'the model: moji']],
    });
    stub = await openStubPage({ ports: { admin: { overview } } });
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser.close();
    await stub.close();
  });

  it.each(['light', 'dark'] as const)('finds no fault with any part of the page, %s', async (scheme) => {
    const { page } = await openPage(browser, stub.adapter.url(), { width: 1280, scheme });
    // By the browser's protocol: the page's own policy forbids foreign scripts, as it should.
    await page.evaluate(axe.source);
    const faults = async (): Promise<unknown> =>
      page.evaluate(`axe.run().then(({ violations }) =>
        violations.map(({ id, nodes }) => [id, ...nodes.slice(0, 3).map(({ html }) => html.slice(0, 120))]))`);
    expect(await faults()).toEqual([]);
    await page.fill('#prompt', 'a fox');
    await page.click('#send');
    await page.waitForSelector('#gallery .card');
    await page.waitForSelector('#canvas[data-kind=final]');
    expect(await faults()).toEqual([]);
    await page.locator('#gallery .card > button').first().click();
    expect(await faults()).toEqual([]);
    await page.keyboard.press('Escape');
    await page.click('#sketch');
    await page.click('#more summary');
    expect(await faults()).toEqual([]);
    await page.click('#sketch');
    await page.fill('#prompt', '');
    await page.focus('#prompt');
    await page.keyboard.type('/style add');
    await page.waitForSelector('#palette li');
    expect(await faults()).toEqual([]);
    await page.keyboard.press('Enter');
    await page.waitForSelector('#form-dialog[open]');
    expect(await faults()).toEqual([]);
    await page.keyboard.press('Escape');
    await page.click('#open-panel');
    await page.fill('#panel input', OPERATOR_TOKEN);
    await page.keyboard.press('Enter');
    await page.waitForSelector('#panel table');
    expect(await faults()).toEqual([]);
    await page.context().close();
  });
});
