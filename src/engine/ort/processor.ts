/**
 * Whether this machine's processor multiplies 8 bits in instructions of its own: VNNI, AVX-VNNI or AMX on x86, i8mm on Arm.
 * Without them onnxruntime's products of 8 bits saturate in 16 on x86 and are no faster than fp32 elsewhere.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const INSTRUCTIONS = ['avx512_vnni', 'avx_vnni', 'amx_int8', 'i8mm'] as const;
export type EightBitInstructions = (typeof INSTRUCTIONS)[number];

/** The first of them that it has; undefined for none, and where the system does not say (Windows). */
export function eightBitInstructions(): EightBitInstructions | undefined {
  switch (process.platform) {
    case 'linux':
      return instructionsIn(readFileSync('/proc/cpuinfo', 'utf8'));
    case 'darwin':
      return ofMac();
    default:
      return undefined;
  }
}

/** As Linux writes it in /proc/cpuinfo: `flags` on x86, `Features` on Arm. */
export function instructionsIn(cpuinfo: string): EightBitInstructions | undefined {
  const [, flags = ''] = /^(?:flags|Features)\s*:(.*)$/mu.exec(cpuinfo) ?? [];
  const known = new Set(flags.trim().split(/\s+/u));
  return INSTRUCTIONS.find((name) => known.has(name));
}

function ofMac(): EightBitInstructions | undefined {
  const says = (name: string): boolean => {
    try {
      return (
        execFileSync('sysctl', ['-n', name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim() === '1'
      );
    } catch {
      return false; // no such name on this processor
    }
  };
  if (says('hw.optional.arm.FEAT_I8MM')) {
    return 'i8mm';
  }
  return says('hw.optional.avx512vnni') ? 'avx512_vnni' : undefined;
}
