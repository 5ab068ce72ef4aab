/** What `fourstep doctor` says of the devices that are listed: each is opened in a child, as the bot would. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';

import { parseConfig } from '../../config/load.ts';
import { listProviders } from '../../src/engine/ort/index.ts';
import { doctor } from '../../src/tools/doctor.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'fourstep-doctor-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('opens every device that is listed, and says of one that is not there how to get it', async () => {
  const present = await listProviders();
  const missing = (['dml', 'coreml'] as const).find((provider) => !present.includes(provider));
  const config = parseConfig({ FOURSTEP_DATA: 'data', RUNNERS: `cpu,${missing}` }, folder);
  const lines: string[] = [];
  await expect(doctor(config, {}, (line) => lines.push(line))).rejects.toMatchObject({
    code: 'doctor.bad',
    message: expect.stringContaining('device'),
  });
  const [processor, other] = lines.filter((line) => line.includes(' device '));
  expect(processor).toMatch(/^ok +device +cpu: fp32, fused attention/);
  expect(other).toMatch(new RegExp(`^BAD +device +${missing}: Expected a device of this machine .* it needs `));
}, 120_000);
