/** `/queue`: what waits and runs here, and what the asker has left. */
import type { CommandSpec } from '../src/core/command.ts';

export const queue = {
  name: 'queue',
  audience: 'everybody',
  visibility: 'private',
  options: [],
} as const satisfies CommandSpec;
