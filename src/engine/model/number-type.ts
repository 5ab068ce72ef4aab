/**
 * The number type that each net of a model is computed in: fp16 halves memory and time where a device has units for
 * it, and some nets leave its range. Knows no graphs.
 */
import type { Island, NumberType, UNetConfig } from '../nets/index.ts';
import type { Device } from '../ort/index.ts';

/**
 * What a device computes in unless told otherwise. The processor has no fp16 kernels (a third slower, measured);
 * Core ML narrows by itself; WebGPU's fp16 is an extension that not every adapter has.
 */
export function usualNumberType(device: Device['kind']): NumberType {
  switch (device) {
    case 'cuda':
    case 'tensorrt':
    case 'dml':
      return 'f16';
    case 'cpu':
    case 'coreml':
    case 'webgpu':
      return 'f32';
    default:
      return device satisfies never;
  }
}

/** Parts of a UNet that stay in fp32: the sums of SDXL's wide norms, and attention where the config asks for it. */
export function unetIslands({ textTime, upcastAttention }: UNetConfig): readonly Island[] {
  return [...(textTime === undefined ? [] : (['norm'] as const)), ...(upcastAttention ? (['attention'] as const) : [])];
}

/** A VAE whose config says that fp16 overflows in it is computed in fp32. */
export function autoencoderNumberType(
  config: { readonly kind: string; readonly forceUpcast?: boolean },
  wanted: NumberType,
): NumberType {
  return config.forceUpcast === true ? 'f32' : wanted;
}
