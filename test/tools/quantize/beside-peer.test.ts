/** Pictures beside a peer that speaks as peer.py does, and is off by what is known. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { drawBesidePeer } from '../../../src/tools/quantize/beside-peer.ts';
import type { WatchedModel } from '../../../src/tools/quantize/watched-model.ts';
import { buildUNet, loweringFor, NO_WEIGHTS, parseUNetConfig } from '../../../src/engine/nets/index.ts';
import { floats, goldenConfig, randomSource } from '../../support/net-case.ts';
import { requestOf } from '../../support/work.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'fourstep-beside-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Answers with the sample, in bf16 1 % larger and in 8 bits 10 %; it wants the weights to be there. */
const PEER = `#!${process.execPath}
const { readFileSync } = require('node:fs');
if (readFileSync(process.argv[4]).length < 1000) throw new Error('no weights');
let rest = Buffer.alloc(0);
process.stdin.on('data', (more) => {
  rest = Buffer.concat([rest, more]);
  for (;;) {
    const end = rest.indexOf('\\n');
    if (end === -1) return;
    const { form, inputs } = JSON.parse(rest.subarray(0, end).toString());
    const sizes = Object.values(inputs).map((shape) => 4 * shape.reduce((a, b) => a * b, 1));
    const all = sizes.reduce((a, b) => a + b, 0);
    if (rest.length < end + 1 + all) return;
    const bytes = Uint8Array.from(rest.subarray(end + 1, end + 1 + sizes[0]));
    rest = rest.subarray(end + 1 + all);
    const by = { fp32: 1, bf16: 1.01, int8: 1.1 }[form];
    const answer = Buffer.from(new Float32Array(bytes.buffer).map((value) => by * value).buffer);
    // In two parts, as pipes will.
    process.stdout.write(answer.length + '\\n' + '');
    process.stdout.write(answer.subarray(0, 3));
    setTimeout(() => process.stdout.write(answer.subarray(3)), 5);
  }
});
`;

function python(text: string): string {
  const file = path.join(folder, 'python');
  writeFileSync(file, text);
  chmodSync(file, 0o755);
  return file;
}

function model(): WatchedModel {
  const config = parseUNetConfig(goldenConfig('sd15', 'unet'), 'test');
  const lowering = loweringFor({ provider: 'cpu' });
  const weights = randomSource(folder, 'unet', buildUNet(config, NO_WEIGHTS, { lowering }));
  return {
    config,
    weights,
    // The call's answer is the picture; the engine's own is 100 everywhere, as the sample is.
    draw: async (_, hands) => {
      const sample = floats(Array.from({ length: 48 }, () => 100));
      const feeds = { sample: { data: sample.data, shape: [1, 3, 4, 4] }, timestep: floats([999]) };
      const { out_sample: output } = await hands(feeds, async () => ({ out_sample: sample }));
      return { width: 4, height: 4, data: Uint8Array.from(output?.data ?? []) };
    },
  };
}

const comparison = () => ({
  model: model(),
  requests: ['a fox', 'two cats'].map((prompt, seed) => requestOf({ prompt, seed })),
  calls: [{ sample: { data: new Float32Array(48).fill(2), shape: [1, 3, 4, 4] }, timestep: floats([259]) }],
  config: path.join(folder, 'config.json'),
});

describe('pictures beside a peer', () => {
  it('are drawn with its answers in the place of ours, and each form is compared with its own fp32', async () => {
    const said: string[] = [];
    const report = await drawBesidePeer({ ...comparison(), python: python(PEER), say: (line) => said.push(line) });
    expect(report.fp32).toMatchObject({ median: Number.POSITIVE_INFINITY, turned: 0 });
    expect(report.bf16.psnr.median).toBeCloseTo(20 * Math.log10(255 / 1), 6);
    expect(report.bf16.difference).toBeCloseTo(0.01, 5);
    expect(report.int8.psnr).toMatchObject({ turned: 2 });
    expect(report.int8.psnr.lowest[0]?.psnr).toBeCloseTo(20 * Math.log10(255 / 10), 6);
    expect(report.int8.difference).toBeCloseTo(0.1, 5);
    expect(said.at(-1)).toContain('int8');
  });

  it('are left out with a sentence where the Python cannot, and its own last words', async () => {
    const failing = python('#!/bin/sh\necho "No module named openvino" >&2\nexit 1\n');
    await expect(drawBesidePeer({ ...comparison(), python: failing, say: () => {} })).rejects.toMatchObject({
      code: 'quantize.python',
      message: expect.stringContaining('No module named openvino') as string,
    });
    const absent = drawBesidePeer({ ...comparison(), python: path.join(folder, 'none'), say: () => {} });
    await expect(absent).rejects.toMatchObject({ code: 'quantize.python' });
  });
});
