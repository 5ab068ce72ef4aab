import { describe, expect, it } from 'vitest';
import { parseManifest } from '../../../src/engine/model/manifest-file.ts';

const MOJI = {
  id: 'moji',
  name: 'Moji',
  base: 'moji',
  lcmLora: 'lcm.safetensors',
  defaults: { width: 128, height: 128, steps: 4, guidance: 1, scheduler: 'lcm' },
  sizes: [128],
  styles: [{ id: 'ink', name: 'Ink', file: 'styles/ink.safetensors', weight: 0.8 }],
  upscalers: { '2': 'upscaler_2x' },
};

function parse(changes: Record<string, unknown>) {
  return () => parseManifest(JSON.stringify({ ...MOJI, ...changes }), 'fourstep.json');
}

describe('a manifest', () => {
  it('is read with defaults for what may be left out', () => {
    const manifest = parse({})();
    expect(manifest.styles[0]).toEqual({ ...MOJI.styles[0], trigger: '', description: '' });
    expect(manifest.upscalers).toEqual({ '2': 'upscaler_2x' });
    expect(manifest.accelerators).toEqual([{ id: 'lcm', file: 'lcm.safetensors', weight: 1, recipe: 'lcm' }]);
  });

  it('without an LCM-LoRA says so with undefined, however the file puts it', () => {
    expect(parse({ lcmLora: null })().accelerators).toEqual([]);
    expect(parse({ lcmLora: undefined })().accelerators).toEqual([]);
  });

  it('may name a net for alpha, inside its folder', () => {
    expect(parse({})().alphaHead).toBeUndefined();
    expect(parse({ alphaHead: 'alpha-head' })().alphaHead).toBe('alpha-head');
    expect(parse({ alphaHead: '../alpha-head' })).toThrow('`alphaHead` is not usable');
  });

  it('names the key that is not usable', () => {
    expect(parse({ base: 'sd99' })).toThrow("Expected a model's manifest in fourstep.json, but `base` is not usable");
    expect(parse({ sizes: [100] })).toThrow('`sizes.0`');
    expect(() => parseManifest('{', 'fourstep.json')).toThrow('but it is not usable');
  });

  it('may not point outside its folder', () => {
    expect(parse({ lcmLora: '../../etc/passwd' })).toThrow('must stay inside the folder');
    expect(parse({ lcmLora: '/etc/passwd' })).toThrow('must stay inside the folder');
  });
});
