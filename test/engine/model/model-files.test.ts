/** What is found on the disk for a model, by its headers alone. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openModelFiles, type OpenModelOptions } from '../../../src/engine/model/model-files.ts';
import { writeTensors } from '../../support/safetensors-file.ts';

let folder = '';
let options: OpenModelOptions;

/** By these three names a file is taken for a whole checkpoint. */
const NAMES = [
  'model.diffusion_model.input_blocks.0.0.weight',
  'first_stage_model.decoder.conv_in.weight',
  'cond_stage_model.transformer.text_model.embeddings.token_embedding.weight',
] as const;

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'fourstep-model-files-'));
  options = { cacheDir: path.join(folder, 'cache'), clipTokenizer: path.join(folder, 'clip'), hasOtherVae: false };
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function tokenizerOf(name: string): Promise<string | undefined> {
  const file = path.join(folder, name, 'model.safetensors');
  mkdirSync(path.dirname(file), { recursive: true });
  writeTensors(
    file,
    NAMES.map((tensor) => ({ name: tensor, shape: [1, 4, 1, 1], data: new Float32Array(4) })),
  );
  return (await openModelFiles(file, options)).text[0]?.tokenizer.folder;
}

describe('a single-file checkpoint', () => {
  it("is read with CLIP's tokenizer, because it carries none", async () => {
    expect(await tokenizerOf('alone')).toBe(options.clipTokenizer);
  });

  it('is read with the tokenizer beside it where there is one', async () => {
    const beside = path.join(folder, 'accompanied', 'tokenizer');
    mkdirSync(beside, { recursive: true });
    expect(await tokenizerOf('accompanied')).toBe(beside);
  });
});
