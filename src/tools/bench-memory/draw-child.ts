/**
 * The program of one measurement: draws one picture of four steps and says the peak of its own resident memory, mapped files
 * included, before it, after its last step and after its decoding. Its argument: a `Drawing` as JSON.
 */
import { join } from 'node:path';

import { modelsFolder } from '../../../config/paths.ts';
import { defaultRequest } from '../../core/default-request.ts';
import { createEngineRunner } from '../../engine/index.ts';
import { drawing } from './drawing.ts';

const KB_PER_GB = 1e9 / 1024;

const peakGb = (): number => process.resourceUsage().maxRSS / KB_PER_GB;
const noPicture = (): Promise<never> => Promise.reject(new Error('no picture starts from another here'));

const { model, tinyVae, cacheDir, side, precision, decoder, startup } = drawing.parse(
  JSON.parse(process.argv[2] ?? ''),
);
const before = peakGb();
const runner = createEngineRunner({
  locateModel: async () => ({ source: model, tinyVae }),
  readPicture: noPicture,
  readMask: noPicture,
  cacheDir,
  clipTokenizer: join(modelsFolder, 'clip'),
  startup,
});
const defaults = { width: side, height: side, steps: 4, guidance: 1, scheduler: 'lcm' } as const;
const wishes = { accelerator: { kind: 'none' }, precision, decoder } as const;
const request = { ...defaultRequest({ id: 'bench', defaults }, 'a fox in the snow', {}), ...wishes };
let denoised = before;
for await (const event of runner.run(
  { kind: 'imagine', id: 'bench', request, previewAfter: [] },
  new AbortController().signal,
)) {
  denoised = event.kind === 'picture' ? denoised : peakGb();
}
await runner.close(0);
process.stdout.write(`${JSON.stringify({ before, denoised, drawn: peakGb() })}\n`);
