import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { requestOf } from '../../src/bot/wish.ts';
import { Embeddings } from '../../models/embeddings.ts';
import { MOJI } from '../support/manifests.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'fourstep-embeddings-'));
  writeFileSync(join(folder, 'cat.safetensors'), 'vectors');
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('words that were added', () => {
  it('are a model’s, once each, until they are removed', async () => {
    const embeddings = new Embeddings(join(folder, 'data'));
    expect(await embeddings.of('moji')).toEqual([]);
    await embeddings.add(join(folder, 'cat.safetensors'), { word: 'Cat-Toy', model: 'moji' });
    await embeddings.add(join(folder, 'cat.safetensors'), { word: 'cat-toy', model: 'sd15' });
    expect(await embeddings.of('moji')).toMatchObject([{ word: 'Cat-Toy' }]);
    const again = embeddings.add(join(folder, 'cat.safetensors'), { word: 'cat-toy', model: 'moji' });
    await expect(again).rejects.toMatchObject({ code: 'embedding.taken' });
    await embeddings.remove('cat-toy', 'moji');
    expect(await embeddings.of('moji')).toEqual([]);
    await expect(embeddings.remove('cat-toy', 'moji')).rejects.toMatchObject({ code: 'embedding.unknown' });
  });

  it('go into a request that names them, in what is wanted or kept out', () => {
    const embeddings = ['cat-toy', 'easynegative', 'other'].map((word) => ({ word, file: `/${word}` }));
    const wish = { prompt: 'a (Cat-Toy:1.2)', negative: 'embedding:easynegative', seed: 1 };
    expect(requestOf(wish, { manifest: MOJI, embeddings })).toMatchObject({
      promptGrammar: 'weighted',
      embeddings: [{ word: 'cat-toy' }, { word: 'easynegative' }],
    });
  });

  it('are meant by numbered tokens where a model has one word alone', () => {
    const [one, two] = ['ring', 'bell'].map((word) => ({ word, file: `/${word}` }));
    const wish = { prompt: 'a photo of <s0><s1>', seed: 1 };
    expect(requestOf(wish, { manifest: MOJI, embeddings: [one!] }).embeddings).toMatchObject([{ word: 'ring' }]);
    expect(requestOf(wish, { manifest: MOJI, embeddings: [one!, two!] }).embeddings).toEqual([]);
  });
});
