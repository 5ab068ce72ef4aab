/** The chat on the page: names, presses, forms, notes, the operator's panel, and a bot that goes and comes back. */
import { describe, expect } from 'vitest';

import type { ReplyAddress } from '../../../src/core/job.ts';
import { noBrowser, openPage } from '../../support/web/browser.ts';
import { pageTest as it, send } from '../../support/web/page-test.ts';
import { openStubPage, OPERATOR_TOKEN } from '../../support/web/stub-page.ts';

const line = (text: string) =>
  ({ lines: [[{ kind: 'plain', text }]], picture: undefined, files: [], rows: [], notify: undefined }) as const;

describe.skipIf(noBrowser !== undefined)(`the chat (${noBrowser ?? 'in Chromium'})`, () => {
  it('asks once for a name, and shows it beside what one sends', async ({ page, world }) => {
    await send(page, 'a fox');
    await page.click('[data-id=page-name] button:text-is("Your name")');
    await page.fill('#form-dialog input', 'Ada');
    await page.click('#form-dialog .primary');
    expect(await page.textContent('#name')).toBe('Ada');
    await page.click('[data-id=page-name] button:text-is("Dismiss")');
    await send(page, 'a fox');
    expect(world.invocations.at(-1)?.actor.name).toBe('Ada');
    expect(await page.locator('[data-id=page-name]').count()).toBe(0);
  });

  it('hands a press on and keeps the focus where it was', async ({ page, world }) => {
    await send(page, 'a fox');
    await page.locator('.message button:text-is("Reroll")').click();
    await expect.poll(() => world.invocations.at(-1)?.action).toEqual({ kind: 'button', id: 'reroll' });
    await expect.poll(() => page.locator('#messages .message').count()).toBe(2);
    expect(await page.evaluate('document.activeElement?.textContent')).toBe('Reroll');
  });

  it('opens the prefilled remix form and sends it', async ({ page, world }) => {
    await send(page, 'a fox');
    await page.locator('.message button:text-is("Remix")').click();
    await page.waitForSelector('#form-dialog[open] textarea');
    expect(await page.inputValue('#form-dialog textarea')).toBe('a fox');
    await page.fill('#form-dialog textarea', 'a <b>bear</b>');
    await page.click('#form-dialog .primary');
    await expect
      .poll(() => world.invocations.at(-1)?.action)
      .toEqual({ kind: 'form', id: 'remix-form', fields: { prompt: 'a <b>bear</b>' } });
  });

  it('shows private answers as notes above the composer until they are dismissed', async ({ page, browser, stub }) => {
    await page.fill('#prompt', '/help');
    await page.keyboard.press('Escape');
    await page.click('#send');
    const note = page.locator('#notes .message:has-text("only you see this")');
    await expect.poll(() => note.count()).toBe(1);
    const other = await openPage(browser, stub.adapter.url());
    expect(await other.page.locator('.message').count()).toBe(0);
    await other.page.context().close();
    await note.locator('button:text-is("Dismiss")').click();
    await page.reload();
    await page.waitForSelector('body[data-ready=true]');
    expect(await page.locator('.message').count()).toBe(0);
  });

  it('opens the panel to the holder of the token alone, and draws it anew by itself', async ({ browser }) => {
    let looks = 0;
    const overview = async () => ({ queue: [['looks', String((looks += 1))]], devices: [['cpu', 'ready']] });
    const stub = await openStubPage({ ports: { admin: { overview } } });
    const { page } = await openPage(browser, stub.adapter.url());
    await page.click('#open-panel');
    await page.fill('#panel input', 'wrong token');
    await page.keyboard.press('Enter');
    await page.waitForSelector('#panel [role=alert]:has-text("not the operator")');
    await page.fill('#panel input', OPERATOR_TOKEN);
    await page.keyboard.press('Enter');
    await page.waitForSelector('#panel td:text-is("cpu")');
    const before = looks;
    await expect.poll(() => looks, { timeout: 10_000 }).toBeGreaterThan(before);
    await page.keyboard.press('Escape');
    await send(page, 'a fox');
    expect(stub.world.invocations.at(-1)?.actor.isAdmin).toBe(true);
    await page.context().close();
    await stub.close();
  });

  it('shows words from right to left as they are read', async ({ page }) => {
    await send(page, 'ثعلب على خلفية زرقاء');
    const directionOf = (selector: string) =>
      page.evaluate(`getComputedStyle([...document.querySelectorAll('${selector}')].at(-1)).direction`);
    expect(await directionOf('#messages strong')).toBe('rtl');
    expect(await directionOf('#prompt')).toBe('rtl');
    await page.click('#gallery .card > button');
    expect(await directionOf('#viewer p')).toBe('rtl');
  });

  it('shows by itself what was answered while the bot was away from the page', async ({ page, stub }) => {
    const address: ReplyAddress = { platform: 'web', data: { message: 'away', browser: 'x' } };
    await stub.adapter.deliver(address, line('one moment'), { mode: 'edit', key: 'a', isFinal: false });
    await page.waitForSelector('.message:has-text("one moment")');
    await stub.restart(async (next) => {
      await next.deliver(address, line('here it is'), { mode: 'edit', key: 'a', isFinal: true });
    });
    await page.waitForSelector('.message:has-text("here it is")');
    expect(await page.isHidden('#offline')).toBe(true);
  });

  it('keeps the chat over a restart of the bot', async ({ page, stub }) => {
    await send(page, 'a fox');
    await stub.restart();
    await page.reload();
    await page.waitForSelector('body[data-ready=true]');
    expect(await page.locator('#messages .message:has-text("a fox")').count()).toBe(1);
  });
});
