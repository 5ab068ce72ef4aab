/**
 * The tensors of a full-size SD 1.5 or 2.1, under the original names or diffusers': shapes from the graphs that are built of
 * the published configs. Writes nothing.
 */
import {
  buildClipText,
  buildKLDecoder,
  buildKLEncoder,
  buildUNet,
  loweringFor,
  NO_WEIGHTS,
  parseAutoencoderKLConfig,
  parseClipTextConfig,
  parseUNetConfig,
} from '../../engine/nets/index.ts';
import { checkpointConfigs } from '../../engine/weights/checkpoint/checkpoint-configs.ts';
import { CLIP, OPEN_CLIP, UNET } from '../../engine/weights/checkpoint/checkpoint-layout.ts';
import { toLdmUnetName, unetTopology } from '../../engine/weights/checkpoint/ldm-unet-names.ts';
import { toLdmVaeName } from '../../engine/weights/checkpoint/ldm-vae-names.ts';
import { toOpenClipName } from '../../engine/weights/checkpoint/open-clip-names.ts';
import { checkpointTensors } from '../bench-unet/random-checkpoint.ts';

export type Shaped = { readonly name: string; readonly shape: readonly number[] };
export type TrueSize = {
  readonly unet: readonly Shaped[];
  readonly vae: readonly Shaped[];
  readonly text: readonly Shaped[];
};

const PLAIN = { lowering: loweringFor({ provider: 'cpu' }), sizes: 'whole' } as const;
const VAE_BLOCKS = 4;

/** `guidance`: features of a full LCM's guidance. */
export function trueSize(family: 'sd15' | 'sd2', guidance?: number): TrueSize {
  const { unet, vae, text } = inDiffusersNames(family, guidance);
  const topology = unetTopology(unet.map(({ name }) => name));
  return {
    unet: unet.map(({ name, shape }) => ({ name: UNET + (toLdmUnetName(name, topology) ?? ''), shape })),
    vae: vae.map(({ name, shape }) => ({ name: toLdmVaeName(name, VAE_BLOCKS) ?? '', shape })),
    text:
      family === 'sd15'
        ? text.map(({ name, shape }) => ({ name: CLIP.sd15 + name, shape }))
        : openClip(text).map(({ name, shape }) => ({ name: OPEN_CLIP.sd2 + name, shape })),
  };
}

/** As a folder of diffusers has them. */
export function inDiffusersNames(family: 'sd15' | 'sd2', guidance?: number): TrueSize {
  const configs = checkpointConfigs({ family, prediction: undefined, isZeroSnr: false });
  const unetConfig = { ...configs.unet, ...(guidance !== undefined && { time_cond_proj_dim: guidance }) };
  const unet = checkpointTensors(buildUNet(parseUNetConfig(unetConfig, family), NO_WEIGHTS, PLAIN));
  const kl = parseAutoencoderKLConfig(configs.vae, family);
  const vae = [buildKLEncoder(kl, NO_WEIGHTS, PLAIN), buildKLDecoder(kl, NO_WEIGHTS, PLAIN)].flatMap(checkpointTensors);
  const text = checkpointTensors(buildClipText(parseClipTextConfig(configs.text[0], family), NO_WEIGHTS, PLAIN));
  return { unet: unet.map(asStored), vae: vae.map(asStored), text: text.map(asStored) };
}

/** Graphs take biases and norms in shapes that broadcast; files have them flat. */
function asStored({ name, shape }: Shaped): Shaped {
  const sides = shape.filter((side) => side !== 1);
  return { name, shape: sides.length <= 1 ? sides : shape };
}

/** q, k and v in one, and the last layer twice, for the model leaves it out. */
function openClip(text: readonly Shaped[]): readonly Shaped[] {
  const joined = text.flatMap(({ name, shape }): readonly Shaped[] => {
    const { layer, letter, kind } =
      /layers\.(?<layer>\d+)\.self_attn\.(?<letter>[qkv])_proj\.(?<kind>weight|bias)$/.exec(name)?.groups ?? {};
    if (layer === undefined) {
      return [{ name: toOpenClipName(name) ?? name, shape }];
    }
    const [rows = 0, ...rest] = shape;
    const own = { name: `transformer.resblocks.${layer}.attn.in_proj_${kind ?? ''}`, shape: [3 * rows, ...rest] };
    return letter === 'q' ? [own] : [];
  });
  const last = Math.max(...joined.map(({ name }) => Number(/resblocks\.(\d+)\./.exec(name)?.[1] ?? 0)));
  const unused = joined.flatMap(({ name, shape }) =>
    name.includes(`resblocks.${last}.`) ? [{ name: name.replace(`.${last}.`, `.${last + 1}.`), shape }] : [],
  );
  return [...joined, ...unused];
}
