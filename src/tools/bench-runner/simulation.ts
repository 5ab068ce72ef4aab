/**
 * A day at the queue in a blink: servers ask, the fair order decides, a device with a given batch curve serves, and
 * what each got is measured. Discrete events, no timers: the same options give the same figures. For choosing a
 * policy, and for showing what it does.
 */
import type { IntervalHistogram } from 'node:perf_hooks';

import type { Ticket } from '../../core/admission.ts';
import { FairOrder, type FairPolicy } from '../../queue/fair-order.ts';

export type SimulationOptions = {
  readonly servers: number;
  readonly usersPerServer: number;
  /**
   * equal: all ask alike; skewed: one server in ten asks twenty times as much as each of the others, as busy ones do.
   */
  readonly load: 'equal' | 'skewed';
  readonly jobs: number;
  /** Asked device time over what the device has: above 1 there is always a queue. */
  readonly pressure: number;
  /** Steps of a job, and milliseconds of a step with so many jobs on the device together. */
  readonly steps: number;
  readonly stepMs: (together: number) => number;
  /** Jobs on the device together. */
  readonly slots: number;
  /** What stands for the fair order in a comparison. */
  readonly order?: 'fair' | 'first-come';
  readonly policy?: Partial<FairPolicy>;
  /** 32-bit seed of arrivals. */
  readonly seed: number;
};

export type SimulationResult = {
  readonly jobsPerSecond: number;
  /** From asking to the finished picture. */
  readonly latencyMs: Percentiles;
  /** The same for servers that ask no more than their share. */
  readonly lightLatencyMs: Percentiles;
  /**
   * Jain's index over what each server got by the time the last one asked, against its max-min fair share of that:
   * 1 is perfectly fair, 1/servers is one server having it all.
   */
  readonly jain: number;
  readonly longestWaitMs: number;
  /** Mean rows on the device while it drew, over its slots. */
  readonly fill: number;
};

export type Percentiles = { readonly p50: number; readonly p95: number; readonly p99: number; readonly max: number };

type Arrival = { readonly atMs: number; readonly server: number; readonly ticket: Ticket };
type Running = { readonly arrival: Arrival; stepsLeft: number };

/** How much more a busy server asks for under a skewed load, and one in how many is busy. */
const SKEW = 20;
const BUSY_ONE_IN = 10;

export function simulate(options: SimulationOptions): SimulationResult {
  const { slots, steps, stepMs } = options;
  const arrivals = arrivalsOf(options);
  const lastAskedMs = arrivals.at(-1)?.atMs ?? 0;
  const order = options.order === 'first-come' ? firstCome() : new FairOrder(options.policy);
  const byId = new Map(arrivals.map((arrival) => [arrival.ticket.id, arrival]));
  const got = new Float64Array(options.servers);
  const asked = new Float64Array(options.servers);
  const latencies: { readonly server: number; readonly ms: number }[] = [];
  const running: Running[] = [];
  let next = 0;
  let nowMs = 0;
  let longestWaitMs = 0;
  let calls = 0;
  let rows = 0;
  while (latencies.length < arrivals.length) {
    for (let arrival = arrivals[next]; arrival !== undefined && arrival.atMs <= nowMs; arrival = arrivals[++next]) {
      order.add(arrival.ticket, nowMs);
      asked[arrival.server] = (asked[arrival.server] ?? 0) + 1;
    }
    while (running.length < slots) {
      const arrival = byId.get(order.take(nowMs)?.id ?? '');
      if (arrival === undefined) {
        break;
      }
      longestWaitMs = Math.max(longestWaitMs, nowMs - arrival.atMs);
      running.push({ arrival, stepsLeft: steps });
    }
    if (running.length === 0) {
      nowMs = arrivals[next]?.atMs ?? nowMs;
      continue;
    }
    // One call: every row advances a step, and finished ones make room before the next.
    nowMs += stepMs(running.length);
    calls++;
    rows += running.length;
    for (let k = running.length - 1; k >= 0; k--) {
      const row = running[k];
      if (row !== undefined && --row.stepsLeft === 0) {
        running.splice(k, 1);
        latencies.push({ server: row.arrival.server, ms: nowMs - row.arrival.atMs });
        if (nowMs <= lastAskedMs) {
          got[row.arrival.server] = (got[row.arrival.server] ?? 0) + 1;
        }
      }
    }
  }
  const hasBusy = options.load === 'skewed' && options.servers > 1;
  const light = latencies.filter(({ server }) => !hasBusy || !isBusy(server));
  return {
    jobsPerSecond: (1000 * latencies.length) / nowMs,
    latencyMs: percentilesOf(latencies.map(({ ms }) => ms)),
    lightLatencyMs: percentilesOf(light.map(({ ms }) => ms)),
    jain: jainIndex([...got], maxMinShares([...asked], sum([...got]))),
    longestWaitMs,
    fill: calls === 0 ? 0 : rows / calls / slots,
  };
}

/**
 * Jain's fairness index of what each got against what it was due (R. Jain, D. Chiu, W. Hawe, A Quantitative Measure of
 * Fairness, 1984). Those that were due nothing do not count.
 */
export function jainIndex(got: readonly number[], due: readonly number[]): number {
  const ratios = got.flatMap((value, k) => ((due[k] ?? 0) > 0 ? [value / (due[k] ?? 1)] : []));
  const squares = sum(ratios.map((ratio) => ratio ** 2));
  return squares === 0 ? 1 : sum(ratios) ** 2 / (ratios.length * squares);
}

/** What each is due of `total` when nobody gets more than asked and nobody could get more but from one who has more. */
export function maxMinShares(asked: readonly number[], total: number): readonly number[] {
  const shares = asked.map(() => 0);
  const byDemand = asked.map((_, k) => k).sort((a, b) => (asked[a] ?? 0) - (asked[b] ?? 0));
  let left = total;
  for (const [k, who] of byDemand.entries()) {
    const share = Math.min(asked[who] ?? 0, left / (byDemand.length - k));
    shares[who] = share;
    left -= share;
  }
  return shares;
}

/** Of an event loop's lag, sampled each millisecond: the histogram counts each whole interval, and one of it is the sampling itself. */
export function lagOf(lag: IntervalHistogram): Percentiles {
  const [p50 = 0, p95 = 0, p99 = 0] = [50, 95, 99].map((percent) => lag.percentile(percent) / 1e6 - 1);
  return { p50, p95, p99, max: lag.max / 1e6 - 1 };
}

export function percentilesOf(values: readonly number[]): Percentiles {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99), max: sorted.at(-1) ?? 0 };
}

/** Poisson arrivals: each server draws its own, at its own rate. */
function arrivalsOf(options: SimulationOptions): readonly Arrival[] {
  const { servers, usersPerServer, load, jobs, pressure, steps, stepMs, slots, seed } = options;
  const random = mulberry32(seed);
  const jobMs = (steps * stepMs(slots)) / slots;
  const weights = Array.from({ length: servers }, (_, k) => (load === 'skewed' && isBusy(k) ? SKEW : 1));
  const ratePerMs = pressure / jobMs / sum(weights);
  const next = weights.map((weight) => exponential(random, ratePerMs * weight));
  return Array.from({ length: jobs }, (_, k) => {
    const atMs = Math.min(...next);
    const server = next.indexOf(atMs);
    next[server] = atMs + exponential(random, ratePerMs * (weights[server] ?? 1));
    const user = Math.floor(random() * usersPerServer);
    const ticket: Ticket = {
      id: `${k}`,
      server: `web:${server}`,
      user: `web:${server}-${user}`,
      costMs: jobMs,
      priority: 'job',
    };
    return { atMs, server, ticket };
  });
}

function firstCome(): Pick<FairOrder, 'add' | 'take'> {
  const tickets: Ticket[] = [];
  return { add: (ticket) => void tickets.push(ticket), take: () => tickets.shift() };
}

function isBusy(server: number): boolean {
  return server % BUSY_ONE_IN === 0;
}

function exponential(random: () => number, ratePerMs: number): number {
  return -Math.log(1 - random()) / ratePerMs;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** A small generator with a 32-bit state; good enough for arrivals. */
function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
