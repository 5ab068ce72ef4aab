/** What pictures are decoded by where a request does not say. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';

import { usualDecoder } from '../../src/start/usual-decoder.ts';

const source = mkdtempSync(path.join(tmpdir(), 'fourstep-decoder-'));
const beside = path.join(source, 'with');
mkdirSync(path.join(beside, 'taesd'), { recursive: true });
afterAll(() => rmSync(source, { recursive: true, force: true }));

it.each([
  ['the full one', undefined, { source }, {}, 'full'],
  ['as the model says', undefined, { source }, { decoder: 'tiny' }, 'tiny'],
  ['as the operator says', 'full', { source }, { decoder: 'tiny' }, 'full'],
  ['tiny where the operator added one', 'tiny', { source, tinyVae: '/taesd' }, {}, 'tiny'],
  ['tiny where the model brings one', 'tiny', { source }, { tinyVae: 'taesd' }, 'tiny'],
  ['tiny where one lies beside it', 'tiny', { source: beside }, {}, 'tiny'],
  ['full where the model has none', 'tiny', { source }, {}, 'full'],
] as const)('is %s', async (_, decoder, model, manifest, expected) => {
  expect(await usualDecoder({ decoder }, model, manifest)).toBe(expected);
});
