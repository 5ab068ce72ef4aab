/**
 * The installed model drawing for a crowd, in its child process: pictures a second when all want one style and when
 * styles are mixed, and how the bot's own event loop fares meanwhile.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';

import { defaultRequest } from '../../core/default-request.ts';
import type { StyleUse } from '../../core/request.ts';
import type { Runner } from '../../core/work.ts';
import { lagOf, type Percentiles } from './simulation.ts';
import { openCatalog } from '../../start/open-engine.ts';
import { openLocalRunners } from '../../start/runners.ts';

export type EngineFigures = {
  readonly model: string;
  /** Pictures of each kind. */
  readonly jobs: number;
  readonly together: number;
  /** Pictures a second, one style after another and all in turns: the same pictures, so only the order differs. */
  readonly sameStyle: number;
  readonly mixedStyles: number;
  readonly loopLagMs: Percentiles;
};

const MODEL = 'moji';
/** Of each kind in a round; rounds alternate, so that what else the machine does falls on both. */
const JOBS_PER_ROUND = 32;
const ROUNDS = 4;
const DEVICE = 'cpu';
const MANIFEST = {
  id: MODEL,
  defaults: { steps: 4, guidance: 1, width: 128, height: 128, scheduler: 'lcm' },
} as const;

/** Undefined where the model or its styles are not installed. */
export async function measureEngine(dataFolder: string): Promise<EngineFigures | undefined> {
  const catalog = openCatalog(dataFolder);
  const model = (await catalog.models()).find(({ id }) => id === MODEL);
  const styles = model === undefined ? [] : await catalog.styles(model);
  if (model === undefined || styles.length === 0) {
    return undefined;
  }
  const loras: readonly StyleUse[] = styles.map(({ id, file, weight }) => ({ id, file, weight }));
  const { runner, slots, ready } = await openLocalRunners({ dataFolder }, [DEVICE], () => {});
  try {
    await ready();
    await draw(runner, loras, slots, loras.length); // opens every style once
    const lag = monitorEventLoopDelay({ resolution: 1 });
    lag.enable();
    const perStyle = Math.ceil(JOBS_PER_ROUND / loras.length);
    const jobs = ROUNDS * perStyle * loras.length;
    let sameStyleMs = 0;
    let mixedStylesMs = 0;
    for (let round = 0; round < ROUNDS; round++) {
      for (const lora of loras) {
        sameStyleMs += await draw(runner, [lora], slots, perStyle);
      }
      mixedStylesMs += await draw(runner, loras, slots, perStyle * loras.length);
    }
    lag.disable();
    return {
      model: MODEL,
      jobs,
      together: slots,
      sameStyle: (1000 * jobs) / sameStyleMs,
      mixedStyles: (1000 * jobs) / mixedStylesMs,
      loopLagMs: lagOf(lag),
    };
  } finally {
    await runner.close(1000);
  }
}

/** Milliseconds that so many take, some at once, styles in turn. */
async function draw(runner: Runner, loras: readonly StyleUse[], together: number, jobs: number): Promise<number> {
  const startMs = performance.now();
  let next = 0;
  const worker = async () => {
    for (let k = next++; k < jobs; k = next++) {
      const lora = loras[k % loras.length];
      const styles = lora === undefined ? [] : [lora];
      const request = defaultRequest(MANIFEST, 'a fox face on blue', { seed: k, styles });
      const work = { kind: 'imagine', id: `bench ${k}`, request, previewAfter: [] } as const;
      for await (const event of runner.run(work, new AbortController().signal)) {
        void event;
      }
    }
  };
  await Promise.all(Array.from({ length: together }, worker));
  return performance.now() - startMs;
}
