/** Where one writes: words, flags, fields, commands, pictures to start from, and what is kept. */
import { describe, expect } from 'vitest';

import { encodePng } from '../../../src/image/index.ts';
import { noBrowser } from '../../support/web/browser.ts';
import { pageTest as it, send } from '../../support/web/page-test.ts';
import { coloured } from '../../support/web/stub-bot.ts';

const png = async () => Buffer.from((await encodePng(coloured('start'))).data);

/** A file as an event of the page brings it: `drop`, `paste`. */
async function dispatchFile(page: { evaluate: (script: string) => Promise<unknown> }, kind: 'drop' | 'paste') {
  await page.evaluate(`(() => {
    const bytes = Uint8Array.from(atob(${JSON.stringify((await png()).toString('base64'))}), (each) => each.charCodeAt(0));
    const data = new DataTransfer();
    data.items.add(new File([bytes], 'start.png', { type: 'image/png' }));
    document.dispatchEvent(
      ${kind === 'drop' ? "new DragEvent('drop', { dataTransfer: data, bubbles: true })" : "new ClipboardEvent('paste', { clipboardData: data, bubbles: true })"},
    );
  })()`);
}

describe.skipIf(noBrowser !== undefined)(`the composer (${noBrowser ?? 'in Chromium'})`, () => {
  it('keeps the fields in step with the flags that are typed', async ({ page, world }) => {
    await page.fill('#prompt', 'a fox --n 4 --ar 3:2 --quality fine');
    expect(await page.inputValue('[data-option=count]')).toBe('4');
    expect(await page.inputValue('[data-option=aspect]')).toBe('3:2');
    expect(await page.inputValue('[data-option=quality]')).toBe('fine');
    await page.selectOption('[data-option=count]', '2');
    expect(await page.inputValue('#prompt')).toBe('a fox --n 2 --ar 3:2 --quality fine');
    await page.fill('#prompt', 'a fox');
    expect(await page.inputValue('[data-option=count]')).toBe('');
    await page.click('#more summary');
    await page.fill('[data-option=negative]', 'text, frame');
    await expect.poll(() => world.liveRequests.at(-1)?.options['negative']).toBe('text, frame');
    await page.check('[data-option=transparent]');
    await expect.poll(() => world.liveRequests.at(-1)?.options['transparent']).toBe(true);
    await page.fill('#prompt', 'a fox --transparent no --n 2');
    expect(await page.isChecked('[data-option=transparent]')).toBe(false);
    await page.check('[data-option=transparent]');
    expect(await page.inputValue('#prompt')).toBe('a fox --transparent --n 2');
    await page.uncheck('[data-option=transparent]');
    expect(await page.inputValue('#prompt')).toBe('a fox --n 2');
    await page.selectOption('[data-option=quality]', 'draft');
    await expect.poll(() => world.liveRequests.at(-1)?.options['quality']).toBe('draft');
  });

  it('gives its fields the bounds of the command', async ({ page }) => {
    const bounds = await page.evaluate(`Object.fromEntries(['steps', 'guidance', 'strength'].map((name) => {
      const { min, max } = document.querySelector('[data-option=' + name + ']');
      return [name, [min, max]];
    }))`);
    expect(bounds).toEqual({ steps: ['1', '8'], guidance: ['1', '15'], strength: ['0.05', '1'] });
    expect(await page.locator('[data-option=count] option').allTextContents()).toEqual(['–', '1', '2', '3', '4']);
    expect(await page.locator('[data-option=quality] option').allTextContents()).toEqual([
      '–',
      'draft',
      'fast',
      'fine',
    ]);
    expect(await page.getAttribute('#prompt', 'maxlength')).toBe('2000');
  });

  it('sends what is written with the fields that no flag speaks for', async ({ page, world }) => {
    await page.fill('#prompt', 'a fox on blue');
    await page.click('#styles [data-style=neon]');
    await page.fill('#seed', '7');
    await page.focus('#prompt');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.message img[alt="a fox on blue, drawn"]');
    expect(world.invocations.at(-1)?.action).toMatchObject({
      kind: 'command',
      name: 'imagine',
      options: { prompt: 'a fox on blue', seed: 7, style: 'neon' },
    });
    const labels = await page.locator('#messages .message button').allTextContents();
    expect(labels).toEqual(['', 'U1', 'V1', 'Reroll', 'Remix', 'Info', 'Delete']);
  });

  it('lets what is typed go before what stands in the fields, by its short name too', async ({ page, world }) => {
    await page.selectOption('[data-option=count]', '2');
    await send(page, 'a dog --n 4 --no text');
    expect(world.invocations.at(-1)?.action).toMatchObject({ options: { prompt: 'a dog --n 4 --no text' } });
    expect(world.invocations.at(-1)?.action).not.toHaveProperty('options.count');
  });

  it('offers the commands under a slash, by keyboard', async ({ page, world }) => {
    await page.focus('#prompt');
    await page.keyboard.type('/que');
    await expect.poll(() => page.locator('#palette li').allTextContents()).toHaveLength(1);
    await page.keyboard.press('Enter');
    await expect.poll(() => world.invocations.at(-1)?.action).toEqual({ kind: 'command', name: 'queue', options: {} });
    await page.keyboard.type('/');
    await page.keyboard.press('Escape');
    expect(await page.isHidden('#palette')).toBe(true);
  });

  it('sends whole command lines, and says what is wrong with one that does not parse', async ({ page, world }) => {
    await page.fill('#prompt', '/imagine a cat --sede 1');
    await page.keyboard.press('Escape');
    await page.click('#send');
    await page.waitForSelector('#notes .message:has-text("Did you mean --seed?")');
    await page.fill('#prompt', '/imagine a cat --seed 1');
    await page.keyboard.press('Escape');
    await page.click('#send');
    await expect.poll(() => world.invocations.at(-1)?.action).toMatchObject({ options: { prompt: 'a cat', seed: 1 } });
  });

  it('starts from a chosen picture, with the strength beside', async ({ page, world }) => {
    await page.fill('#prompt', 'a fox');
    await page.setInputFiles('#attach-file', { name: 'start.png', mimeType: 'image/png', buffer: await png() });
    await page.waitForSelector('#start-image:visible');
    await expect.poll(() => world.liveRequests.at(-1)?.options['image']).toMatchObject({ name: 'blob' });
    await page.fill('[data-option=strength]', '0.4');
    await expect.poll(() => world.liveRequests.at(-1)?.options['strength']).toBe(0.4);
    await page.click('#image-remove');
    await expect.poll(() => world.liveRequests.at(-1)?.options['image']).toBeUndefined();
    expect(await page.getAttribute('#camera-file', 'capture')).toBe('environment');
  });

  it.for(['drop', 'paste'] as const)('starts from a picture by %s', async (kind, { page, world }) => {
    await page.fill('#prompt', 'a fox');
    await dispatchFile(page, kind);
    await page.waitForSelector('#start-image:visible');
    await expect.poll(() => world.liveRequests.at(-1)?.options['image']).toMatchObject({ name: 'blob' });
    await page.click('#send');
    await expect.poll(() => world.uploads.length).toBe(1);
  });

  it('follows the strokes on the pad', async ({ page, world }) => {
    await page.fill('#prompt', 'a fox');
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

  it('brings back what was sent, and keeps draft, style and seed over a reload', async ({ page }) => {
    await page.fill('#seed', '7');
    await page.click('#styles [data-style=neon]');
    await send(page, 'first');
    await send(page, 'second');
    await page.fill('#prompt', '');
    await page.focus('#prompt');
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('ArrowUp');
    expect(await page.inputValue('#prompt')).toBe('first');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    expect(await page.inputValue('#prompt')).toBe('');
    await page.fill('#prompt', 'half a thought');
    await page.reload();
    await page.waitForSelector('body[data-ready=true]');
    expect(await page.inputValue('#prompt')).toBe('half a thought');
    expect(await page.inputValue('#seed')).toBe('7');
    expect(await page.getAttribute('#styles [data-style=neon]', 'aria-pressed')).toBe('true');
    // The fields show a flag of a kept draft too.
    await page.fill('#prompt', 'half a thought --seed 99');
    await page.reload();
    await page.waitForSelector('body[data-ready=true]');
    expect(await page.inputValue('#seed')).toBe('99');
  });

  it('keeps the seed after sending, or takes another one where that is unlocked', async ({ page }) => {
    const seed = () => page.inputValue('#seed');
    const first = await seed();
    await send(page, 'a fox');
    expect(await seed()).toBe(first);
    await page.click('#lock');
    await send(page, 'a fox');
    expect(await seed()).not.toBe(first);
  });

  it('keeps what is said while the bot is away, and sends it when it is back', async ({ page, stub, world }) => {
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
});
