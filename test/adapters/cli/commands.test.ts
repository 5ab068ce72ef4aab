import { describe, expect, it, vi } from 'vitest';

import type { CliActions } from '../../../src/adapters/cli/actions.ts';
import { buildProgram } from '../../../src/adapters/cli/commands.ts';

function actionsThat(record: (name: string, ...args: readonly unknown[]) => void): CliActions {
  const action =
    (name: string) =>
    async (...args: readonly unknown[]): Promise<void> =>
      record(name, ...args);
  return {
    start: action('start'),
    imagine: action('imagine'),
    emoji: action('emoji'),
    upscale: action('upscale'),
    modelAdd: action('modelAdd'),
    modelList: action('modelList'),
    modelRemove: action('modelRemove'),
    embeddingAdd: action('embeddingAdd'),
    embeddingRemove: action('embeddingRemove'),
    styleAdd: action('styleAdd'),
    styleList: action('styleList'),
    distill: action('distill'),
    quantize: action('quantize'),
    styleTrain: action('styleTrain'),
    styleRemove: action('styleRemove'),
    loraInspect: action('loraInspect'),
    deployCommands: action('deployCommands'),
    benchAll: action('benchAll'),
    benchUnet: action('benchUnet'),
    benchDevice: action('benchDevice'),
    benchTrain: action('benchTrain'),
    benchBeside: action('benchBeside'),
    benchStyle: action('benchStyle'),
    benchAccelerators: action('benchAccelerators'),
    benchFiles: action('benchFiles'),
    benchMemory: action('benchMemory'),
    benchRunner: action('benchRunner'),
    doctor: action('doctor'),
    gpuInstall: action('gpuInstall'),
    runnerWork: action('runnerWork'),
  };
}

describe('buildProgram', () => {
  it.each([
    [['bench', '--json'], 'benchAll', { json: true }],
    [['bench', 'unet', '--json', '--size', '64'], 'benchUnet', { json: true, arch: 'sd15' }],
    [['bench', 'accelerators', '--json'], 'benchAccelerators', { json: true }],
    [['bench', 'files', '--only', 'opening'], 'benchFiles', { only: 'opening' }],
    [['bench', 'memory', '--json'], 'benchMemory', { json: true, arch: 'sd15', precision: 'int8', decoder: 'full' }],
    [['bench', 'runner', '--json'], 'benchRunner', { json: true, jobs: 1000 }],
    [['model', 'list', '--json'], 'modelList', { json: true }],
  ])('hands %j to the command it is written after', async (args, name, options) => {
    const record = vi.fn();
    await buildProgram(actionsThat(record), '1.0.0').parseAsync(args, { from: 'user' });
    expect(record).toHaveBeenCalledOnce();
    expect(record.mock.calls[0]?.slice(0, 2)).toEqual([name, expect.objectContaining(options)]);
  });

  it('takes words without quotes, with options among them', async () => {
    const record = vi.fn();
    const args = ['imagine', 'a', 'cat', 'on', 'blue', '--ar', '3:2', '--seed', '7'];
    await buildProgram(actionsThat(record), '1.0.0').parseAsync(args, { from: 'user' });
    expect(record).toHaveBeenCalledWith('imagine', 'a cat on blue', expect.objectContaining({ ar: '3:2', seed: 7 }));
  });

  it('makes a picture twice as large, beside it, where nothing else is said', async () => {
    const record = vi.fn();
    await buildProgram(actionsThat(record), '1.0.0').parseAsync(['upscale', 'fox.png'], { from: 'user' });
    const [, file, options] = record.mock.calls[0] ?? [];
    expect([file, options]).toEqual(['fox.png', { scale: 2 }]);
  });

  it('shows examples in its help', () => {
    let help = '';
    const program = buildProgram(
      actionsThat(() => undefined),
      '1.0.0',
    );
    const imagine = program.commands.find((command) => command.name() === 'imagine');
    imagine?.configureOutput({ writeOut: (text) => (help += text) }).outputHelp();
    expect(help).toContain('fourstep imagine a cat on blue');
  });
});
