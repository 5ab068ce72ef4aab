/** Which lowering a device gets. The one place that knows devices by name. */
import type { Provider } from '../../onnx/provider.ts';
import type { Lowering, NumberType } from '../lowering.ts';
import { channelsLastLowering } from './channels-last.ts';
import { eightBitLowering } from './eight-bit.ts';
import { ordinaryLowering } from './ordinary.ts';
import type { Island } from './precision.ts';
import { processorLowering } from './processor.ts';

/** Pairs of features for each tile: SD 1.5 at 512² then has 0.3 GB of kernels more than with direct ones, not 1.0. */
const LEAN = 80 ** 2;

export type LoweringOptions = {
  readonly provider: Provider;
  readonly dtype?: NumberType;
  readonly islands?: readonly Island[];
  /** Default: one operator on a processor. */
  readonly attention?: 'fused' | 'decomposed';
  /**
   * 'winograd': the convolutions that gain by it take transformed kernels. 'winograd where lean': of those only the ones whose
   * kernels are small beside their pictures. Default 'direct'; on a processor in fp32 only.
   */
  readonly convolutions?: 'direct' | 'winograd' | 'winograd where lean';
  /** Where pictures have their channels between layers. Default 'first'; last on CUDA alone. */
  readonly channels?: Lowering['channels'];
  /** 'int8': large layers in 8 bits; on a processor only. Default 'fp32'. */
  readonly precision?: 'fp32' | 'int8';
};

export function loweringFor({
  provider,
  dtype = 'f32',
  islands = [],
  attention = provider === 'cpu' ? 'fused' : 'decomposed',
  convolutions,
  channels = 'first',
  precision = 'fp32',
}: LoweringOptions): Lowering {
  // WebGPU's sines are off by 2e-4, by which a whole UNet then is.
  const timesteps = provider === 'webgpu' ? 'sinusoids' : 'numbers';
  // There styles are sent once and stay.
  const styleType = provider === 'webgpu' ? 'f32' : dtype;
  const ordinary = ordinaryLowering({ dtype, islands, attention, timesteps, styleType });
  if (channels === 'last') {
    return channelsLastLowering(ordinary);
  }
  if (provider !== 'cpu') {
    return ordinary;
  }
  return precision === 'int8'
    ? eightBitLowering(processorLowering(ordinary, { isWinograd: false }))
    : processorLowering(ordinary, {
        isWinograd: convolutions === 'winograd' || convolutions === 'winograd where lean',
        ...(convolutions === 'winograd where lean' && { pairsPerTile: LEAN }),
      });
}
