/** `/mydata …`: all that is kept about the asker, as a file or no more. */
import type { CommandSpec } from '../src/core/command.ts';

export const mydataExport = {
  name: 'mydata export',
  audience: 'everybody',
  visibility: 'private',
  options: [],
} as const satisfies CommandSpec;

export const mydataDelete = {
  name: 'mydata delete',
  audience: 'everybody',
  visibility: 'private',
  options: [],
} as const satisfies CommandSpec;
