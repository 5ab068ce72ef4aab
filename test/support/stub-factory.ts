/**
 * The stub runner as a child process's device: the same stub, plus what only a real process can do. Started with
 * `STUB_CHILD` so that Node reads the TypeScript sources.
 */
import { UserError } from '../../src/core/errors.ts';
import type { Runner } from '../../src/core/work.ts';
import { createStubRunner, type StubRunnerOptions } from './stub-runner.ts';

export type StubFactoryOptions = Omit<StubRunnerOptions, 'beforeStep'> & {
  /** Before the second step of prompts that hold this the process kills itself. */
  readonly crashPrompt?: string;
  /** Before the second step of prompts that hold this the device is lost. */
  readonly losePrompt?: string;
  /** Before the second step of prompts that hold this the process blocks its event loop for ever. */
  readonly hangPrompt?: string;
  /** Before the second step of prompts that hold this the work waits for ever, and the process goes on. */
  readonly stallPrompt?: string;
  /** The device cannot be opened. */
  readonly isBroken?: boolean;
  /** The process kills itself in every so many steps, whatever it draws. */
  readonly crashEverySteps?: number;
};

/** Options of `ProcessRunner` with which a test gets a stub in a real child. */
export const STUB_CHILD = {
  device: 'stub',
  factory: new URL('./stub-factory.ts', import.meta.url),
  execArgv: ['--import', new URL('./typescript-loader.mjs', import.meta.url).href],
} as const;

export async function createRunner(options: StubFactoryOptions = {}): Promise<Runner> {
  const { crashPrompt, losePrompt, hangPrompt, stallPrompt, isBroken = false, crashEverySteps, ...stub } = options;
  if (isBroken) {
    throw new Error('the stub has no such device');
  }
  let steps = 0;
  return createStubRunner({
    ...stub,
    beforeStep: async (work, _index, step) => {
      const prompt = work.kind === 'imagine' ? work.request.prompt : '';
      const holds = (part: string | undefined) => part !== undefined && step === 2 && prompt.includes(part);
      if (holds(crashPrompt) || (crashEverySteps !== undefined && ++steps % crashEverySteps === 0)) {
        process.kill(process.pid, 'SIGKILL');
      }
      if (holds(losePrompt)) {
        throw new UserError('device.lost', 'the stub lost its device');
      }
      if (holds(hangPrompt)) {
        for (;;) {
          // for ever, as a call of a device that never returns
        }
      }
      if (holds(stallPrompt)) {
        await new Promise(() => {});
      }
    },
  });
}
