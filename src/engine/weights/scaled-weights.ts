/**
 * Weights of 8 bits whose scale lies in a tensor beside them: one for the whole, or one for each row. Each tensor learns of
 * its scale here, and whoever reads it gets the products. Spellings as ComfyUI (`scale_weight`) and compressed-tensors
 * (`weight_scale`) write them.
 */
import type { TensorInfo, TensorSource } from './tensor-source.ts';
import { infosOf, TensorTable } from './tensor-table.ts';

/** The same tensors, scaled ones with their scales; the scales themselves, and those of activations, are left out. */
export function withScales(source: TensorSource): TensorTable {
  return new TensorTable(
    source.origin,
    infosOf(source).flatMap((info) => (HELPERS.test(info.name) ? [] : [scaled(source, info)])),
  );
}

const HELPERS = /(?:\.(?:scale_weight|scale_input|weight_scale|input_scale)|^scaled_fp8|\.scaled_fp8|\.comfy_quant)$/;

function scaled(source: TensorSource, info: TensorInfo): TensorInfo {
  if (!EIGHT_BITS.has(info.dtype) || !info.name.endsWith('.weight')) {
    return info;
  }
  const module = info.name.slice(0, -'.weight'.length);
  const scale = source.get(`${module}.scale_weight`) ?? source.get(`${module}.weight_scale`);
  const numbers = scale?.shape.reduce((product, side) => product * side, 1);
  return scale === undefined || (numbers !== 1 && numbers !== info.shape[0]) ? info : { ...info, scale };
}

const EIGHT_BITS: ReadonlySet<string> = new Set(['F8_E4M3', 'F8_E5M2', 'I8']);
