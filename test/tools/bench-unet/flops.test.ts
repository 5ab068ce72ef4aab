import { describe, expect, it } from 'vitest';

import { parseUNetConfig } from '../../../src/engine/nets/unet-config.ts';
import { UNETS } from '../../../src/tools/bench-unet/architectures.ts';
import { unetGflop } from '../../../src/tools/bench-unet/flops.ts';

describe('unetGflop', () => {
  it('counts SD 1.5 at 64×64 latents as 803 GFLOP, the figure of torch’s own counter', () => {
    const gflop = unetGflop(parseUNetConfig(UNETS.sd15.config, 'sd15'), 64, 64, 77);
    expect(gflop).toBeGreaterThan(799);
    expect(gflop).toBeLessThan(807);
  });

  it('grows faster than the area, for attention is quadratic in it', () => {
    const config = parseUNetConfig(UNETS.sd15.config, 'sd15');
    expect(unetGflop(config, 64, 64, 77)).toBeGreaterThan(4 * unetGflop(config, 32, 32, 77));
  });
});
