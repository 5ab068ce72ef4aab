/**
 * What is computed in 8 bits and what stays in float: one rule for every net and every model, by what a layer is. Lists of
 * names, for one model or another, there are none.
 */
import { ROWS, usualCount, type Building } from '../building.ts';
import type { ConvolutionLayer, LinearLayer } from '../lowering.ts';
import type { Dim } from '../../onnx/model-proto.ts';

/**
 * With fewer features on either side a layer is where latents or pixels come in or go out: little work, and an error
 * there nothing evens out.
 */
const FEWEST_FEATURES = 32;

/** Up to so many tokens each gets a scale of its own, which costs nothing then. */
const MOST_TOKENS_WITH_SCALES = 256;

/** In float, or in 8 bits with one scale for all that comes in or one for each token. */
export type LayerForm = 'float' | 'one-scale' | 'scale-by-token';

/** Over tokens whose count is `tokens`. */
export function linearForm(building: Building, { inFeatures, outFeatures }: LinearLayer, tokens: Dim): LayerForm {
  const count = usualCount(building, tokens);
  if (!isOfPicture(tokens) || Math.min(inFeatures, outFeatures) < FEWEST_FEATURES) {
    return 'float';
  }
  return count <= MOST_TOKENS_WITH_SCALES ? 'scale-by-token' : 'one-scale';
}

/**
 * Whether they are pixels: two sides, times rows. A time is one vector a row and a prompt some dozens of them. Those steer
 * every pixel at once, their error the next steps cannot tell from what was asked for, and their products cost little: the
 * keys and values of prompts are 0.4 % of SD 1.5's multiplications.
 */
function isOfPicture(tokens: Dim): boolean {
  return typeof tokens === 'string' && tokens.split('·').filter((side) => side !== ROWS).length > 1;
}

/**
 * A 1×1 convolution is the way past two layers of a resnet, over what no norm has evened out: of all kinds it costs most
 * likeness, and with 4 % of SD 1.5's multiplications of convolutions it would gain least.
 */
export function convolutionForm({ inFeatures, outFeatures, kernel }: ConvolutionLayer): 'float' | 'one-scale' {
  return kernel === 1 || Math.min(inFeatures, outFeatures) < FEWEST_FEATURES ? 'float' : 'one-scale';
}
