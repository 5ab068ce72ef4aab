/**
 * Merging LoRAs that change every layer of a full-size SD 1.5 UNet: an ordinary one of rank 64, and kinds whose difference
 * is computed. Random weights; each merged once, one after another, into a file that is deleted again.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { buildUNet, loweringFor, NO_WEIGHTS, parseUNetConfig, unetLoraTargets } from '../../engine/nets/index.ts';
import {
  loraModules,
  matchLora,
  mergeLora,
  openAddProduct,
  openLora,
  openSafetensors,
  type TensorSource,
} from '../../engine/weights/index.ts';
import { UNETS } from '../bench-unet/architectures.ts';
import { checkpointTensors, writeRandomCheckpoint } from '../bench-unet/random-checkpoint.ts';
import type { Shaped } from './true-size.ts';

const RANK = 64;
/** Rows and columns of LoKr's first factor; the four channels of latents divide by less. */
const FACTORS = [8, 4] as const;

export type MergeReport = { readonly name: string; readonly seconds: number; readonly cpuSeconds: number };
type Targets = ReturnType<typeof unetLoraTargets>;

/** The ordinary one first: it is what the others are measured by. */
const KINDS: readonly { readonly name: string; readonly tensors: (target: Targets[number]) => readonly Shaped[] }[] = [
  { name: 'LoRA of rank 64', tensors: pair },
  {
    name: 'DoRA over rank 64',
    tensors: (target) => [...pair(target), { name: 'dora_scale', shape: [target.outFeatures, 1, ...ones(target)] }],
  },
  {
    name: 'LoKr',
    tensors: (target) => {
      const sides = [target.outFeatures, target.inFeatures];
      const factor = FACTORS.find((each) => sides.every((side) => side % each === 0)) ?? 1;
      return [
        { name: 'lokr_w1', shape: [factor, factor] },
        { name: 'lokr_w2', shape: [...sides.map((side) => side / factor), ...tapsOf(target)] },
      ];
    },
  },
];

export async function* measureMerging(): AsyncGenerator<MergeReport, void, undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'fourstep-bench-merge-'));
  try {
    const config = parseUNetConfig(UNETS.sd15.config, 'sd15');
    const plain = { lowering: loweringFor({ provider: 'cpu' }), sizes: 'whole' } as const;
    const file = join(folder, 'unet.safetensors');
    await writeRandomCheckpoint(file, checkpointTensors(buildUNet(config, NO_WEIGHTS, plain)));
    const base = (await openSafetensors(file)).tensors;
    const targets = unetLoraTargets(config);
    for (const [k, { name, tensors }] of KINDS.entries()) {
      const lora = join(folder, `lora-${k}.safetensors`);
      const named = (target: Targets[number]): readonly Shaped[] =>
        tensors(target).map((one) => ({ ...one, name: `lora_unet_${target.module.replaceAll('.', '_')}.${one.name}` }));
      await writeRandomCheckpoint(lora, targets.flatMap(named));
      yield { name, ...(await timed(() => merge(base, lora, join(folder, 'cache')))) };
      // Beside the base, as for any model.
      await rm(join(folder, '.fourstep'), { recursive: true, force: true });
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function merge(base: TensorSource, file: string, cacheDir: string): Promise<void> {
  const { addProduct, release } = await openAddProduct();
  try {
    const match = async () =>
      matchLora(await openLora(file), {
        base: 'sd15',
        nets: { unet: loraModules(base) },
        weights: { unet: base },
      });
    await mergeLora({ base, file, match, net: 'unet', weight: 1, cacheDir, addProduct });
  } finally {
    await release();
  }
}

async function timed(work: () => Promise<void>): Promise<Omit<MergeReport, 'name'>> {
  const startedAt = performance.now();
  const cpu = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(cpu);
  return { seconds: (performance.now() - startedAt) / 1000, cpuSeconds: (user + system) / 1e6 };
}

function pair(target: Targets[number]): readonly Shaped[] {
  return [
    { name: 'lora_down.weight', shape: [RANK, target.inFeatures, ...tapsOf(target)] },
    { name: 'lora_up.weight', shape: [target.outFeatures, RANK, ...ones(target)] },
  ];
}

/** Sides of a convolution's kernel. */
function tapsOf({ kind, kernel }: Pick<Targets[number], 'kind' | 'kernel'>): readonly number[] {
  return kind === 'conv' ? kernel : [];
}

function ones(target: Targets[number]): readonly number[] {
  return tapsOf(target).map(() => 1);
}
