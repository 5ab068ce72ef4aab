/**
 * What a job costs besides drawing: through the real queue into a real child process whose device takes no time. Jobs
 * are started by the clock, not one after another, so that a slow one does not hide the wait of the next.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';

import type { Ticket } from '../../core/admission.ts';
import { defaultRequest } from '../../core/default-request.ts';
import type { Runner } from '../../core/work.ts';
import { FairAdmission } from '../../queue/admission.ts';
import { lagOf, percentilesOf, type Percentiles } from './simulation.ts';
import { ProcessRunner } from '../../runner/process-runner.ts';
import { siblingModule } from '../../runner/sibling-module.ts';
import { NO_DEVICE } from './device.ts';

export type OverheadFigures = {
  readonly jobsPerSecond: number;
  /** From joining the queue to the last event. */
  readonly latencyMs: Percentiles;
  /** Of this process meanwhile, beyond what its own sampling takes. */
  readonly loopLagMs: Percentiles;
  /** As fast as they go, by number of servers. */
  readonly throughput: readonly { readonly servers: number; readonly jobsPerSecond: number }[];
};

const RATE = 100;
const SLOTS = 16;
const LIMITS = { perUser: Number.POSITIVE_INFINITY, perServer: Number.POSITIVE_INFINITY };
const SIDE_PX = 128;

export async function measureOverhead(jobs: number): Promise<OverheadFigures> {
  const runner = new ProcessRunner({
    device: 'none',
    factory: siblingModule('device', import.meta.url),
    factoryOptions: { curve: NO_DEVICE, maxRows: SLOTS },
    maxActive: SLOTS,
  });
  try {
    await runner.ready();
    const bench = new Bench(runner);
    await bench.atRate(RATE, RATE); // warm up: a second of it
    const lag = monitorEventLoopDelay({ resolution: 1 });
    lag.enable();
    const latencies = await bench.atRate(RATE, jobs);
    lag.disable();
    const throughput = [];
    for (const servers of [1, 10, 1000]) {
      throughput.push({ servers, jobsPerSecond: await bench.throughput(servers, jobs) });
    }
    return {
      jobsPerSecond: RATE,
      latencyMs: percentilesOf(latencies),
      loopLagMs: lagOf(lag),
      throughput,
    };
  } finally {
    await runner.close(1000);
  }
}

class Bench {
  readonly #admission = new FairAdmission({ slots: SLOTS });
  readonly #runner: Runner;
  #count = 0;

  constructor(runner: Runner) {
    this.#runner = runner;
  }

  /** Milliseconds of each job. */
  async atRate(perSecond: number, jobs: number): Promise<readonly number[]> {
    const startMs = performance.now();
    const latencies: Promise<number>[] = [];
    while (latencies.length < jobs) {
      const dueMs = startMs + (1000 * latencies.length) / perSecond;
      const waitMs = dueMs - performance.now();
      if (waitMs > 0) {
        await new Promise((resolve) => setTimeout(resolve, waitMs));
      }
      latencies.push(this.#job(10));
    }
    return Promise.all(latencies);
  }

  /** Jobs a second when all are there at once. */
  async throughput(servers: number, jobs: number): Promise<number> {
    const startMs = performance.now();
    await Promise.all(Array.from({ length: jobs }, () => this.#job(servers)));
    return (1000 * jobs) / (performance.now() - startMs);
  }

  async #job(servers: number): Promise<number> {
    const id = `${this.#count++}`;
    const server = `web:${this.#count % servers}` as const;
    const ticket: Ticket = { id, server, user: `${server}-1`, costMs: 10, priority: 'job' };
    const startMs = performance.now();
    let pictures = 0;
    await this.#admission.add(ticket, LIMITS, async (signal) => {
      for await (const event of this.#runner.run({ kind: 'imagine', id, request: REQUEST, previewAfter: [] }, signal)) {
        pictures += Number(event.kind === 'picture');
      }
    });
    if (pictures !== 1) {
      throw new Error(`expected one picture of job ${id}, got ${pictures}`);
    }
    return performance.now() - startMs;
  }
}

const REQUEST = defaultRequest(
  { id: 'none', defaults: { steps: 4, guidance: 1, width: SIDE_PX, height: SIDE_PX, scheduler: 'lcm' } },
  'nothing',
  { accelerator: { kind: 'none' }, seed: 1 },
);
