/** What `fourstep lora inspect` says of accelerators, with twins by header of published files. */
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { inspect } from '../../src/tools/lora-inspect.ts';
import { acceleratedModules, writeTwin, type Twin } from '../support/lora-twin.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'fourstep-inspect-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function linesOf(name: string, twin: Twin): Promise<readonly string[]> {
  const file = path.join(folder, name);
  await writeTwin(file, twin);
  const lines: string[] = [];
  await inspect(file, {}, (line) => lines.push(line));
  return lines;
}

describe('lora inspect', () => {
  it('says which accelerator it is and how that is stepped', async () => {
    const lines = await linesOf('Hyper-SD15-4steps-lora.safetensors', { modules: acceleratedModules('sd15') });
    expect(lines).toContain('accelerator  Hyper-SD, SD 1.5, 4 steps: DDIM trailing, guidance 1');
  });

  it('says a licence that forbids commercial use', async () => {
    const lines = await linesOf('dmd2_sdxl_4step_lora_fp16.safetensors', { modules: acceleratedModules('sdxl') });
    expect(lines).toContain('accelerator  DMD2, SDXL, 4 steps: LCM 999 749 499 249, guidance 1');
    expect(lines).toContain('licence   CC BY-NC: not for commercial use');
  });

  it('asks for the recipe of one that nothing tells apart', async () => {
    const lines = await linesOf('speed.safetensors', { modules: acceleratedModules('ssd1b') });
    expect(lines).toContain(
      'accelerator  LCM, VegaRT of SSD-1B: which of them is in neither name nor header; name its recipe with --recipe (lcm, vegart)',
    );
  });

  it('says nothing of the kind of an ordinary style', async () => {
    const lines = await linesOf('ink.safetensors', { modules: acceleratedModules('sd15').slice(0, 40), rank: 16 });
    expect(lines.some((line) => line.startsWith('accelerator'))).toBe(false);
  });
});
