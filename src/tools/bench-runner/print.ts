/** What `fourstep bench runner` found: as data, which programs get, and as lines for people. */
import type { BatchCurve } from '../../engine/batch-curve.ts';
import type { EngineFigures } from './engine.ts';
import type { OverheadFigures } from './overhead.ts';
import type { Percentiles, SimulationResult } from './simulation.ts';

export type CrowdFigures = {
  readonly device: BatchCurve;
  readonly slots: number;
  readonly servers: number;
  readonly load: 'equal' | 'skewed';
  readonly fair: SimulationResult;
  /** The same arrivals, first come, first served. */
  readonly firstCome: SimulationResult;
};

export type Report = {
  readonly jobs: number;
  readonly crowds: readonly CrowdFigures[];
  readonly overhead: OverheadFigures;
  /** Undefined where no model was there to draw with, or none was asked for. */
  readonly engine: EngineFigures | undefined;
};

export function printReport({ jobs, crowds, overhead, engine }: Report): readonly string[] {
  const lines: string[] = [];
  for (const name of new Set(crowds.map(({ device }) => device.name))) {
    const rows = crowds.filter(({ device }) => device.name === name);
    const source = rows[0]?.device.source ?? '';
    lines.push(
      `Crowds (simulated time; ${name}, batch curve ${source}; asked: 1.5 times what it can; at least ${jobs} jobs):`,
      ...table([
        [
          'servers',
          'load',
          'jobs/s',
          'p50 s',
          'p99 s',
          'light p50 s',
          'light p99 s',
          'first come',
          'Jain',
          'first come',
        ],
        ...rows.map(crowdRow),
      ]),
      '',
    );
  }
  lines.push(
    `Overhead without a device, ${overhead.jobsPerSecond} jobs/s: ${percentiles(overhead.latencyMs)}; event loop lag ${percentiles(overhead.loopLagMs)}`,
    ...overhead.throughput.map(
      ({ servers, jobsPerSecond }) => `  as fast as they go, ${servers} servers: ${jobsPerSecond.toFixed(0)} jobs/s`,
    ),
  );
  if (engine === undefined) {
    lines.push('Engine: not measured');
  } else {
    lines.push(
      `Engine (${engine.model}, ${engine.jobs} pictures, ${engine.together} at once): same style ${engine.sameStyle.toFixed(2)} pictures/s, mixed styles ${engine.mixedStyles.toFixed(2)} pictures/s (${(engine.mixedStyles / engine.sameStyle).toFixed(2)} times)`,
      `  event loop of the bot while it draws: lag ${percentiles(engine.loopLagMs)}`,
    );
  }
  return lines;
}

function crowdRow({ servers, load, fair, firstCome }: CrowdFigures): readonly string[] {
  const s = (ms: number) => (ms / 1000).toFixed(1);
  return [
    `${servers}`,
    load,
    fair.jobsPerSecond.toFixed(1),
    s(fair.latencyMs.p50),
    s(fair.latencyMs.p99),
    s(fair.lightLatencyMs.p50),
    s(fair.lightLatencyMs.p99),
    s(firstCome.lightLatencyMs.p99),
    fair.jain.toFixed(3),
    firstCome.jain.toFixed(3),
  ];
}

function percentiles({ p50, p95, p99, max }: Percentiles): string {
  return `p50 ${p50.toFixed(2)}, p95 ${p95.toFixed(2)}, p99 ${p99.toFixed(2)}, max ${max.toFixed(2)} ms`;
}

function table(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) => `  ${row.map((cell, column) => cell.padStart(widths[column] ?? 0)).join('  ')}`);
}
