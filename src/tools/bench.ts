/**
 * `fourstep bench`: the configured model on this machine, warm: how long four steps and a decoding take, and the first
 * picture of a fresh engine.
 */
import type { Config } from '../../config/load.ts';
import type { Print } from '../adapters/cli/actions.ts';
import type { PictureMs } from '../core/work.ts';
import { requestFrom } from '../start/command-line.ts';
import { openCatalog, openEngine } from '../start/open-engine.ts';

const ROUNDS = 20;

export async function bench(config: Config, { json }: { readonly json?: boolean }, print: Print): Promise<void> {
  const startedAt = performance.now();
  const request = await requestFrom(config, openCatalog(config.dataFolder), 'a fox face on blue', {
    negative: '',
    count: 1,
    seed: 7,
  });
  const runner = await openEngine({ device: 'cpu', dataFolder: config.dataFolder, startup: 'throughput' });
  const rounds: PictureMs[] = [];
  let firstMs = 0;
  try {
    for (let round = 0; round <= ROUNDS; round += 1) {
      for await (const event of runner.run(
        { kind: 'imagine', id: `bench-${round}`, request: { ...request, seed: round }, previewAfter: [] },
        new AbortController().signal,
      )) {
        if (event.kind === 'picture') {
          rounds.push(event.ms);
        }
      }
      firstMs ||= performance.now() - startedAt;
    }
  } finally {
    await runner.close(0);
  }
  const warm = rounds.slice(1);
  const figures = {
    model: request.model,
    size: `${request.width}x${request.height}`,
    steps: request.steps,
    firstMs,
    denoiseMs: median(warm.map((ms) => ms.denoise)),
    decodeMs: median(warm.map((ms) => ms.decode)),
    totalMs: median(warm.map((ms) => ms.total)),
    bestTotalMs: Math.min(...warm.map((ms) => ms.total)),
  };
  print(
    json === true
      ? JSON.stringify(figures)
      : `${figures.model} ${figures.size}, ${figures.steps} steps: ${figures.totalMs.toFixed(1)} ms warm (best ${figures.bestTotalMs.toFixed(1)}; denoise ${figures.denoiseMs.toFixed(1)}, decode ${figures.decodeMs.toFixed(1)}), first picture after ${figures.firstMs.toFixed(0)} ms`,
  );
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
