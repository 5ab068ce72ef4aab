/** `/settings`: the server's panel of buttons and selects. */
import type { CommandSpec } from '../src/core/command.ts';

export const settings = {
  name: 'settings',
  audience: 'admins',
  visibility: 'private',
  options: [],
} as const satisfies CommandSpec;
