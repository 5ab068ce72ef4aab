/** Inputs of a call, put together. */
import { describe, expect, it } from 'vitest';

import { joinFeeds } from '../../../src/engine/ort/index.ts';

describe('joinFeeds', () => {
  const one = { data: new Float32Array([1]), shape: [1] };
  const two = { data: new Float32Array([2]), shape: [1] };

  it('gives all of all parts, the later of a name, and leaves the parts as they are', () => {
    const first = { sample: one, timestep: one };
    expect(joinFeeds(first, { timestep: two, 'net.lora_up': two })).toEqual({
      sample: one,
      timestep: two,
      'net.lora_up': two,
    });
    expect(first).toEqual({ sample: one, timestep: one });
    expect(joinFeeds()).toEqual({});
  });
});
