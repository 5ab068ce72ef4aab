/** The page's own chat on disk: what is removed or pushed out takes its files along. */
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { History } from '../../../src/adapters/web/history.ts';
import { renderMessage } from '../../../src/adapters/web/render.ts';
import { message, plain } from '../../../src/bot/present/lines.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fourstep-history-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function put(history: History, id: string, picture: string): Promise<void> {
  const { stored, ...shown } = renderMessage(
    message({
      lines: [[plain(id)]],
      picture: {
        name: 'a.png',
        contentType: 'image/png',
        data: new TextEncoder().encode(picture),
        alt: '',
        isSpoiler: false,
      },
    }),
  );
  await history.put({ id, atMs: 1, onlyFor: null, isThinking: false, ...shown }, stored);
}

const files = async () => (await readdir(join(folder, 'files'))).length;

it('a removed message leaves no picture, but for one that is shown elsewhere', async () => {
  const history = await History.open(folder, { messages: 10, bytes: 1e9 });
  await put(history, 'a', 'fox');
  await put(history, 'b', 'fox');
  await put(history, 'c', 'bear');
  expect(await files()).toBe(2);
  await history.remove('a');
  await history.remove('c');
  expect(await files()).toBe(1);
  await history.remove('b');
  expect(await files()).toBe(0);
});

it('a message that is shown anew, or pushed out by others, leaves no picture either', async () => {
  const history = await History.open(folder, { messages: 2, bytes: 1e9 });
  await put(history, 'a', 'fox');
  await put(history, 'a', 'bear');
  expect(await files()).toBe(1);
  await put(history, 'b', 'cat');
  await put(history, 'c', 'dog');
  expect(await files()).toBe(2);
});

it('remembers over a restart what was taken away, as many as it keeps messages, and not what others pushed out', async () => {
  const history = await History.open(folder, { messages: 2, bytes: 1e9 });
  for (const id of ['a', 'b', 'c', 'd', 'e']) {
    await put(history, id, id);
  }
  await history.remove('d');
  await history.remove('e');
  const next = await History.open(folder, { messages: 2, bytes: 1e9 });
  expect(['a', 'd', 'e'].map((id) => next.wasRemoved(id))).toEqual([false, true, true]);
  await put(next, 'f', 'f');
  await next.remove('f');
  expect(['d', 'e', 'f'].map((id) => next.wasRemoved(id))).toEqual([false, true, true]);
});

it('what a killed process left half written, or named by no message, is gone at the next start', async () => {
  const history = await History.open(folder, { messages: 10, bytes: 1e9 });
  await put(history, 'a', 'fox');
  await writeFile(join(folder, 'files', `${'0'.repeat(32)}.png`), 'an answer that was never saved');
  await writeFile(join(folder, 'files', `${'1'.repeat(32)}.png.x.part`), 'half');
  const next = await History.open(folder, { messages: 10, bytes: 1e9 });
  expect(await files()).toBe(1);
  expect(next.visibleTo('')).toHaveLength(1);
});

it('one picture in two answers at once is written whole', async () => {
  const history = await History.open(folder, { messages: 10, bytes: 1e9 });
  await Promise.all(['a', 'b', 'c', 'd'].map((id) => put(history, id, 'fox')));
  expect(await files()).toBe(1);
});

it('pushes the oldest messages out where their files weigh more than they may, and keeps the newest whatever it weighs', async () => {
  const limits = { messages: 10, bytes: 100 };
  const history = await History.open(folder, limits);
  await put(history, 'a', 'fox'.padEnd(40));
  await put(history, 'b', 'bear'.padEnd(40));
  await put(history, 'c', 'bear'.padEnd(40)); // the same picture weighs once
  expect([history.bytes, history.visibleTo('').map(({ id }) => id)]).toEqual([80, ['a', 'b', 'c']]);
  await put(history, 'd', 'owl'.padEnd(40));
  expect([history.bytes, history.visibleTo('').map(({ id }) => id), await files()]).toEqual([80, ['b', 'c', 'd'], 2]);
  await put(history, 'e', 'whale'.padEnd(400));
  expect([history.bytes, history.visibleTo('').map(({ id }) => id), await files()]).toEqual([400, ['e'], 1]);
  await history.remove('e');
  expect([history.bytes, await files()]).toEqual([0, 0]);
  await put(history, 'f', 'fox'.padEnd(60));
  await put(history, 'g', 'owl'.padEnd(40));
  await history.close();
  const next = await History.open(folder, { ...limits, bytes: 50 });
  expect([next.bytes, next.visibleTo('').map(({ id }) => id), await files()]).toEqual([40, ['g'], 1]);
});

it('forgets what a killed process was writing, though a message names its file', async () => {
  const history = await History.open(folder, { messages: 10, bytes: 1e9 });
  await put(history, 'a', 'fox');
  await history.close();
  const [name = ''] = await readdir(join(folder, 'files'));
  await writeFile(join(folder, 'files', `${name}.8f.part`), 'half');
  const next = await History.open(folder, { messages: 10, bytes: 1e9 });
  expect([next.bytes, await files()]).toEqual([3, 1]);
});
