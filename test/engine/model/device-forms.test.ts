/** What is asked of a device, and what is remembered of its answers; a software driver answers in webgpu/webgpu.test.ts. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { chooseForms, describeForms, untriedForms } from '../../../src/engine/model/device-forms.ts';
import { tryOut } from '../../../src/engine/model/device-trials.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'fourstep-forms-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('the trials of a device', () => {
  it.each(['opens', 'half', 'fused', 'fusedHalf'] as const)('are passed by a processor: %s', async (name) => {
    expect(await tryOut(name, { kind: 'cpu' })).toMatchObject({ passed: true });
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
    expect(describeForms({ numberType: 'f16', attention: 'fused', layout: 'NCHW' })).toBe(
      'fp16, fused attention, channels first',
    );
    expect(describeForms(untriedForms('webgpu'))).toBe('fp32, decomposed attention, channels first');
  });
});
