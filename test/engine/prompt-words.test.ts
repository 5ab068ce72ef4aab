/** What is said of a prompt's words when a request is drawn, and when it is not said. */
import { describe, expect, it } from 'vitest';

import { readPromptWords, type WordReader } from '../../src/engine/prompt-words.ts';
import { parseManifest } from '../../src/engine/model/manifest-file.ts';
import { parseWordTable } from '../../src/engine/words/word-table.ts';

const table = parseWordTable(
  JSON.stringify({
    version: 1,
    things: 'dog\nviolin',
    words: 'blue',
    near: { cello: 'violin' },
    silent: 'a\nand\non',
    languages: {},
  }),
  'words.json',
);
const manifest = parseManifest(
  JSON.stringify({
    id: 'tiny',
    name: 'Tiny',
    base: 'moji',
    words: 'words.json',
    defaults: { width: 128, height: 128, steps: 4, guidance: 1, scheduler: 'lcm' },
    sizes: [128],
    styles: [{ id: 'ink', name: 'Ink', file: 'ink.safetensors', weight: 1 }],
  }),
  'fourstep.json',
);
const model: WordReader = { manifest, words: () => Promise.resolve(table) };
const asked = (prompt: string, more: object = {}) => ({
  prompt,
  negative: 'a cello',
  styles: [],
  embeddings: [],
  ...more,
});

describe('words of a request', () => {
  it('are told by the model’s name, what is drawn instead and what cannot be drawn', async () => {
    const words = await readPromptWords(model, asked('a cello and a tesla'));
    expect(words).toMatchObject({ prompt: 'a violin and a tesla', negative: 'a violin' });
    expect(words.notices).toEqual([
      expect.objectContaining({ code: 'prompt.near', sentence: 'Tiny does not know "cello"; it drew "violin".' }),
      expect.objectContaining({ code: 'prompt.unknown', sentence: 'Tiny does not know "tesla" and cannot draw it.' }),
    ]);
  });

  it('are told at most three times', async () => {
    expect((await readPromptWords(model, asked('qwert, asdf, yxcv, uiop'))).notices).toHaveLength(3);
  });

  it('of a server’s style or an embedding may be its own: only what is drawn for another is told', async () => {
    const style = { id: 'papercut', file: '/s/papercut.safetensors', weight: 1 };
    const { notices } = await readPromptWords(model, asked('papercut, a cello', { styles: [style] }));
    expect(notices.map((notice) => 'code' in notice && notice.code)).toEqual(['prompt.near']);
    expect((await readPromptWords(model, asked('a zorx', { styles: [{ ...style, id: 'ink' }] }))).notices).toHaveLength(
      1,
    );
    expect(
      (await readPromptWords(model, asked('a zorx', { embeddings: [{ word: 'zorx', file: '/e' }] }))).notices,
    ).toEqual([]);
  });

  it('are left alone where the model has no table', async () => {
    const plain: WordReader = { manifest: undefined, words: () => undefined };
    expect(await readPromptWords(plain, asked('a cello'))).toEqual({
      prompt: 'a cello',
      negative: 'a cello',
      notices: [],
    });
  });
});
