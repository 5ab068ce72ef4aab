/**
 * The program of a device's child process: opens the device through the factory it was given, runs what the parent
 * sends, and ends when the parent is gone. Ignores the terminal's and the supervisor's signals: they reach the whole
 * process group, and the parent wants to let running pictures finish.
 */
import { Worker } from 'node:worker_threads';

import { UserError } from '../core/errors.ts';
import type { Runner, Work } from '../core/work.ts';
import { LateClock } from './late-clock.ts';
import { parseAssignment, parseToChild, type Assignment, type ToParent } from './messages.ts';
import { siblingModule } from './sibling-module.ts';
import { packError } from './wire.ts';

const assignment = parseAssignment(process.argv[2]);

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {});
}
process.on('disconnect', () => process.exit(0));
if (process.platform !== 'win32') {
  new Worker(siblingModule('orphan-watch', import.meta.url), { workerData: assignment.parentPid }).unref();
}

/** Once it is open. */
let device: Runner | undefined;
const parent = new LateClock(assignment.heartbeatMs);
setInterval(() => {
  const batches = device?.health()[0]?.batches;
  void say({ kind: 'beat', ...(batches === undefined ? {} : { batches }) });
  if (parent.silenceMs() > assignment.parentLimitMs) {
    process.exit(1);
  }
}, assignment.heartbeatMs);

const opened = open(assignment);
const cancels = new Map<number, AbortController>();

process.on('message', (raw: unknown) => {
  parent.heard();
  const message = parseToChild(raw);
  switch (message.kind) {
    case 'run':
      void draw(message.call, message.work);
      return;
    case 'cancel':
      cancels.get(message.call)?.abort();
      return;
    case 'beat':
      return;
    case 'close':
      void close();
      return;
    default:
      message satisfies never;
  }
});

try {
  device = await opened;
  const forms = device.health()[0]?.forms;
  await say({ kind: 'ready', ...(forms === undefined ? {} : { forms }) });
} catch (error) {
  await say({ kind: 'unable', error: packError(error) });
  process.exit(1);
}

async function open({ factory, options }: Assignment): Promise<Runner> {
  const module: unknown = await import(factory);
  if (typeof module !== 'object' || module === null || !('createRunner' in module)) {
    throw new TypeError(`expected ${factory} to export createRunner, got ${Object.keys(Object(module)).join(', ')}`);
  }
  const { createRunner } = module;
  if (typeof createRunner !== 'function') {
    throw new TypeError(`expected createRunner of ${factory} to be a function, got ${typeof createRunner}`);
  }
  // The factory's own type is its contract; a module named by URL has none here.
  return (await createRunner(options)) as Runner;
}

async function draw(call: number, work: Work): Promise<void> {
  const cancel = new AbortController();
  cancels.set(call, cancel);
  try {
    const runner = await opened;
    for await (const event of runner.run(work, cancel.signal)) {
      // Waiting until the pipe has taken it keeps a slow parent from piling up pictures here.
      await say({ kind: 'event', call, event });
    }
    await say({ kind: 'end', call });
  } catch (error) {
    if (error instanceof UserError && error.code === 'device.lost') {
      await say({ kind: 'unable', error: packError(error) });
      process.exit(1); // the parent starts another, which draws everything again
    }
    await say({ kind: 'error', call, error: packError(error) });
  } finally {
    cancels.delete(call);
  }
}

async function close(): Promise<void> {
  const runner = await opened;
  await runner.close(0);
  process.exit(0);
}

/** Resolves when the pipe has taken the message; a closed pipe ends the process by itself. */
function say(message: ToParent): Promise<void> {
  return new Promise((resolve) => {
    if (process.send === undefined || !process.connected) {
      resolve();
      return;
    }
    process.send(message, undefined, {}, () => resolve());
  });
}
