/**
 * How many inputs each surface is fed, from which seeds, and what may be left behind of them. FUZZ_INPUTS is the number of
 * all; FUZZ_SEED begins elsewhere than the last time.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const INPUTS = Number(process.env['FUZZ_INPUTS'] ?? 20_000);
const FIRST = Number(process.env['FUZZ_SEED'] ?? 1000);
/** Surfaces of all files of this folder. */
const SURFACES = 23;
/** Found once, tried for ever, by surface. */
const FOUND: Readonly<Record<string, readonly number[]>> = {
  'actions of the page': [1050],
  'live pictures': [1627],
  'requests of Slack': [1420],
};
/** Heap, and memory of the process: onnxruntime, sharp and V8 keep what they had once. */
export const MOST: Weight = { heapMb: 64, residentMb: 384 };

/** Milliseconds that a surface may take: a slow machine is no find. */
export const WITHIN_MS = Math.max(300_000, INPUTS * 3);

/** The seeds to try on a surface: those that found something before, then new ones. */
export function seedsOf(surface: string): readonly number[] {
  const count = Math.ceil(INPUTS / SURFACES);
  return [1, 2, 3, ...(FOUND[surface] ?? []), ...Array.from({ length: count }, (_, k) => FIRST + k)];
}

/** What the work leaves in memory: bounded by numbers that do not grow with the number of inputs. */
export async function growthOf(work: () => Promise<void>): Promise<Weight> {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  const weigh = async (): Promise<Weight> => {
    await new Promise((resolve) => setTimeout(resolve, 50)); // what was let go ends
    if (typeof collect === 'function') {
      collect();
    }
    const { heapUsed, rss } = process.memoryUsage();
    return { heapMb: heapUsed / 1_048_576, residentMb: rss / 1_048_576 };
  };
  const before = await weigh();
  await work();
  const after = await weigh();
  return { heapMb: after.heapMb - before.heapMb, residentMb: after.residentMb - before.residentMb };
}

export type Weight = { readonly heapMb: number; readonly residentMb: number };
