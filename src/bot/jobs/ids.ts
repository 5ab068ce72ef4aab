/**
 * Ids that follow from what they stand for: an event that comes twice and a second press of the same U meet the job
 * that is there already.
 */
import { createHash } from 'node:crypto';
import type { JobId } from '../../core/job.ts';
import type { Platform } from '../../core/people.ts';
import type { RandomSource } from '../ports.ts';

/** The job of an event: 80 bits of its hash. `delivery` stays in what is hashed: ids outlive the word. */
export function jobIdOf(platform: Platform, event: string): JobId {
  return hashed(`delivery ${platform} ${event}`);
}

/** The one job that makes a picture larger. */
export function upscaleIdOf(job: JobId, index: number): JobId {
  return hashed(`upscale ${job} ${index}`);
}

/** The one second try of a job: pressed twice, it is drawn and counted once. */
export function retryIdOf(job: JobId): JobId {
  return hashed(`retry ${job}`);
}

export function randomId(random: RandomSource): string {
  return [0, 1, 2]
    .map(() => random.uint32().toString(36).padStart(7, '0'))
    .join('')
    .slice(0, 16);
}

function hashed(text: string): string {
  return BigInt(`0x${createHash('sha256').update(text).digest('hex').slice(0, 20)}`)
    .toString(36)
    .padStart(16, '0');
}
