import { describe, expect, it } from 'vitest';
import { combineGuidance, guidanceEmbedding } from '../../../src/engine/sampling/index.ts';

describe('classifier-free guidance', () => {
  it('moves from the negative answer through the positive one', () => {
    const target = new Float32Array(3);
    combineGuidance(Float32Array.of(1, 2, 3), Float32Array.of(1, 1, 5), 1.5, target);
    expect([...target]).toEqual([1, 2.5, 2]);
  });

  it('may overwrite one of its inputs', () => {
    const positive = Float32Array.of(1, 2);
    combineGuidance(positive, Float32Array.of(0, 0), 2, positive);
    expect([...positive]).toEqual([2, 4]);
  });
});

describe('the guidance embedding of a full LCM model', () => {
  // diffusers 0.42: LatentConsistencyModelPipeline.get_guidance_scale_embedding(torch.tensor([7.5]), embedding_dim=8)
  const GOLDEN_7_5 = [-0.851236, 0.562671, -0.435233, 0.681639, -0.524783, -0.826681, -0.900318, 0.731689];

  it('has the sines and cosines of diffusers', () => {
    const embedding = guidanceEmbedding(8.5, 8);
    expect(Math.max(...GOLDEN_7_5.map((value, i) => Math.abs(value - embedding[i]!)))).toBeLessThan(1e-4);
  });

  it('ends with a zero when its length is odd', () => {
    const embedding = guidanceEmbedding(8.5, 9);
    expect(embedding[8]).toBe(0);
    expect(embedding.slice(0, 8)).toEqual(guidanceEmbedding(8.5, 8));
  });
});
