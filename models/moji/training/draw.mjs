/**
 * The planned pictures through this repository's engine: node draw.mjs WORK [MODEL] [ROW...]
 *
 * Reads WORK/jobs.jsonl, writes PNG files to WORK/drawn/ and the engine's own times to times.jsonl there. Needs
 * `npm run build` first. Files that are there already are not drawn again. ROW: only jobs whose row contains one of these.
 * DRAW_THREADS, DRAW_PRECISION (fp32, int8): of the engine.
 */
import { appendFile, mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';

process.env.ORT_DISABLE_TELEMETRY = '1';
const { createEngineRunner } = await import('../../../dist/src/engine/index.js');
const { defaultRequest } = await import('../../../dist/src/core/default-request.js');
const { decodePicture, encodePng } = await import('../../../dist/src/image/index.js');

const [work = 'work', model = path.resolve(import.meta.dirname, '..'), ...rows] = process.argv.slice(2);
const out = path.resolve(work, 'drawn');
await mkdir(out, { recursive: true });
const drawn = new Set(await readdir(out));
const jobs = (await readFile(path.join(work, 'jobs.jsonl'), 'utf8'))
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line))
  .filter((job) => !drawn.has(job.path) && (rows.length === 0 || rows.some((row) => job.row.includes(row))));

const runner = createEngineRunner({
  threads: Number(process.env.DRAW_THREADS ?? os.availableParallelism()),
  locateModel: () => Promise.resolve({ source: path.resolve(model) }),
  readPicture: decodePicture,
  cacheDir: path.join(os.tmpdir(), 'fourstep-draw-cache'),
});

/**
 * An accelerator is merged at its full weight, as people use it; without one the base draws. Those that the model has go by
 * their ids, others by their files.
 */
function requestOf(job) {
  const file = job.styleFile ?? path.resolve(model, 'styles', `${job.style}.safetensors`);
  const styles = job.style === null ? [] : [{ id: job.style, file, weight: job.styleWeight }];
  return defaultRequest({ id: path.resolve(model), defaults: { width: 128, height: 128, steps: job.steps, guidance: job.guidance, scheduler: job.scheduler } }, job.prompt, {
    accelerator: acceleratorOf(job),
    styles,
    seed: job.seed,
    precision: process.env.DRAW_PRECISION ?? 'fp32',
  });
}

function acceleratorOf({ accelerator, acceleratorFile }) {
  if (acceleratorFile !== undefined) {
    return { kind: 'file', file: acceleratorFile };
  }
  return accelerator === null ? { kind: 'none' } : { kind: 'model', id: accelerator };
}

let count = 0;
for (const job of jobs) {
  const work = { kind: 'imagine', id: job.path, request: requestOf(job), previewAfter: [] };
  for await (const event of runner.run(work, new AbortController().signal)) {
    if (event.kind === 'picture') {
      const png = await encodePng(event.picture);
      await writeFile(path.join(out, job.path), png.data);
      await appendFile(path.join(out, 'times.jsonl'), `${JSON.stringify({ row: job.row, path: job.path, ms: event.ms })}\n`);
    }
  }
  count += 1;
  if (count % 100 === 0) {
    process.stdout.write(`draw: ${count}/${jobs.length} ${job.row}\n`);
  }
}
await runner.close(1000);
