/**
 * `fourstep gpu install`: onnxruntime's CUDA provider beside onnxruntime-node's own library, which a plain install lacks,
 * and a word on whether it opens here. For CUDA 13 from PyPI's wheel of the same version, for CUDA 12 by onnxruntime-node's
 * own script.
 */
import { execFile, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

import { UserError } from '../../core/errors.ts';
import { tryOut } from '../../engine/index.ts';
import { fetchProviders } from './provider-wheel.ts';
import type { Print } from '../../adapters/cli/actions.ts';

export type GpuInstallOptions = {
  /** Default: the one whose libraries the system has, else 13. */
  readonly cuda?: '12' | '13';
  /** A Python package index, for CUDA 13; default PyPI. */
  readonly index?: string;
};

/** Throws `UserError` `gpu.…` where there is no provider for this machine or it could not be fetched. */
export async function gpuInstall(
  { cuda, index = 'https://pypi.org/simple' }: GpuInstallOptions,
  print: Print,
): Promise<void> {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new UserError(
      'gpu.platform',
      `Expected Linux on x64, where onnxruntime has a CUDA provider; this is ${process.platform} on ${process.arch}. Use cpu, coreml, dml or webgpu in RUNNERS.`,
    );
  }
  const packageFile = createRequire(import.meta.url).resolve('onnxruntime-node/package.json');
  const wanted =
    cuda ?? ((await hasLibrary('libcudart.so.12')) && !(await hasLibrary('libcudart.so.13')) ? '12' : '13');
  print(`fetching onnxruntime’s provider for CUDA ${wanted} …`);
  if (wanted === '12') {
    await runScript(dirname(packageFile));
  } else {
    const { version }: { readonly version: string } = JSON.parse(readFileSync(packageFile, 'utf8'));
    const folder = join(dirname(packageFile), 'bin', 'napi-v6', process.platform, process.arch);
    await fetchProviders({ index, version, folder });
  }
  const { passed, detail } = await tryOut('opens', { kind: 'cuda', deviceId: 0 });
  print(
    passed
      ? 'done, and it computes: set RUNNERS=cuda:0'
      : `fetched, but it does not open here: ${oneLine(detail)}. It needs an NVIDIA driver, and CUDA ${wanted} with cuBLAS, cuRAND and cuDNN 9 where the system finds libraries (LD_LIBRARY_PATH); then try fourstep doctor.`,
  );
}

/** onnxruntime-node's own: NuGet's package for CUDA 12. */
async function runScript(folder: string): Promise<void> {
  const script = join(folder, 'script', 'install.js');
  if (!existsSync(script)) {
    throw new UserError(
      'gpu.script',
      `Expected onnxruntime-node’s install script at ${script}, but it is not there. Reinstall with npm ci.`,
    );
  }
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
}

/** Whether the system's loader knows it. */
async function hasLibrary(name: string): Promise<boolean> {
  try {
    const { stdout } = await promisify(execFile)('ldconfig', ['-p']);
    return stdout.includes(name);
  } catch {
    return false; // no such program: nothing is known
  }
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').replace(/\.$/, '').slice(0, 300);
}
