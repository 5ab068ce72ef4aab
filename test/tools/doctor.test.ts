/** What `fourstep doctor` says of the devices that are listed: each is opened in a child, as the bot would. */
import { mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, expect, it, vi } from 'vitest';

import { parseConfig } from '../../config/load.ts';
import { listProviders } from '../../src/engine/ort/index.ts';
import { doctor } from '../../src/tools/doctor.ts';
import { noSoftwareVulkan, SOFTWARE_VULKAN } from '../support/software-vulkan.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'fourstep-doctor-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterEach(() => vi.unstubAllEnvs());

async function linesOf(runners: string): Promise<readonly string[]> {
  const lines: string[] = [];
  const config = parseConfig({ FOURSTEP_DATA: 'data', RUNNERS: runners }, folder);
  await doctor(config, {}, (line) => lines.push(line)).catch((error: unknown) => lines.push(String(error)));
  return lines;
}

it('opens every device that is listed, and says of one that is not there how to get it', async () => {
  const present = await listProviders();
  const missing = (['dml', 'coreml'] as const).find((provider) => !present.includes(provider));
  const lines = await linesOf(`cpu,${missing}`);
  expect(lines.at(-1)).toMatch(/^UserError: The bot cannot start as it is: device\./);
  const [processor, other] = lines.filter((line) => line.startsWith('ok   device') || line.startsWith('BAD  device'));
  expect(processor).toMatch(/^ok +device +cpu: fp32, fused attention/);
  expect(other).toMatch(new RegExp(`^BAD +device +${missing}: Expected a device of this machine .* it needs `));
}, 120_000);

it.skipIf(noSoftwareVulkan !== undefined)(
  'tries a device once for each driver, and opens it every time',
  async () => {
    const [driver, found] = [path.join(folder, 'driver.json'), path.join(folder, 'data/cache/device-webgpu.json')];
    Object.entries(SOFTWARE_VULKAN).forEach(([name, value]) => vi.stubEnv(name, value));
    vi.stubEnv('VK_DRIVER_FILES', driver);
    const library = path.join(path.dirname(SOFTWARE_VULKAN.VK_DRIVER_FILES), 'libvk_swiftshader.so');
    const install = (file: string, second: number): void => {
      writeFileSync(
        driver,
        JSON.stringify({ file_format_version: '1.0.0', ICD: { library_path: file, api_version: '1.0.5' } }),
      );
      utimesSync(driver, second, second);
    };
    const said = async (): Promise<string> => (await linesOf('webgpu')).find((line) => line.includes('device')) ?? '';

    const kept = (): { readonly results: object } => JSON.parse(readFileSync(found, 'utf8'));

    install(library, 1);
    expect(await said()).toMatch(/^ok +device +webgpu: fp32, decomposed attention/);
    const changed = { ...kept(), results: { ...kept().results, fused: { passed: true, detail: '' } } };
    writeFileSync(found, JSON.stringify(changed));
    expect(await said()).toMatch(/^ok +device +webgpu: fp32, fused attention/); // as it was remembered
    // As large and as old as before, but it cannot be loaded.
    install(library.replace('libvk', 'libno'), 1);
    expect(await said()).toMatch(
      /^BAD +device +webgpu: Expected webgpu to open the model, it did not .*check the driver/,
    );
    expect(kept()).toEqual(changed);
    install(library.replace('libvk', 'libno'), 2);
    await said();
    expect(kept().results).toEqual({});
  },
  240_000,
);
