/** All that can be asked, in the order in which it is offered. Knows no platform and no handler. */
import type { CommandSpec } from '../src/core/command.ts';
import { help } from './help.ts';
import { imagine } from './imagine.ts';
import { info } from './info.ts';
import { mydataDelete, mydataExport } from './mydata.ts';
import { queue } from './queue.ts';
import { settings } from './settings.ts';
import {
  styleAdd,
  styleDefault,
  styleEdit,
  styleList,
  styleMine,
  styleRemove,
  styleRename,
  styleShow,
  styleTrain,
} from './style.ts';

export const COMMANDS = [
  imagine,
  styleList,
  styleShow,
  styleDefault,
  styleMine,
  styleAdd,
  styleTrain,
  styleEdit,
  styleRemove,
  styleRename,
  settings,
  queue,
  info,
  help,
  mydataExport,
  mydataDelete,
] as const satisfies readonly CommandSpec[];

export type CommandName = (typeof COMMANDS)[number]['name'];

/** The spec of a name; undefined where no such command exists. */
export function findCommand(name: string): (typeof COMMANDS)[number] | undefined {
  return COMMANDS.find((spec) => spec.name === name);
}
