/**
 * The devices that onnxruntime computes on, by the names of its execution providers. Graphs differ by them in the
 * operators they use; sessions in how they are opened.
 */
export const PROVIDERS = ['cpu', 'cuda', 'tensorrt', 'dml', 'coreml', 'webgpu'] as const;
export type Provider = (typeof PROVIDERS)[number];
