/** The fake passes what the real ones pass. */
import { describeRunnerPort } from '../conformance/runner-port.ts';
import { createStubRunner } from './stub-runner.ts';

describeRunnerPort('the stub in this process', async (options) => createStubRunner(options));
