/**
 * What a net runs on, and what this machine has. A device that is lacking is refused before anything is built, with
 * the way to get it.
 */
import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

import { UserError } from '../../core/errors.ts';
import { PROVIDERS, type Provider } from '../onnx/provider.ts';
import { loadRuntime, type Runtime } from './runtime.ts';

export type Device =
  | { readonly kind: 'cpu' }
  | { readonly kind: 'cuda' | 'tensorrt' | 'dml'; readonly deviceId: number }
  | { readonly kind: 'coreml' }
  /** `layout`: of its convolutions; NCHW by default, the other was seen to be wrong for some channels. */
  | { readonly kind: 'webgpu'; readonly layout?: 'NCHW' | 'NHWC' };

/** Providers that the installed onnxruntime can open on this machine; 'cpu' is always there. */
export async function listProviders(): Promise<readonly Provider[]> {
  return providersOf(await loadRuntime());
}

/** Throws `UserError` `device.missing`, saying how to get the device. */
export async function requireDevice(device: Device): Promise<void> {
  const present = providersOf(await loadRuntime());
  if (!present.includes(device.kind)) {
    throw new UserError(
      'device.missing',
      `Expected a device of this machine (${present.join(', ')}), got ${device.kind}; ${HOW_TO_GET[device.kind]}.`,
      { params: { device: device.kind, present: present.join(', ') } },
    );
  }
}

/** The library lists what it was built to open; what does not come with it is there only once its file is. */
function providersOf(runtime: Runtime): readonly Provider[] {
  const files = libraryFiles();
  const there = runtime
    .listSupportedBackends()
    .filter(({ name, bundled }) => bundled || files.some((file) => file.includes(`onnxruntime_providers_${name}.`)));
  return PROVIDERS.filter((provider) => provider === 'cpu' || there.some(({ name }) => name === provider));
}

/** What lies beside onnxruntime's own library. */
function libraryFiles(): readonly string[] {
  const packageFile = createRequire(import.meta.url).resolve('onnxruntime-node/package.json');
  return readdirSync(join(dirname(packageFile), 'bin', 'napi-v6', process.platform, process.arch));
}

const HOW_TO_GET: Readonly<Record<Provider, string>> = {
  cpu: 'it comes with onnxruntime-node',
  cuda: 'it needs Linux x64, an NVIDIA driver, CUDA 12 or 13 with cuDNN 9, and `fourstep gpu install`',
  tensorrt: 'it needs Linux x64, an NVIDIA driver, TensorRT 10, and `fourstep gpu install`',
  dml: 'it needs Windows 10 or later with a DirectX 12 graphics card',
  coreml: 'it needs macOS on Apple hardware',
  webgpu: 'it needs an onnxruntime-node with WebGPU and a Vulkan, Metal or DirectX 12 driver',
};
