/**
 * A day at the page: the real bot behind it, a browser before it. Draw, reroll, vary, upscale, remix, restart, press an
 * old button, add a style as the operator, be refused as a visitor, delete.
 */
import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { createWebAdapter, type WebAdapter } from '../../src/adapters/web/index.ts';
import { createLiveDrawing } from '../../src/bot/live.ts';
import { createAdminView, createGallery, modelLine } from '../../src/start/page-views.ts';
import { writeTensors } from '../support/safetensors-file.ts';
import { createStubRunner } from '../support/stub-runner.ts';
import { pictureFiles } from '../support/style-pictures.ts';
import { launchBrowser, noBrowser, openPage } from '../support/web/browser.ts';
import { openWholeBot, type WholeBot } from '../support/whole-bot.ts';

const TOKEN = 'operator of the journey';
let folder: string;
let whole: WholeBot;
let web: WebAdapter;
let browser: Browser;
let page: Page;
let errors: readonly string[];
let port = 0;

async function open(): Promise<void> {
  whole = await openWholeBot({
    folder,
    options: { blockedWords: ['forbidden'] },
    runner: createStubRunner({ stepMs: 5 }),
    connect: async (parts) => {
      web = await createWebAdapter({
        access: { host: '127.0.0.1', names: [], operatorToken: TOKEN, visitorToken: undefined, isPublic: false },
        isBehindProxy: false,
        port,
        folder: join(folder, 'page'),
        bot: parts.bot,
        ports: {
          live: createLiveDrawing({ ...parts, newId: randomUUID }),
          gallery: createGallery(parts, 'web:local'),
          admin: createAdminView(parts),
          modelLine: (server, locale) => modelLine(parts, server, locale),
          health: {
            live: () => ({ isOk: true, body: {} }),
            ready: () => ({ isOk: true, body: {} }),
            metrics: async () => ({ contentType: 'text/plain', text: '' }),
          },
        },
        mounts: [],
        log: parts.log,
        now: () => Date.now(),
      });
      return [web];
    },
  });
  port = Number(new URL(web.url()).port);
}

const answers = () => page.locator('#messages .message:not([aria-busy=true]):has(img)');
const press = async (label: string): Promise<void> => {
  const before = await page.locator('.message').count();
  await answers().first().locator('button', { hasText: label }).click();
  await expect.poll(() => page.locator('.message').count()).toBeGreaterThan(before);
};
const settled = async (): Promise<void> => {
  await expect.poll(() => page.locator('.message[aria-busy=true]').count(), { timeout: 10_000 }).toBe(0);
};
/** Of all, in the log, and the newest note for this person alone. */
const newest = () => page.locator('#messages .message').first();
const note = () => page.locator('#notes .message, #panel .message').last();

describe.skipIf(noBrowser !== undefined)(
  `a day at the page${noBrowser === undefined ? '' : ` (skipped: ${noBrowser})`}`,
  () => {
    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'fourstep-journey-'));
      await open();
      browser = await launchBrowser();
      ({ page, errors } = await openPage(browser, web.url()));
    });
    afterAll(async () => {
      await browser.close();
      await whole.close();
      rmSync(folder, { recursive: true, force: true });
    });

    it('draws four pictures as one grid, with the small line and every button', async () => {
      await page.fill('#prompt', 'a fox --seed 7 --count 4');
      await page.focus('#prompt');
      await page.keyboard.press('Enter');
      await expect.poll(() => answers().count()).toBe(1);
      await settled();
      expect(await newest().locator('img').count()).toBe(1);
      expect(await newest().textContent()).toMatch(/a fox.*seed 7.*4 steps/s);
      const labels = (await newest().locator('button').allTextContents()).join(' ');
      for (const label of ['U1', 'U2', 'U3', 'U4', 'V1', 'V2', 'V3', 'V4', 'Reroll', 'Remix', 'Info', 'Delete']) {
        expect(labels).toContain(label);
      }
    });

    it('rerolls, varies and upscales into new messages that say where they come from', async () => {
      await press('Reroll');
      await settled();
      expect(await newest().textContent()).toContain('reroll');
      await press('V2');
      await settled();
      expect(await newest().textContent()).toContain('variation of 2');
      await press('U1');
      await settled();
      expect(await newest().textContent()).toMatch(/upscale/);
    });

    it('remixes through the prefilled form', async () => {
      await page.locator('#messages .message').last().locator('button', { hasText: 'Remix' }).click();
      const prompt = page.locator('#form-dialog textarea').first();
      await prompt.waitFor();
      expect(await prompt.inputValue()).toContain('a fox');
      await prompt.fill('a bear');
      await page.click('#form-dialog .primary');
      await expect.poll(() => newest().textContent()).toContain('a bear');
      await settled();
    });

    it('refuses words of the operator’s list, privately and in a sentence', async () => {
      await page.fill('#prompt', 'a forbidden thing');
      await page.click('#send');
      await expect.poll(() => note().textContent()).toContain('forbidden');
    });

    it('answers an old button after a restart', async () => {
      await whole.close();
      await open();
      await page.reload();
      await page.waitForSelector('body[data-ready=true]');
      const before = await page.locator('.message').count();
      await page.locator('#messages .message').last().locator('button', { hasText: 'V3' }).click();
      await expect.poll(() => page.locator('.message').count()).toBe(before + 1);
      await settled();
      expect(await newest().textContent()).toContain('variation of 3');
    });

    it('refuses a visitor who adds a style, and asks an operator who does', async () => {
      const lora = join(folder, 'glow.safetensors');
      writeTensors(lora, [{ name: 'lora_unet_x.lora_down.weight', shape: [1, 1], data: new Float32Array(1) }]);
      const addStyle = async (): Promise<void> => {
        await page.fill('#prompt', '');
        await page.focus('#prompt');
        await page.keyboard.type('/style add');
        await page.keyboard.press('Enter');
        await page.fill('#form-dialog input[name=name]', 'glow');
        await page.setInputFiles('#form-dialog input[name=file]', lora);
        await page.click('#form-dialog .primary');
      };
      await addStyle();
      await expect.poll(() => note().textContent()).toMatch(/admin/i);
      await page.click('#open-panel');
      await page.fill('#panel input', TOKEN);
      await page.keyboard.press('Enter');
      await page.waitForSelector('#panel table');
      await page.keyboard.press('Escape');
      await addStyle();
      const save = page.locator('.message button', { hasText: 'Save' }).last();
      await save.waitFor({ timeout: 10_000 });
      await save.click();
      await expect.poll(async () => (await whole.stores.styles.of('web:local')).map(({ id }) => id)).toEqual(['glow']);
    });

    it('learns a style from a folder that is dropped, and shows it before it is kept', async () => {
      const pictures = join(folder, 'riso');
      mkdirSync(join(pictures, 'more'), { recursive: true });
      for (const [k, { name, data }] of (await pictureFiles(12, 0, 96)).entries()) {
        writeFileSync(join(pictures, k > 9 ? 'more' : '.', name), data);
      }
      const devtools = await page.context().newCDPSession(page);
      const at = { x: 300, y: 300, data: { items: [], files: [pictures], dragOperationsMask: 1 } };
      const name = page.locator('#form-dialog input[name=name]');
      // A drop that overtakes the answer to its dragOver is a drop on nothing: whoever sees no form drops again.
      await expect
        .poll(
          async () => {
            for (const type of ['dragEnter', 'dragOver', 'drop'] as const) {
              await devtools.send('Input.dispatchDragEvent', { type, ...at });
            }
            await name.waitFor({ timeout: 2_000 }).catch(() => undefined);
            return name.isVisible();
          },
          { timeout: 20_000 },
        )
        .toBe(true);
      await name.fill('riso');
      await page.click('#form-dialog .primary');
      const files = page.locator('#form-dialog input[name=pictures]');
      await files.waitFor();
      const count = (): Promise<unknown> =>
        page.evaluate("document.querySelector('#form-dialog input[name=pictures]').files.length");
      expect(await count()).toBe(10);
      await page.fill('#form-dialog input[name=word]', 'my own');
      await page.click('#form-dialog .primary');
      const message = page.locator('#messages .message', { hasText: 'riso' }).first();
      await expect.poll(() => message.textContent()).toContain('10 pictures of 1 person');
      // The two that had found no room come with the next form.
      await message.locator('button', { hasText: 'Add pictures' }).click();
      await files.waitFor();
      expect(await count()).toBe(2);
      await page.fill('#form-dialog input[name=word]', 'my own');
      await page.click('#form-dialog .primary');
      await expect.poll(() => message.textContent()).toContain('12 pictures of 1 person');
      await message.locator('button', { hasText: 'Start' }).click();
      await expect.poll(() => message.textContent()).toContain('Learnt here from 12 pictures');
      expect(await message.locator('img').count()).toBe(1);
      await message.locator('button', { hasText: 'Save' }).click();
      await expect.poll(async () => (await whole.stores.styles.of('web:local')).map(({ id }) => id)).toContain('riso');
    });

    it('deletes an answer', async () => {
      const before = await page.locator('.message').count();
      await page.locator('#messages .message').last().locator('button', { hasText: 'Delete' }).click();
      await expect.poll(() => page.locator('.message').count()).toBeLessThan(before);
    });

    it('left no error on the console', () => {
      expect(errors.filter((error) => !/net::|ERR_/.test(error))).toEqual([]);
    });
  },
);
