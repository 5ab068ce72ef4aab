/** What is asked of a device, and what is remembered of its answers; a software driver answers in webgpu/webgpu.test.ts. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import {
  chooseForms,
  chooseLearningType,
  describeForms,
  untriedForms,
} from '../../../src/engine/model/device-forms.ts';
import { graphOf, TRIALS, tryOut } from '../../../src/engine/model/device-trials.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'fourstep-forms-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));
import { tryLearning } from '../../../src/engine/model/learning-trial.ts';
import { given, relativeL2, runGraph } from '../../support/net-case.ts';
import { speltOut } from '../../support/spelt-out.ts';

describe('the trials of a device', () => {
  it.each(['opens', 'half', 'fused', 'fusedHalf'] as const)('are passed by a processor: %s', async (name) => {
    expect(await tryOut(name, { kind: 'cpu' })).toMatchObject({ passed: true });
  });

  it('are failed by a processor where it has no kernels', async () => {
    expect(await tryOut('lastGraph', { kind: 'cpu' })).toMatchObject({ passed: false });
  });

  it('of operators that a processor lacks have the answer that these operators are documented to give', async () => {
    const { define, reference } = TRIALS.lastGraph;
    const theirs = speltOut(graphOf('theirs', define));
    const feeds = Object.fromEntries(theirs.inputs.map(({ name, shape }) => [name, given(name, ...shape.map(Number))]));
    const [spelt, wanted] = [await runGraph(theirs, feeds), await runGraph(graphOf('ours', reference), feeds)];
    expect(Object.keys(spelt)).toHaveLength(10);
    for (const [name, { data, shape }] of Object.entries(wanted)) {
      expect(spelt[name]?.shape).toEqual(shape);
      expect(relativeL2(spelt[name]?.data ?? new Float32Array(), data)).toBeLessThan(1e-5);
    }
  });
});

describe('learning in halves', () => {
  const clock = (msOfCalls: readonly number[]) => {
    let [reads, now] = [0, 0];
    // Read before a call and after it: four calls in fp32, four in halves.
    return () => {
      now += reads % 2 === 1 ? msOfCalls[reads >> 3]! : 0;
      reads += 1;
      return now;
    };
  };

  it.each([
    [[11, 10], true],
    [[10, 10], false],
    [[10, 30], false],
  ] as const)('is chosen where a step is a tenth faster: %j ms', async (ms, passed) => {
    const result = await tryLearning({ kind: 'cpu' }, clock(ms), { channels: 32, side: 8 });
    expect(result).toMatchObject({ passed });
    expect(result.detail).toMatch(/^[\d.]+ times as fast as fp32, [\d.]+e-[3-9] from its gradients$/u);
  });

  it('is not asked of a processor', async () => {
    expect(await chooseLearningType({ kind: 'cpu' }, folder, () => Number.NaN)).toBe('f32');
  });
});

describe('the forms of a device', () => {
  it('are those of a processor without a trial', async () => {
    expect(await chooseForms({ kind: 'cpu' }, folder)).toEqual(untriedForms('cpu'));
  });

  it('are refused where the machine lacks it', async () => {
    await expect(chooseForms({ kind: 'dml', deviceId: 0 }, folder)).rejects.toMatchObject({ code: 'device.missing' });
  });

  it('are told to the operator in words', () => {
    expect(describeForms({ numberType: 'f16', attention: 'fused', layout: 'NCHW', channels: 'first' })).toBe(
      'fp16, fused attention, channels first',
    );
    expect(describeForms(untriedForms('webgpu'))).toBe('fp32, decomposed attention, channels first');
  });
});
