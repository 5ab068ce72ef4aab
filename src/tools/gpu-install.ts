/**
 * `fourstep gpu install`: fetches onnxruntime's CUDA provider with onnxruntime-node's own script, which a plain install
 * does not run. Knows where that script lies and nothing of CUDA.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

import { UserError } from '../core/errors.ts';

export async function gpuInstall(print: (line: string) => void): Promise<void> {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new UserError(
      'gpu.platform',
      `Expected Linux on x64, where onnxruntime has a CUDA provider; this is ${process.platform} on ${process.arch}. Use cpu, coreml, dml or webgpu in RUNNERS.`,
    );
  }
  const folder = dirname(createRequire(import.meta.url).resolve('onnxruntime-node/package.json'));
  const script = join(folder, 'script', 'install.js');
  if (!existsSync(script)) {
    throw new UserError(
      'gpu.script',
      `Expected onnxruntime-node\u2019s install script at ${script}, but it is not there. Reinstall with npm ci.`,
    );
  }
  print('fetching the CUDA provider of onnxruntime …');
  const status = await new Promise<number | null>((resolve, reject) => {
    const child = spawn(process.execPath, [script, '--onnxruntime-node-install=cuda12'], {
      stdio: 'inherit',
      cwd: folder,
    });
    child.once('error', reject);
    child.once('exit', resolve);
  });
  if (status !== 0) {
    throw new UserError(
      'gpu.fetch',
      'The CUDA provider could not be fetched; check the connection to the package registry and try again.',
    );
  }
  print('done: set RUNNERS=cuda:0');
}
