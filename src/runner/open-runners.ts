/**
 * The runners that the configuration names: a child process for each device of this machine, a Redis queue for those of
 * others, one `Runner` over all of them. Knows how many works each kind takes at once.
 */
import type { Runner } from '../core/work.ts';
import { RunnerPool } from './pool.ts';
import { ProcessRunner, type ProcessRunnerOptions } from './process-runner.ts';

export type OpenRunnersOptions = {
  /** `cpu`, `cuda:0`, …, `redis://host:port`. */
  readonly devices: readonly string[];
  /** Module that exports `createRunner(options)`, imported by each child. */
  readonly factory: URL;
  /** What the factory is given for a device; plain JSON. */
  readonly factoryOptions: (device: string) => unknown;
  /** Told of every child that went away unasked. */
  readonly onRestart: (device: string, reason: string) => void;
  /** For tests: how children are started and watched. */
  readonly child?: Pick<ProcessRunnerOptions, 'execArgv' | 'times' | 'restartMs'>;
};

export type OpenedRunners = {
  readonly runner: Runner;
  /** Works that all devices together take at once: the admission's slots. */
  readonly slots: number;
  /** Resolves once every device of this machine is open; rejects with the words of the first that cannot be. */
  readonly ready: () => Promise<void>;
  /** Whether the machines behind every Redis are quicker in 8 bits, as they say themselves; true without one. */
  readonly othersPreferEightBits: () => boolean;
};

/** Loads what it needs for Redis only where a device asks for it. Throws `RangeError` when no device is named. */
export async function openRunners(options: OpenRunnersOptions): Promise<OpenedRunners> {
  const local: ProcessRunner[] = [];
  const remote: { readonly prefersEightBits: boolean }[] = [];
  const members = await Promise.all(
    options.devices.map(async (device) => {
      const slots = slotsOf(device);
      if (isRemote(device)) {
        const { RemoteRunner } = await import('./remote/remote-runner.ts');
        const runner = new RemoteRunner({ url: device });
        remote.push(runner);
        return { runner, slots };
      }
      const runner = new ProcessRunner({
        device,
        factory: options.factory,
        factoryOptions: options.factoryOptions(device),
        maxActive: slots,
        onRestart: options.onRestart,
        ...options.child,
      });
      local.push(runner);
      return { runner, slots };
    }),
  );
  return {
    runner: new RunnerPool(members),
    slots: members.reduce((sum, { slots }) => sum + slots, 0),
    ready: async () => {
      await Promise.all(local.map((runner) => runner.ready()));
    },
    othersPreferEightBits: () => remote.every(({ prefersEightBits }) => prefersEightBits),
  };
}

/** A Redis, with machines behind it. */
export function isRemote(device: string): boolean {
  return /^rediss?:/.test(device);
}

/**
 * Works at once. A processor draws them step by step in turns, so that a short one need not wait for a long one: more
 * than a few would only make all of them late. A graphics card fills its batch with them. Behind a queue on Redis stand
 * machines that nobody here has counted; they take what they can.
 */
export function slotsOf(device: string): number {
  if (isRemote(device)) {
    return 64;
  }
  return device === 'cpu' ? 4 : 16;
}
