/** What is asked of a device, and what is remembered of its answers; a software driver answers in webgpu/webgpu.test.ts. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { chooseForms, describeForms, untriedForms } from '../../../src/engine/model/device-forms.ts';
import { graphOf, TRIALS, tryOut } from '../../../src/engine/model/device-trials.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'fourstep-forms-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));
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
