/** `/info`: the model, the limits and the asker's balance; with `job`, every parameter of one picture. */
import type { CommandSpec } from '../src/core/command.ts';

export const info = {
  name: 'info',
  audience: 'everybody',
  visibility: 'private',
  textOption: 'job',
  options: [{ kind: 'text', name: 'job', isRequired: false, maxLength: 40, isWord: true }],
} as const satisfies CommandSpec;
