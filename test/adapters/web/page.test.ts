/** The page in a real browser, against a bot that answers at once: what a person types, sees and presses. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { launchBrowser, noBrowser, openPage, type WatchedPage } from '../../support/web/browser.ts';
import type { StubWorld } from '../../support/web/stub-bot.ts';
import { openStubPage, OPERATOR_TOKEN, type StubPage } from '../../support/web/stub-page.ts';

let stub: StubPage;
let world: StubWorld;
let browser: Browser;
let opened: WatchedPage;

/** Counts how often the panel was drawn. */
let overviews = 0;

describe.skipIf(noBrowser !== undefined)(`the page${noBrowser === undefined ? '' : ` (skipped: ${noBrowser})`}`, () => {
  beforeAll(async () => {
    stub = await openStubPage({
      ports: {
        admin: {
          overview: async () => ({
            queue: [['looks', String((overviews += 1))]],
            devices: [['cpu', 'ready']],
            styles: [],
            audit: [],
            quotas: [],
          }),
        },
      },
    });
    ({ world } = stub);
    browser = await launchBrowser();
    opened = await openPage(browser, stub.adapter.url());
  });
  afterAll(async () => {
    await browser.close();
    await stub.close();
  });

  it('draws while one types, the newest words win, and the screen reader is told', async () => {
    const { page } = opened;
    await page.keyboard.type('a fox on blue', { delay: 20 });
    await page.waitForSelector('#live-pictures img[alt="a fox on blue"]');
    expect(await page.textContent('#announcer')).toBe('drawn: a fox on blue');
    expect(world.liveRequests.at(-1)).toMatchObject({ prompt: 'a fox on blue', count: 1 });
    expect(await page.textContent('#live-note')).toMatch(/^seed \d+ · 0\.1 s$/);
  });

  it('lets go of a drawing whose words have changed', async () => {
    const { page } = opened;
    await page.keyboard.type(' at');
    await expect.poll(() => world.liveRequests.at(-1)?.prompt).toBe('a fox on blue at');
    await page.keyboard.type(' night');
    await page.waitForSelector('#live-pictures img[alt="a fox on blue at night"]');
    expect(world.abortedLive()).toBeGreaterThan(0);
  });

  it('mixes two styles by the slider', async () => {
    const { page } = opened;
    await page.selectOption('#style-a', 'neon');
    await page.selectOption('#style-b', 'ink');
    await page.fill('#mix', '25');
    await expect
      .poll(() => world.liveRequests.at(-1)?.styles)
      .toEqual([
        { name: 'neon', weight: 0.75 },
        { name: 'ink', weight: 0.25 },
      ]);
    await page.selectOption('#style-b', '');
  });

  it('sends what is written and shows the answer with its buttons and picture', async () => {
    const { page } = opened;
    await page.fill('#seed', '7');
    await page.focus('#prompt');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.message img[alt="a fox on blue at night, drawn"]');
    expect(world.invocations.at(-1)?.action).toMatchObject({
      kind: 'command',
      name: 'imagine',
      options: { prompt: 'a fox on blue at night', seed: 7, count: 1, style: 'neon' },
    });
    expect(await page.locator('.message button').allTextContents()).toEqual([
      'U1',
      'V1',
      'Reroll',
      'Remix',
      'Info',
      'Delete',
    ]);
    await expect.poll(() => page.locator('#gallery img').count()).toBe(1);
  });

  it('hands a press on and keeps the focus where it was', async () => {
    const { page } = opened;
    await page.click('.message button:text-is("Reroll")');
    await expect.poll(() => world.invocations.at(-1)?.action).toEqual({ kind: 'button', id: 'reroll' });
    await expect.poll(() => page.locator('.message').count()).toBe(2);
  });

  it('opens the prefilled remix form and sends it', async () => {
    const { page } = opened;
    await page.locator('.message button:text-is("Remix")').first().click();
    await page.waitForSelector('#form-dialog[open] textarea');
    expect(await page.inputValue('#form-dialog textarea')).toBe('a fox');
    await page.fill('#form-dialog textarea', 'a <b>bear</b>');
    await page.click('#form-dialog .primary');
    await expect
      .poll(() => world.invocations.at(-1)?.action)
      .toEqual({ kind: 'form', id: 'remix-form', fields: { prompt: 'a <b>bear</b>' } });
  });

  it('offers the commands under a slash, by keyboard', async () => {
    const { page } = opened;
    await page.fill('#prompt', '');
    await page.focus('#prompt');
    await page.keyboard.type('/que');
    await expect.poll(() => page.locator('#palette li').allTextContents()).toHaveLength(1);
    await page.keyboard.press('Enter');
    await expect.poll(() => world.invocations.at(-1)?.action).toEqual({ kind: 'command', name: 'queue', options: {} });
  });

  it('sends whole command lines, and says what is wrong with one that does not parse', async () => {
    const { page } = opened;
    await page.fill('#prompt', '/imagine a cat --sede 1');
    await page.keyboard.press('Escape');
    await page.click('#send');
    await page.waitForSelector('.message:has-text("Did you mean --seed?")');
    await page.fill('#prompt', '/imagine a cat --seed 1');
    await page.keyboard.press('Escape');
    await page.click('#send');
    await expect.poll(() => world.invocations.at(-1)?.action).toMatchObject({ options: { prompt: 'a cat', seed: 1 } });
  });

  it('lets what is typed go before what stands in the fields, by its short name too', async () => {
    const { page } = opened;
    await page.fill('#prompt', 'a dog --n 4 --no text');
    await page.keyboard.press('Escape');
    await page.click('#send');
    await expect
      .poll(() => world.invocations.at(-1)?.action)
      .toMatchObject({ options: { prompt: 'a dog --n 4 --no text' } });
    expect(world.invocations.at(-1)?.action).not.toHaveProperty('options.count');
  });

  it('opens a picture large and copies it', async () => {
    const { page } = opened;
    await page.locator('#gallery button').first().click();
    await page.waitForSelector('#viewer[open] img');
    await page.click('#viewer button:text-is("Copy")');
    await page.waitForSelector('#viewer button:text-is("Copied")');
    const copied = 'navigator.clipboard.read().then((items) => items[0].types.join())';
    expect(await page.evaluate(copied)).toBe('image/png');
    await page.keyboard.press('Escape');
  });

  it('opens the panel to the holder of the token alone', async () => {
    const { page } = opened;
    await page.click('#open-panel');
    await page.fill('#panel input', 'wrong token');
    await page.keyboard.press('Enter');
    await page.waitForSelector('#panel [role=alert]:has-text("not the operator")');
    await page.fill('#panel input', OPERATOR_TOKEN);
    await page.keyboard.press('Enter');
    await page.waitForSelector('#panel td:text-is("cpu")');
    const looks = overviews;
    await expect.poll(() => overviews, { timeout: 10_000 }).toBeGreaterThan(looks);
    await page.keyboard.press('Escape');
    await page.fill('#prompt', 'x');
    await page.click('#send');
    await expect.poll(() => world.invocations.at(-1)?.actor.isAdmin).toBe(true);
  });

  it('shows by itself what was answered while the bot was away from the page', async () => {
    const { page } = opened;
    const address = { platform: 'web', data: { message: 'away', browser: 'x' } } as const;
    const line = (text: string) =>
      ({ lines: [[{ kind: 'plain', text }]], picture: undefined, files: [], rows: [], notify: undefined }) as const;
    await stub.adapter.deliver(address, line('one moment'), { mode: 'edit', key: 'a', isFinal: false });
    await page.waitForSelector('.message:has-text("one moment")');
    await stub.restart(async (next) => {
      await next.deliver(address, line('here it is'), { mode: 'edit', key: 'a', isFinal: true });
    });
    await page.waitForSelector('.message:has-text("here it is")');
    expect(await page.isHidden('#offline')).toBe(true);
  });

  it('keeps the chat over a restart of the bot', async () => {
    const before = await opened.page.locator('.message').count();
    await stub.restart();
    const cookies = await opened.page.context().cookies();
    const again = await openPage(browser, stub.adapter.url());
    await again.page.context().addCookies(cookies);
    await again.page.reload();
    await again.page.waitForSelector('body[data-ready=true]');
    expect(await again.page.locator('.message').count()).toBeGreaterThanOrEqual(before - 1);
    expect(again.errors).toEqual([]);
  });

  it('fits a narrow dark window in German', async () => {
    const { page, errors } = await openPage(browser, stub.adapter.url(), {
      width: 360,
      scheme: 'dark',
      locale: 'de-DE',
    });
    expect(await page.textContent('#send')).toBe('Senden');
    expect(await page.evaluate('document.documentElement.scrollWidth <= window.innerWidth')).toBe(true);
    expect(errors).toEqual([]);
  });

  it('left no error on the console', () => {
    // A wrong token and a bad command line are answered with 403 and 400, which Chromium reports as its own.
    expect(opened.errors.filter((error) => !/status of (400|403)|ERR_|net::/.test(error))).toEqual([]);
  });
});
