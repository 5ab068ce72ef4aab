/** How much memory a training run may take on this machine: what is free, less what drawing keeps of mapped weights. */
import { readFile } from 'node:fs/promises';

/** Linux: pages of files that this process has mapped count as free to the system, and drawing needs them. */
const MAPPED = /^RssFile:\s*(\d+) kB$/mu;

/** Bytes. */
export async function freeMemory(): Promise<number> {
  const status = await readFile('/proc/self/status', 'utf8').catch(() => '');
  const mapped = 1024 * Number(MAPPED.exec(status)?.[1] ?? 0);
  return Math.max(0, process.availableMemory() - mapped);
}
