/**
 * `fourstep bench train`: what a step of style training costs on one thread, in CPU seconds, which a busy machine does not
 * change much, and at its peak in memory; with --python the same by torch and peft, in the same run.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { z } from 'zod';

import { modelsFolder } from '../../../config/paths.ts';
import type { BenchTrainOptions } from '../../adapters/cli/actions.ts';
import { buildUNet, loweringFor, NO_WEIGHTS, parseUNetConfig, unetLoraTargets } from '../../engine/nets/index.ts';
import { openSafetensors } from '../../engine/weights/index.ts';
import {
  buildStepGraph,
  freeMemory,
  planForDevice,
  preparedToLearn,
  styleRecipe,
  TO_LEARN,
  Trainer,
} from '../../train/index.ts';
import { UNETS } from '../bench-unet/architectures.ts';
import { checkpointTensors, writeRandomCheckpoint } from '../bench-unet/random-checkpoint.ts';
import { peer, type Step } from './peers.ts';

const ROUNDS = { moji: 20, sd15: 3 } as const;
const TOKENS = { moji: 24, sd15: 77 } as const;
/** Pixels along one side of a latent. */
const PIXELS = 8;

type Streams = { readonly print: (line: string) => void; readonly warn: (line: string) => void };
type OurStep = Step & { readonly longestCallMs: number };

export async function run(
  { arch, size, python, all, free, rounds = ROUNDS[arch], json }: BenchTrainOptions,
  { print, warn }: Streams,
): Promise<void> {
  const facts = arch === 'moji' ? await mojiFacts() : UNETS.sd15;
  const side = (size?.width ?? facts.side) / PIXELS;
  const config = parseUNetConfig(facts.config, arch);
  const recipe = { ...styleRecipe(config), ...(all === true && { learns: everyLayer }) };
  const targets = unetLoraTargets(config).filter(recipe.learns);
  const lowering = TO_LEARN;
  const folder = await mkdtemp(join(tmpdir(), 'fourstep-bench-train-'));
  try {
    const file = join(folder, 'weights.safetensors');
    const plain = { lowering: loweringFor({ provider: 'cpu' }) };
    await writeRandomCheckpoint(file, checkpointTensors(buildUNet(config, NO_WEIGHTS, plain)));
    const { tensors } = await openSafetensors(file);
    // Made once for a model, and there whenever it is opened again.
    const preparedAt = performance.now();
    const weights = await preparedToLearn(tensors, config, folder);
    const preparingMs = performance.now() - preparedAt;
    const lengths = { rows: recipe.rowsPerCall, height: side, width: side, tokens: TOKENS[arch], rank: recipe.rank };
    const startedAt = performance.now();
    const before = process.cpuUsage();
    const step = buildStepGraph({ unet: { config, weights, targets }, text: [], lengths, loss: recipe.loss, lowering });
    const startup = arch === 'moji' ? 'throughput' : 'fast';
    const plannedAt = performance.now();
    const freeBytes = free === undefined ? await freeMemory() : free * 1e9;
    const plan = await planForDevice(step, { freeBytes, nowMs: () => performance.now(), threads: 1 });
    const openedAt = performance.now();
    const trainer = await Trainer.open({ step, pieces: plan.pieces, seed: 0, startup, threads: 1, ...recipe });
    const openingMs = {
      graph: plannedAt - startedAt,
      plan: openedAt - plannedAt,
      sessions: performance.now() - openedAt,
    };
    const openingCpuSeconds = cpuSecondsSince(before);
    const ours = await measure(trainer, recipe.rowsPerCall, rounds, new Map(step.graph.inputs.map(lengthOf)));
    const peers: Record<string, Step> = {};
    for (const form of python === undefined ? [] : ['fp32', 'bf16']) {
      warn(`torch ${form} …`);
      const modules = targets.map(({ module }) => module);
      peers[form] = await peer(python ?? '', {
        folder,
        config: facts.config,
        weights: file,
        modules,
        form,
        ...lengths,
        rounds,
      });
    }
    const figures = {
      arch,
      side: side * PIXELS,
      rows: lengths.rows,
      modules: targets.length,
      preparingMs,
      openingMs,
      openingCpuSeconds,
      pieces: plan.pieces.length,
      estimatedMb: plan.neededBytes / 1e6,
      ours,
      peers,
    };
    print(json === true ? JSON.stringify(figures) : render(figures));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const everyLayer = ({ module }: { readonly module: string }): boolean =>
  !/^(time_embedding|add_embedding|conv_in|conv_out)/.test(module);

function cpuSecondsSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

async function mojiFacts() {
  const text = await readFile(join(modelsFolder, 'moji/unet/config.json'), 'utf8');
  return { config: z.record(z.string(), z.unknown()).parse(JSON.parse(text)), side: 128 };
}

function lengthOf({ name, shape }: { readonly name: string; readonly shape: readonly (number | string)[] }) {
  return [
    name,
    shape
      .map(Number)
      .slice(1)
      .reduce((product, side) => product * side, 1),
  ] as const;
}

async function measure(
  trainer: Trainer,
  rows: number,
  rounds: number,
  lengths: ReadonlyMap<string, number>,
): Promise<OurStep> {
  const noise = (name: string): Float32Array =>
    Float32Array.from({ length: lengths.get(name) ?? 1 }, (_, k) => Math.sin(k * 12.9898 + name.length));
  const row = {
    sample: noise('sample'),
    encoder_hidden_states: noise('encoder_hidden_states'),
    offset: noise('offset'),
    timestep: Float32Array.of(500),
    factor: Float32Array.of(1),
    weight: Float32Array.of(1),
  };
  const batch = Array.from({ length: rows }, () => row);
  const spent: number[] = [];
  let peak = 0;
  const calls: number[] = [];
  let calledAt = 0;
  const between = (): Promise<void> => {
    calls.push(performance.now() - calledAt);
    calledAt = performance.now();
    return Promise.resolve();
  };
  try {
    for (let step = 1; step <= rounds + 1; step++) {
      const before = process.cpuUsage();
      await trainer.update(batch, { step, rate: 1e-4 }, between);
      spent.push(cpuSecondsSince(before));
    }
    peak = await peakBytes();
  } finally {
    await trainer.release();
  }
  await between();
  const warm = spent.slice(1).toSorted((a, b) => a - b);
  return {
    cpuSeconds: warm[Math.floor(warm.length / 2)] ?? Number.NaN,
    peakMb: peak / 1e6,
    // The first is no call, but what lies before it.
    longestCallMs: Math.max(...calls.slice(1)),
  };
}

/**
 * The most of memory that this process has had. Linux counts a page for each mapping of it, and pieces of a step map the same
 * weights: what is counted twice is taken off.
 */
async function peakBytes(): Promise<number> {
  const kib = async (file: string, name: string): Promise<number> => {
    const text = await readFile(file, 'utf8').catch(() => '');
    return Number(new RegExp(`^${name}:\\s*(\\d+) kB$`, 'mu').exec(text)?.[1] ?? 0);
  };
  const [mapped, distinct] = [
    await kib('/proc/self/status', 'RssFile'),
    await kib('/proc/self/smaps_rollup', 'Pss_File'),
  ];
  return 1024 * (process.resourceUsage().maxRSS - Math.max(0, mapped - distinct));
}

function render(figures: {
  readonly arch: string;
  readonly side: number;
  readonly rows: number;
  readonly modules: number;
  readonly preparingMs: number;
  readonly openingMs: Readonly<Record<'graph' | 'plan' | 'sessions', number>>;
  readonly openingCpuSeconds: number;
  readonly pieces: number;
  readonly estimatedMb: number;
  readonly ours: OurStep;
  readonly peers: Readonly<Record<string, Step>>;
}): string {
  const { arch, side, rows, modules, preparingMs, openingMs, openingCpuSeconds, pieces, estimatedMb, ours, peers } =
    figures;
  const { graph, plan, sessions } = openingMs;
  const seconds = (ms: number): string => (ms / 1000).toFixed(1);
  const line = (name: string, { cpuSeconds, peakMb }: Step): string =>
    `${name.padEnd(12)} ${cpuSeconds.toFixed(3)} CPU-s a step, peak ${peakMb.toFixed(0)} MB`;
  return [
    `${arch} ${side}x${side}, ${rows} rows, ${modules} modules, one thread; opened in ${seconds(graph + plan + sessions)} s, ${openingCpuSeconds.toFixed(1)} of the processor (graph ${seconds(graph)}, plan ${seconds(plan)}, sessions ${seconds(sessions)}; weights prepared before, once for a model, in ${seconds(preparingMs)}), ${estimatedMb.toFixed(0)} MB estimated`,
    `${line('fourstep', ours)}, in ${pieces} ${pieces === 1 ? 'call' : 'calls'}, the longest ${seconds(ours.longestCallMs)} s`,
    ...Object.entries(peers).map(
      ([form, step]) =>
        `${line(`torch ${form}`, step)} (fourstep ${(ours.cpuSeconds / step.cpuSeconds).toFixed(2)} of its time)`,
    ),
  ].join('\n');
}
