/** What can be run between two edits: everything that starts no program, no browser and no server, and draws no picture. */
import { configDefaults, defineConfig, mergeConfig } from 'vitest/config';

import base from './vitest.config.ts';

const quick = defineConfig({
  test: {
    exclude: [
      ...configDefaults.exclude,
      'test/journey/**',
      'test/train/**',
      'test/runner/**',
      'test/start/**',
      'test/tools/**',
      'test/adapters/**',
      'test/store/**',
      'test/conformance/**',
      'test/engine/*.test.ts',
      'test/engine/{model,nets,weights,ort}/**',
      'test/engine/onnx/gradients/**',
      'test/engine/webgpu/**',
      'test/fuzz/**',
    ],
  },
});

export default mergeConfig(base, quick);
