/** The two hundreds of natural prompts that moji is judged by: what is said of each agrees with itself. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';
import { z } from 'zod';

import { packageFolder } from '../../config/paths.ts';

const asks = z.array(
  z.strictObject({
    prompt: z.string(),
    covered: z.enum(['full', 'partly', 'not']),
    missing: z.array(z.string()),
    things: z.array(z.string()),
    scene: z.string().nullable(),
    colour: z.string().nullable(),
    count: z.number().nullable(),
    relation: z.array(z.string()),
    style: z.string().nullable(),
  }),
);

async function readAsks(name: string) {
  return asks.parse(JSON.parse(await readFile(join(packageFolder, 'models/moji/training', name), 'utf8')));
}
const dev = await readAsks('prompts-dev.json');
const test = await readAsks('prompts-test.json');

describe('the natural prompts', () => {
  it('are two hundreds, none asked twice', () => {
    expect([dev.length, test.length]).toEqual([100, 100]);
    expect(new Set([...dev, ...test].map(({ prompt }) => prompt)).size).toBe(200);
  });

  it.each([
    ['prompts-dev.json', dev],
    ['prompts-test.json', test],
  ])('of %s say what must be seen, and miss words of their own alone', (_, listed) => {
    expect(listed.filter(({ things, scene }) => things.length === 0 && scene === null)).toEqual([]);
    expect(listed.filter(({ prompt, missing }) => missing.some((word) => !prompt.includes(word)))).toEqual([]);
    expect(
      listed.filter(({ covered, missing }) => covered !== 'partly' && (covered === 'not') === (missing.length === 0)),
    ).toEqual([]);
  });
});
