/** Rows a call: by the curve, by the device's memory, and never none. */
import { describe, expect, it } from 'vitest';

import { parseAutoencoderConfig } from '../../src/engine/model/autoencoder.ts';
import { rowMemory, rowsThatFit } from '../../src/engine/model/row-memory.ts';
import { buildKLDecoder, buildUNet, loweringFor, NO_WEIGHTS, parseUNetConfig } from '../../src/engine/nets/index.ts';
import { Add, GraphBuilder, Mul, type Graph } from '../../src/engine/onnx/index.ts';
import type { Provider } from '../../src/engine/onnx/provider.ts';
import { RowLimits } from '../../src/engine/row-limits.ts';
import { UNETS } from '../../src/tools/bench-unet/architectures.ts';
import { PUBLISHED_VAE } from '../../src/tools/bench-unet/decoder.ts';

const GIB = 2 ** 30;
const row = { bytes: GIB, largest: GIB / 4 };

type Given = {
  readonly gib?: number;
  readonly open?: number;
  readonly usualRows?: number;
  readonly provider?: Provider;
};

function limits({ gib, open = 0, usualRows = 16, provider = 'webgpu' }: Given): RowLimits {
  return new RowLimits({
    usualRows,
    curves: [{ name: 'x', source: 'a test', stepMs: { '1': 10, '4': 12 }, model: 'measured', width: 512, height: 512 }],
    room: gib === undefined ? undefined : { bytes: gib * GIB, largest: Number.POSITIVE_INFINITY },
    memory: { weightBytes: open * GIB },
    provider,
  });
}

const kind = (name: string) => ({
  model: {
    bytes: 2 * GIB,
    unet: { rowMemory: () => row } as never,
    decoders: { pictureMemory: () => ({ bytes: 2 * GIB, largest: GIB }) } as never,
  },
  name,
  size: { channels: 4, height: 64, width: 64 },
  width: 512,
  height: 512,
  tokens: 77,
});

describe('rows of a call', () => {
  it('are the usual number, or what a curve says, where memory is no matter', () => {
    expect(limits({}).of(kind('any'))).toEqual({ mostRows: 16, mostDecodes: Number.POSITIVE_INFINITY });
    expect(limits({}).of(kind('measured')).mostRows).toBe(4);
    expect(limits({ usualRows: 1 }).of(kind('measured')).mostRows).toBe(4);
  });

  it('are those that fit beside the weights, and one at least', () => {
    expect(limits({ gib: 11 }).of(kind('any'))).toEqual({ mostRows: 8, mostDecodes: 4 });
    expect(limits({ gib: 11, open: 6 }).of(kind('any'))).toEqual({ mostRows: 4, mostDecodes: 2 });
    expect(limits({ gib: 80 }).of(kind('any')).mostRows).toBe(16);
    expect(limits({ gib: 1 }).of(kind('any'))).toEqual({ mostRows: 1, mostDecodes: 1 });
  });

  it('are a count that a call may have, where the device is given certain ones alone', () => {
    expect(limits({ gib: 10 }).of(kind('any'))).toEqual({ mostRows: 7, mostDecodes: 3 });
    expect(limits({ gib: 10, provider: 'cuda' }).of(kind('any'))).toEqual({ mostRows: 4, mostDecodes: 2 });
  });
});

describe('the memory of a row', () => {
  const sum = (): Graph => {
    const graph = new GraphBuilder('sum');
    const x = graph.input('x', 'f32', ['rows', 'width']);
    const fixed = Add(graph.input('w', 'f32', [1000]), graph.scalar(1)); // the same for any number of rows
    graph.output('y', Mul(x, x));
    graph.output('z', fixed);
    return graph.finish();
  };

  it('is what it adds, without what a call holds once', () => {
    const { bytes, largest } = rowMemory(sum(), { width: 64 });
    expect(bytes).toBe(1.75 * 4 * 64);
    expect(largest).toBe(4 * 64);
  });

  it('bounds a call by the largest tensor too', () => {
    expect(rowsThatFit(row, { bytes: 100 * GIB, largest: GIB })).toBe(4);
    expect(rowsThatFit(row, { bytes: 3.5 * GIB, largest: GIB })).toBe(3);
  });

  it.each([
    ['cuda', 'f16', 'last', 'fused'],
    ['webgpu', 'f32', 'first', 'decomposed'],
    ['webgpu', 'f16', 'first', 'decomposed'],
  ] as const)(
    'is known of the published nets: %s %s, channels %s, %s attention',
    (provider, dtype, channels, attention) => {
      const lowering = loweringFor({ provider, dtype, channels, attention });
      const vae = parseAutoencoderConfig({ ...PUBLISHED_VAE, sample_size: 512 }, 'vae');
      const unet = buildUNet(parseUNetConfig(UNETS.sd15.config, 'sd15'), NO_WEIGHTS, { lowering, sizes: 'whole' });
      const decoder = vae.kind === 'AutoencoderKL' ? buildKLDecoder(vae, NO_WEIGHTS, { lowering }) : unet;
      const [small, large] = [32, 64].map((side) => rowMemory(unet, { height: side, width: side, tokens: 77 }));
      expect(small?.bytes).toBeGreaterThan(10e6);
      expect(large?.bytes).toBeGreaterThan(3 * (small?.bytes ?? 0));
      expect(large?.bytes).toBeLessThan(1e9);
      const picture = rowMemory(decoder, { height: 64, width: 64 });
      // Two tensors of 512² pixels and 256 channels at least.
      expect(picture.bytes).toBeGreaterThan(2 * 512 ** 2 * 256 * (dtype === 'f16' ? 2 : 4));
    },
  );
});
