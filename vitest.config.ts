import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Tests share two cores with onnxruntime's own threads.
    maxWorkers: 2,
    // Children that a test starts from sources (`fork`) inherit it.
    execArgv: ['--import', new URL('test/support/typescript-loader.mjs', import.meta.url).href],
  },
});
