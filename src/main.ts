#!/usr/bin/env node
/**
 * The program: reads the command line and hands each command to whoever does it, loaded only then. Turns what is thrown
 * into one sentence on stderr and an exit status: 0 done, 1 failed, 2 wrong usage.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { CommanderError } from 'commander';

import { loadConfig } from '../config/load.ts';
import { packageFolder } from '../config/paths.ts';
import type { CliActions } from './adapters/cli/actions.ts';
import { buildProgram } from './adapters/cli/commands.ts';
import { CancelledError, UserError } from './core/errors.ts';

const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};
const warn = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

const actions: CliActions = {
  start: async () => (await import('./start/start.ts')).start(loadConfig(), { print, warn }),
  imagine: async (prompt, options) =>
    (await import('./start/command-line.ts')).imagine(loadConfig(), prompt, options, { print, warn }),
  emoji: async (prompt, options) =>
    (await import('./start/command-line.ts')).emoji(loadConfig(), prompt, options, { print, warn }),
  upscale: async (file, options) =>
    (await import('./start/command-line.ts')).upscale(loadConfig(), file, options, { print, warn }),
  modelAdd: async (source, options) =>
    (await import('./tools/models.ts')).addModel(loadConfig(), source, options, print),
  modelList: async (options) => (await import('./tools/models.ts')).listModels(loadConfig(), options, print),
  modelRemove: async (id) => (await import('./tools/models.ts')).removeModel(loadConfig(), id, print),
  embeddingAdd: async (file, options) =>
    (await import('./tools/embeddings.ts')).addEmbedding(loadConfig(), file, options, print),
  embeddingRemove: async (word, options) =>
    (await import('./tools/embeddings.ts')).removeEmbedding(loadConfig(), word, options, print),
  styleAdd: async (file, options) => (await import('./tools/styles.ts')).addStyle(loadConfig(), file, options, print),
  styleTrain: async (pictures, options) =>
    (await import('./tools/train-style.ts')).trainStyleFromFiles(loadConfig(), pictures, options, { print, warn }),
  quantize: async (model, options) =>
    (await import('./tools/quantize/command.ts')).quantizeModel(loadConfig(), model, options, { print, warn }),
  distill: async (options) => (await import('./tools/distill.ts')).distillModel(loadConfig(), options, { print }),
  styleList: async (options) => (await import('./tools/styles.ts')).listStyles(loadConfig(), options, print),
  styleRemove: async (id) => (await import('./tools/styles.ts')).removeStyle(loadConfig(), id, print),
  loraInspect: async (file, options) => (await import('./tools/lora-inspect.ts')).inspect(file, options, print),
  deployCommands: async () => (await import('./tools/deploy-commands.ts')).deploy(loadConfig(), print),
  benchAll: async (options) => (await import('./tools/bench.ts')).bench(loadConfig(), options, print),
  benchUnet: async (options) => (await import('./tools/bench-unet/command.ts')).run(options, { print, warn }),
  benchTrain: async (options) => (await import('./tools/bench-train/command.ts')).run(options, { print, warn }),
  benchBeside: async (options) => (await import('./tools/bench-beside.ts')).run(loadConfig(), options, { print, warn }),
  benchStyle: async (options) =>
    (await import('./tools/bench-style/command.ts')).run(loadConfig(), options, { print, warn }),
  benchAccelerators: async (options) => (await import('./tools/bench-accelerators.ts')).run(options, { print, warn }),
  benchMemory: async (options) => (await import('./tools/bench-memory/command.ts')).run(options, { print, warn }),
  benchFiles: async (options) => (await import('./tools/bench-files/command.ts')).run(options, { print, warn }),
  benchRunner: async (options) => {
    const { model, devices, dataFolder } = loadConfig();
    const measured = { model, devices, cacheDir: join(dataFolder, 'cache') };
    const { run } = await import('./tools/bench-runner/bench-runner.ts');
    await run({ ...options, measured, dataFolder }, { print, warn });
  },
  benchDevice: async (options) =>
    (await import('./tools/bench-device/command.ts')).run(loadConfig(), options, { print, warn }),
  doctor: async (options) => (await import('./tools/doctor.ts')).doctor(loadConfig(), options, print),
  gpuInstall: async (options) => (await import('./tools/gpu-install/gpu-install.ts')).gpuInstall(options, print),
  runnerWork: async () => (await import('./start/runner-work.ts')).work(loadConfig(), print),
};

const packageJson: { readonly version: string } = JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8'));

/** Options that only the engine can judge count as wrong usage too. */
const WRONG_USAGE = /^(usage|request|size|aspect)\./;

// Whoever reads the output may stop before its end, as `head` does: no fault of anybody's.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? 0 : 1);
});

process.exitCode = await run();

async function run(): Promise<number> {
  try {
    await buildProgram(actions, packageJson.version).parseAsync(process.argv);
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) {
      // Commander has printed its sentence; help and version count as done.
      return error.exitCode === 0 ? 0 : 2;
    }
    if (error instanceof UserError || error instanceof CancelledError) {
      warn(`fourstep: ${error.message}`);
      return error instanceof UserError && WRONG_USAGE.test(error.code) ? 2 : 1;
    }
    warn(
      `fourstep: something of ours broke: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    );
    return 1;
  }
}
