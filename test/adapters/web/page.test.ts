/** The page in a real browser, against a bot that answers at once: what a person types, sees and presses. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { launchBrowser, noBrowser, openPage, type WatchedPage } from '../../support/web/browser.ts';
import { encodePng } from '../../../src/image/index.ts';
import { coloured, type StubWorld } from '../../support/web/stub-bot.ts';
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

  it('draws while one types: the newest words win, drafts come first, and the screen reader is told the last', async () => {
    const { page } = opened;
    await page.keyboard.type('a fox on blue', { delay: 20 });
    await page.waitForSelector('#canvas[data-kind=final] #live-pictures img[alt="a fox on blue"]');
    expect(await page.textContent('#announcer')).toBe('drawn: a fox on blue');
    const typed = world.liveRequests.filter(({ options }) => options['style'] === undefined);
    const asked = typed.map(({ options, isDraft }) => [options['prompt'], isDraft]);
    expect(asked[0]).toEqual(['a', true]);
    expect(asked.at(-1)).toEqual(['a fox on blue', false]);
    expect(asked.length).toBeLessThan('a fox on blue'.length);
    expect(await page.textContent('#live-note')).toMatch(/^seed \d+ · 0\.12 s$/);
    expect(await page.isHidden('#live-draft')).toBe(true);
  });

  it('draws to its end what it has begun, and goes on with what is newest', async () => {
    const { page } = opened;
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
    await page.keyboard.type(' at night', { delay: 60 });
    expect(await drafts).toBeGreaterThan(2);
    expect(world.abortedLive()).toBe(0);
    expect(world.liveRequests.length).toBeGreaterThan(before + 2);
  });

  it('mixes two styles by the slider, and says their shares', async () => {
    const { page } = opened;
    await page.click('#styles [data-style=neon]');
    await expect.poll(() => world.liveRequests.at(-1)?.options['style']).toBe('neon');
    await page.click('#styles [data-style=ink]');
    await page.fill('#mix', '25');
    await expect.poll(() => world.liveRequests.at(-1)?.options['style']).toBe('neon:0.75+ink:0.25');
    expect(await page.textContent('#mix-words')).toBe('neon 75 % · ink 25 %');
    await page.click('#styles [data-style=ink]');
  });

  it('keeps the fields in step with the flags that are typed', async () => {
    const { page } = opened;
    await page.fill('#prompt', 'a fox --n 4 --ar 3:2');
    expect(await page.inputValue('[data-option=count]')).toBe('4');
    expect(await page.inputValue('[data-option=aspect]')).toBe('3:2');
    await page.selectOption('[data-option=count]', '2');
    expect(await page.inputValue('#prompt')).toBe('a fox --n 2 --ar 3:2');
    await expect.poll(() => page.locator('#live-pictures img').count()).toBe(1);
    await page.fill('#prompt', 'a fox on blue at night');
    expect(await page.inputValue('[data-option=count]')).toBe('');
    await page.click('#more summary');
    await page.fill('[data-option=negative]', 'text, frame');
    await expect.poll(() => world.liveRequests.at(-1)?.options['negative']).toBe('text, frame');
    await page.fill('[data-option=negative]', '');
    await page.click('#more summary');
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
      options: { prompt: 'a fox on blue at night', seed: 7, style: 'neon' },
    });
    expect(await page.locator('#messages .message button').allTextContents()).toEqual([
      '',
      'U1',
      'V1',
      'Reroll',
      'Remix',
      'Info',
      'Delete',
    ]);
    await expect.poll(() => page.locator('#gallery img').count()).toBe(1);
  });

  it('asks once for a name, and shows it beside what one sends', async () => {
    const { page } = opened;
    await page.click('[data-id=page-name] button:text-is("Your name")');
    await page.fill('#form-dialog input', 'Ada');
    await page.click('#form-dialog .primary');
    expect(await page.textContent('#name')).toBe('Ada');
    await page.click('[data-id=page-name] button:text-is("Dismiss")');
    await page.click('#send');
    await expect.poll(() => world.invocations.at(-1)?.actor.name).toBe('Ada');
    await expect.poll(() => page.locator('#messages .message').count()).toBe(2);
    expect(await page.locator('[data-id=page-name]').count()).toBe(0);
  });

  it('hands a press on and keeps the focus where it was', async () => {
    const { page } = opened;
    await page.locator('.message button:text-is("Reroll")').last().click();
    await expect.poll(() => world.invocations.at(-1)?.action).toEqual({ kind: 'button', id: 'reroll' });
    await expect.poll(() => page.locator('#messages .message').count()).toBe(3);
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
    await page.waitForSelector('#notes .message:has-text("Did you mean --seed?")');
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
    await page.locator('#gallery .card > button').first().click();
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

  it('offers each picture’s actions on itself, and takes a deletion back', async () => {
    const { page } = opened;
    const cards = page.locator('#gallery .card');
    await page.waitForTimeout(300); // what was sent before is answered, and in the grid
    const before = await cards.count();
    await cards.first().hover();
    await cards.first().locator('.acts button').nth(2).click();
    await expect.poll(() => cards.count()).toBe(before - 1);
    await page.click('[data-id=page-undo] button:text-is("Undo")');
    await expect.poll(() => cards.count()).toBe(before);
    await cards.first().hover();
    await cards.first().locator('.acts button').nth(0).click();
    await page.click('#gallery-favourites');
    await expect.poll(() => cards.count()).toBe(1);
    await page.click('#gallery-favourites');
    await page.fill('#gallery-search', 'no such words');
    await expect.poll(() => cards.count()).toBe(0);
    await page.fill('#gallery-search', '');
    await cards.first().locator('> button').click();
    await page.click('#viewer button:text-is("Vary")');
    await expect.poll(() => world.invocations.at(-1)?.action).toEqual({ kind: 'button', id: 'v1' });
  });

  it('is walked by the keyboard: one stop in the grid, arrows inside it', async () => {
    const { page } = opened;
    const focused = (): Promise<unknown> => page.evaluate('document.activeElement?.closest("li")?.dataset.key');
    await page.waitForTimeout(300); // what was pressed before is answered, and in the grid
    await page.locator('#gallery .card > button').first().focus();
    const first = await focused();
    await page.keyboard.press('ArrowRight');
    expect(await focused()).not.toBe(first);
    await page.keyboard.press('Home');
    expect(await focused()).toBe(first);
    expect(await page.locator('#gallery .card > button[tabindex="0"]').count()).toBe(1);
  });

  it('starts from a pasted, a chosen and a sketched picture, with the strength beside', async () => {
    const { page } = opened;
    const png = Buffer.from((await encodePng(coloured('start'))).data);
    await page.setInputFiles('#attach-file', { name: 'start.png', mimeType: 'image/png', buffer: png });
    await page.waitForSelector('#start-image:visible');
    await expect.poll(() => world.liveRequests.at(-1)?.options['image']).toMatchObject({ name: 'blob' });
    await page.fill('[data-option=strength]', '0.4');
    await expect.poll(() => world.liveRequests.at(-1)?.options['strength']).toBe(0.4);
    await page.click('#image-remove');
    await expect.poll(() => world.liveRequests.at(-1)?.options['image']).toBeUndefined();
    await page.click('#sketch');
    const pad = await page.locator('#pad-canvas').boundingBox();
    const [x, y] = [(pad?.x ?? 0) + 40, (pad?.y ?? 0) + 40];
    const before = world.liveRequests.length;
    await page.mouse.move(x, y);
    await page.mouse.down();
    for (let step = 1; step <= 12; step += 1) {
      await page.mouse.move(x + step * 8, y + step * 4);
      await page.waitForTimeout(40);
    }
    await page.mouse.up();
    await expect.poll(() => world.liveRequests.length).toBeGreaterThan(before + 2);
    await expect.poll(() => world.liveRequests.at(-1)).toMatchObject({ isDraft: false });
    expect(world.liveRequests.at(-1)?.options['image']).toBeDefined();
    await page.click('#sketch');
    await expect.poll(() => page.isHidden('#start-image')).toBe(true);
  });

  it('brings back what was sent, and keeps draft, style and seed over a reload', async () => {
    const { page } = opened;
    await page.fill('#prompt', '');
    await page.focus('#prompt');
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('ArrowUp');
    expect(await page.inputValue('#prompt')).toBe('a dog --n 4 --no text');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    expect(await page.inputValue('#prompt')).toBe('');
    await page.fill('#prompt', 'half a thought');
    await page.reload();
    await page.waitForSelector('body[data-ready=true]');
    expect(await page.inputValue('#prompt')).toBe('half a thought');
    expect(await page.inputValue('#seed')).toBe('7');
    expect(await page.getAttribute('#styles [data-style=neon]', 'aria-pressed')).toBe('true');
  });

  it('shows words from right to left as they are read', async () => {
    const { page } = opened;
    await page.fill('#prompt', 'ثعلب على خلفية زرقاء');
    await page.click('#send');
    await page.waitForSelector('#messages .message:has-text("ثعلب")');
    const direction = await page.evaluate(
      `getComputedStyle([...document.querySelectorAll('#messages strong')].find((each) => each.textContent.includes('ثعلب'))).direction`,
    );
    expect(direction).toBe('rtl');
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

  it('keeps what is said while the bot is away, and sends it when it is back', async () => {
    const { page } = opened;
    await page.fill('#prompt', 'said while away');
    await stub.restart(async () => {
      await page.click('#send');
      await page.waitForSelector('[data-id=page-outbox]:has-text("1 waiting")');
    });
    await expect
      .poll(() => world.invocations.at(-1)?.action, { timeout: 10_000 })
      .toMatchObject({ options: { prompt: 'said while away' } });
    await page.waitForSelector('[data-id=page-outbox]', { state: 'detached' });
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

  it.each([360, 390, 1280, 1920])('fits a window of %i px without shifting, light and dark', async (width) => {
    for (const scheme of ['light', 'dark'] as const) {
      const { page, errors } = await openPage(browser, stub.adapter.url(), { width, scheme });
      expect(await page.evaluate('document.documentElement.scrollWidth <= window.innerWidth')).toBe(true);
      const shift = `new Promise((resolve) => {
        let sum = 0;
        new PerformanceObserver((list) => list.getEntries().forEach((entry) => (sum += entry.value)))
          .observe({ type: 'layout-shift', buffered: true });
        setTimeout(() => resolve(sum), 300);
      })`;
      expect(await page.evaluate(shift)).toBeLessThan(0.1);
      expect(errors).toEqual([]);
      await page.context().close();
    }
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
