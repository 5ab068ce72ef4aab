/** `/help`: one screen. */
import type { CommandSpec } from '../src/core/command.ts';

export const help = {
  name: 'help',
  audience: 'everybody',
  visibility: 'private',
  options: [],
} as const satisfies CommandSpec;
