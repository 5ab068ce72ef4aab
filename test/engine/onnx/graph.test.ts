/** Values that know their shape, and errors on the line that made the mistake. */
import { describe, expect, it } from 'vitest';

import {
  Add,
  Concat,
  Conv,
  DepthToSpace,
  Gemm,
  GraphBuilder,
  MatMul,
  MultiHeadAttention,
  Reshape,
  Resize,
  Split,
  Transpose,
} from '../../../src/engine/onnx/index.ts';
import { broadcast, scaled } from '../../../src/engine/onnx/shape.ts';

describe('symbolic lengths', () => {
  it('scale there and back', () => {
    expect(scaled('width', 1, 2)).toBe('width/2');
    expect(scaled('width/2', 1, 2)).toBe('width/4');
    expect(scaled('width/4', 4, 1)).toBe('width');
    expect(scaled('width', 8, 1)).toBe('width*8');
    expect(scaled('width*8', 1, 4)).toBe('width*2');
    expect(scaled('width/2', 3, 1)).toBe('width*3/2');
  });

  it('round up where they are numbers', () => {
    expect(scaled(13, 1, 2)).toBe(7);
  });

  it('broadcast against ones and nothing else', () => {
    expect(broadcast('Add', ['rows', 4, 'width'], [4, 1])).toEqual(['rows', 4, 'width']);
    expect(() => broadcast('Add', ['rows', 4], ['rows', 5])).toThrow(
      'Add: expected shapes that broadcast, got [rows, 4] and [rows, 5].',
    );
  });
});

describe('a length that may be 1 instead', () => {
  it('broadcasts to the length, and to no other', () => {
    expect(broadcast('MatMul', ['rows'], ['rows?'])).toEqual(['rows']);
    expect(broadcast('MatMul', ['rows?'], ['rows'])).toEqual(['rows']);
    expect(broadcast('Mul', ['rows?', 1], [1, 4])).toEqual(['rows?', 4]);
    expect(() => broadcast('Mul', ['rows?'], ['height'])).toThrow('shapes that broadcast');
  });
});

describe('operators', () => {
  const graph = new GraphBuilder('test');
  const picture = graph.input('picture', 'f32', ['rows', 4, 'height', 'width']);
  const tokens = graph.input('tokens', 'f32', ['rows', 'length', 6]);
  const kernel = graph.floats('kernel', new Float32Array(8 * 4 * 9), [8, 4, 3, 3]);

  it('compute shapes with names in them', () => {
    expect(Conv(picture, kernel, undefined, { strides: [2, 2], pads: [1, 1, 1, 1] }).shape).toEqual([
      'rows',
      8,
      'height/2',
      'width/2',
    ]);
    expect(Resize(picture, 2).shape).toEqual(['rows', 4, 'height*2', 'width*2']);
    expect(DepthToSpace(picture, 2).shape).toEqual(['rows', 1, 'height*2', 'width*2']);
    expect(Transpose(tokens, [0, 2, 1]).shape).toEqual(['rows', 6, 'length']);
    expect(Concat([picture, picture], 1).shape).toEqual(['rows', 8, 'height', 'width']);
    expect(Split(tokens, [2, 4], -1).map((part) => part.shape)).toEqual([
      ['rows', 'length', 2],
      ['rows', 'length', 4],
    ]);
    expect(MatMul(tokens, Transpose(tokens, [0, 2, 1])).shape).toEqual(['rows', 'length', 'length']);
  });

  it('refuse shapes that do not fit', () => {
    expect(() => Conv(tokens, kernel, undefined)).toThrow(/Conv: expected x \[N, C, H, W\]/);
    expect(() => Conv(picture, kernel, undefined)).toThrow(/padding that keeps the size height/);
    expect(() => Concat([picture, tokens], 1)).toThrow(/Concat: expected one type, and one shape but for axis 1/);
    expect(() => MatMul(tokens, tokens)).toThrow(/MatMul/);
    expect(() => Gemm(tokens, tokens, undefined)).toThrow(/Gemm/);
    expect(() => Transpose(tokens, [0, 0, 1])).toThrow(/permutation/);
    expect(() => Split(tokens, [2, 2], 2)).toThrow(/Split: expected an axis 2 of 2 \+ 2/);
    expect(() => Reshape(kernel, [8, 35], [8, 35])).toThrow(/as many elements/);
    expect(() => MultiHeadAttention(tokens, tokens, tokens, { num_heads: 4 })).toThrow(/C divided by 4/);
  });

  it('refuse to mix number types and graphs', () => {
    const half = graph.input('half', 'f16', ['rows', 4, 'height', 'width']);
    const stranger = new GraphBuilder('other').input('x', 'f32', ['rows', 4, 'height', 'width']);
    expect(() => Add(picture, half)).toThrow('Add: expected one number type, got f32 and f16.');
    expect(() => Add(picture, stranger)).toThrow('Add: x belongs to another graph.');
  });
});

describe('the graph builder', () => {
  it('makes one node of two that would compute the same', () => {
    const graph = new GraphBuilder('test');
    const x = graph.input('x', 'f32', ['n']);
    expect(Add(x, x)).toEqual(Add(x, x));
    graph.output('y', Add(x, x));
    expect(graph.finish().nodes.map((node) => node.opType)).toEqual(['Add', 'Identity']);
  });

  it('refuses two constants of one name and different shape, and two inputs of one name', () => {
    const graph = new GraphBuilder('test');
    graph.input('x', 'f32', ['n']);
    graph.floats('w', new Float32Array(2), [2]);
    expect(() => graph.floats('w', new Float32Array(2), [2, 1])).toThrow(/w is there already as f32 \[2\]/);
    expect(() => graph.input('x', 'f32', ['n'])).toThrow(/has an input x already/);
  });

  it('gives a constant another shape as a constant, and leaves what is none to be reshaped', () => {
    const graph = new GraphBuilder('test');
    const data = { kind: 'external', location: 'w.safetensors', offset: 8, length: 24 } as const;
    const w = graph.initializer('w', 'f32', [2, 3, 1, 1], data);
    expect(graph.constantAs(w, [1, 2, 3])).toMatchObject({ name: 'w as [1, 2, 3]', shape: [1, 2, 3] });
    expect(graph.constantAs(graph.input('x', 'f32', [6]), [2, 3])).toBeUndefined();
    const { nodes, initializers } = graph.finish();
    expect(nodes).toEqual([]);
    expect(initializers.map((each) => each.data)).toEqual([data, data]);
  });
});
