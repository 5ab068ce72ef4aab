/**
 * `fourstep bench runner`: what queue and runner cost and how fairly they serve. Fairness and latency of crowds come
 * from the simulator (exact, in simulated time); the overhead of a job and the throughput come from the real queue and
 * a real child process without an engine; the rest draws with the installed model.
 */
import { readFile } from 'node:fs/promises';

import { UserError } from '../../core/errors.ts';
import { simulate } from './simulation.ts';
import { callMs, CPU_CURVE, GPU_CURVE, curveSchema, type BatchCurve } from './device.ts';
import { measureEngine } from './engine.ts';
import { measureOverhead } from './overhead.ts';
import { printReport } from './print.ts';
import type { CrowdFigures, Report } from './report.ts';

export type BenchRunnerOptions = {
  /** Jobs a scenario. */
  readonly jobs: number;
  readonly json?: boolean;
  /** A measured batch curve as JSON: `{ name, source, stepMs: { "1": ms, "4": ms, … } }`. */
  readonly curve?: string;
  /** Draws with the engine too, from this data folder; undefined: leaves that out. */
  readonly dataFolder?: string;
};

type Io = { readonly print: (line: string) => void; readonly warn: (line: string) => void };

const CPU_SLOTS = 4;
const STEPS = 4;
/** Jobs for each server that a comparison of whole jobs needs at least. */
const JOBS_PER_SERVER = 12;

export async function run(options: BenchRunnerOptions, { print }: Io): Promise<void> {
  const report = await benchRunner(options);
  if (options.json === true) {
    print(JSON.stringify(report));
  } else {
    printReport(report).forEach(print);
  }
}

export async function benchRunner({ jobs, curve, dataFolder }: BenchRunnerOptions): Promise<Report> {
  const gpu = curve === undefined ? GPU_CURVE : await readCurve(curve);
  const rows = Math.max(...Object.keys(gpu.stepMs).map(Number)); // no further than somebody measured
  const devices = [
    { device: CPU_CURVE, slots: CPU_SLOTS, maxRows: 1 },
    { device: gpu, slots: rows, maxRows: rows },
  ];
  const crowds = devices.flatMap((device) =>
    [1, 10, 1000].flatMap((servers) =>
      (['equal', 'skewed'] as const).map((load) => crowd({ ...device, servers, load, jobs })),
    ),
  );
  return {
    jobs,
    crowds,
    overhead: await measureOverhead(jobs),
    engine: dataFolder === undefined ? undefined : await measureEngine(dataFolder),
  };
}

function crowd(scene: {
  device: BatchCurve;
  slots: number;
  maxRows: number;
  servers: number;
  load: 'equal' | 'skewed';
  jobs: number;
}): CrowdFigures {
  const { device, slots, maxRows, servers, load, jobs } = scene;
  const options = {
    servers,
    load,
    jobs: Math.max(jobs, JOBS_PER_SERVER * servers),
    usersPerServer: 3,
    pressure: 1.5,
    steps: STEPS,
    // One row a call: works take turns, and a round of all of them is as many calls.
    stepMs: (together: number) => (maxRows === 1 ? together * callMs(device, 1) : callMs(device, together)),
    slots,
    seed: 1,
  } as const;
  return {
    device,
    slots,
    servers,
    load,
    fair: simulate(options),
    firstCome: simulate({ ...options, order: 'first-come' }),
  };
}

async function readCurve(file: string): Promise<BatchCurve> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new UserError('bench.curve', `Expected a batch curve at ${file}, but it cannot be read. Check the path.`, {
      cause,
    });
  });
  const parsed = curveSchema.safeParse(jsonOrNothing(text));
  if (!parsed.success) {
    throw new UserError(
      'bench.curve',
      `Expected { "name": …, "source": …, "stepMs": { "1": ms, "4": ms } } in ${file}, got something else. Correct the file.`,
    );
  }
  return parsed.data;
}

function jsonOrNothing(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
