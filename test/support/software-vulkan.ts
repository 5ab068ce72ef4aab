/**
 * A Vulkan driver without a card: SwiftShader as Debian's chromium brings it. With it onnxruntime's WebGPU provider runs
 * on any machine; a child process gets it by its environment, for a fault of the provider ends the process.
 */
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';

const DRIVER = '/usr/lib/chromium/vk_swiftshader_icd.json';
const LOADERS = ['/usr/lib/x86_64-linux-gnu/libvulkan.so.1', '/usr/lib/aarch64-linux-gnu/libvulkan.so.1'];

/** Why there is none; undefined where there is one. */
export const noSoftwareVulkan: string | undefined = !existsSync(DRIVER)
  ? `no ${DRIVER} (chromium)`
  : LOADERS.some((file) => existsSync(file))
    ? undefined
    : 'no libvulkan.so.1';

export const SOFTWARE_VULKAN = {
  VK_DRIVER_FILES: DRIVER,
  VK_LOADER_LAYERS_DISABLE: '~all~',
  XDG_RUNTIME_DIR: tmpdir(),
} as const;
