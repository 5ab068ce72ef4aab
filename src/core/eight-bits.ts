/** Which work only a device that multiplies 8 bits may draw, who gains by it, and what is said where there is none. Knows no device. */
import { UserError } from './errors.ts';
import type { Work } from './work.ts';

/** Of a machine: it cannot, it can but is quicker in halves (a graphics card), or it is quicker in 8 bits (a processor). */
export type EightBitSkill = 'none' | 'draws' | 'prefers';

export function needsEightBits(work: Work): boolean {
  return work.kind === 'imagine' && work.request.precision === 'int8';
}

export function noEightBits(): UserError {
  return new UserError(
    'device.eight-bits',
    'Expected a processor with instructions for 8 bits (VNNI, AMX or i8mm), but this machine has none; ask for fp32, or draw on another machine.',
  );
}
