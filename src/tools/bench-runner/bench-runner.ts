/**
 * `fourstep bench runner`: what queue and runner cost and how fairly they serve. Fairness and latency of crowds come
 * from the simulator (exact, in simulated time); the overhead of a job and the throughput come from the real queue and
 * a real child process without an engine; the rest draws with the installed model.
 */
import { readFile } from 'node:fs/promises';

import { jsonOf } from '../../core/parsed.ts';
import { UserError } from '../../core/errors.ts';
import { simulate } from './simulation.ts';
import { batchCurve, callMs, type BatchCurve } from '../../engine/batch-curve.ts';
import { curveFile, readCurves } from '../../engine/curve-file.ts';
import { parseDevice } from '../../start/open-engine.ts';
import { CPU_CURVE, GPU_CURVE } from './device.ts';
import { measureEngine } from './engine.ts';
import { measureOverhead } from './overhead.ts';
import { type CrowdFigures, printReport, type Report } from './print.ts';
import type { Streams } from '../../adapters/cli/actions.ts';

export type BenchRunnerOptions = {
  /** Jobs a scenario. */
  readonly jobs: number;
  readonly json?: boolean;
  /** A measured batch curve as JSON: `{ name, source, stepMs: { "1": ms, "4": ms, … } }`, or what `bench device` wrote. */
  readonly curve?: string | undefined;
  /** Whose curves count that `bench device` measured here: this model's, on these devices. */
  readonly measured?:
    | { readonly model: string; readonly devices: readonly string[]; readonly cacheDir: string }
    | undefined;
  /** Draws with the engine too, from this data folder; undefined: leaves that out. */
  readonly dataFolder?: string;
};

const CPU_SLOTS = 4;
const STEPS = 4;
/** Jobs for each server that a comparison of whole jobs needs at least. */
const JOBS_PER_SERVER = 12;

export async function run(options: BenchRunnerOptions, { print }: Streams): Promise<void> {
  const report = await benchRunner(options);
  if (options.json === true) {
    print(JSON.stringify(report));
  } else {
    printReport(report).forEach(print);
  }
}

export async function benchRunner({ jobs, curve, measured, dataFolder }: BenchRunnerOptions): Promise<Report> {
  const devices = await crowdDevices({ curve, measured });
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

/** A processor and a card: as measured, here where somebody did. */
export async function crowdDevices({
  curve,
  measured,
}: Pick<BenchRunnerOptions, 'curve' | 'measured'>): Promise<
  readonly { readonly device: BatchCurve; readonly slots: number; readonly maxRows: number }[]
> {
  const here = measured === undefined ? {} : await curvesMeasured(measured);
  const card = curve === undefined ? (here.card ?? GPU_CURVE) : await readCurve(curve);
  const rows = Math.max(...Object.keys(card.stepMs).map(Number)); // no further than somebody measured
  return [
    { device: here.processor ?? CPU_CURVE, slots: CPU_SLOTS, maxRows: 1 },
    { device: card, slots: rows, maxRows: rows },
  ];
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

/** Of this machine's processor and of its first other device, where somebody measured them. */
async function curvesMeasured({ model, devices, cacheDir }: NonNullable<BenchRunnerOptions['measured']>): Promise<{
  readonly processor?: BatchCurve;
  readonly card?: BatchCurve;
}> {
  const found = await Promise.all(
    devices
      .filter((name) => !name.includes('://'))
      .map(async (name) => {
        const curves = await readCurves(cacheDir, parseDevice(name));
        return { isProcessor: name === 'cpu', curve: curves.find((curve) => curve.model === model) };
      }),
  );
  const [processor, card] = [true, false].map(
    (wanted) => found.find(({ isProcessor, curve }) => isProcessor === wanted && curve !== undefined)?.curve,
  );
  return { ...(processor && { processor }), ...(card && { card }) };
}

async function readCurve(file: string): Promise<BatchCurve> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new UserError('bench.curve', `Expected a batch curve at ${file}, but it cannot be read. Check the path.`, {
      cause,
    });
  });
  const json = jsonOf(text);
  const [written] = curveFile.safeParse(json).data?.curves ?? [];
  const parsed = written ?? batchCurve.safeParse(json).data;
  if (parsed === undefined) {
    throw new UserError(
      'bench.curve',
      `Expected { "name": …, "source": …, "stepMs": { "1": ms, "4": ms } } in ${file}, got something else. Correct the file.`,
    );
  }
  return parsed;
}
