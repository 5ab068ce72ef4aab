/**
 * For which base a LoRA was made, judged by its names, its shapes and its metadata; a guess may be withheld.
 *
 * The surest sign is the width of the text that the cross-attentions read: 768 for SD 1.x, 1024 for SD 2, 2048 for
 * SDXL and SSD-1B. Names give away the architectures that this program does not draw with.
 */
import type { Base } from '../../../core/manifest.ts';
import { denseSize } from './dense-group.ts';
import type { LoraFile } from './lora-file.ts';
import { isSecondTextStem } from './module-spellings.ts';

/** A known base, or the name of an architecture that is none; undefined when nothing tells. */
export function guessBase({
  groups,
  dense,
  metadata,
}: Pick<LoraFile, 'groups' | 'dense' | 'metadata'>): Base | (string & {}) | undefined {
  const stems = [...groups, ...dense].map(({ stem }) => stem);
  const foreign = FOREIGN_ARCHITECTURES.find(([pattern]) => stems.some((stem) => pattern.test(stem)));
  if (foreign !== undefined) {
    return foreign[1];
  }
  const noted = notedBase(metadata);
  switch (textWidth({ groups, dense })) {
    case 768:
      return 'sd15';
    case 1024:
      return 'sd2';
    case 2048:
      return noted === 'ssd1b' || (noted === undefined && looksLikeSsd1b(stems)) ? 'ssd1b' : 'sdxl';
    // moji's, the first's and today's; other small models may have them too
    case 128:
    case 192:
      return noted === 'moji' ? noted : undefined;
    case undefined:
      return noted ?? baseByTextEncoder(stems);
    default:
      return undefined;
  }
}

/** Of the text that the cross-attentions read; undefined where the file changes none of them. */
export function textWidth({ groups, dense }: Pick<LoraFile, 'groups' | 'dense'>): number | undefined {
  const isCrossAttention = ({ stem }: { readonly stem: string }) => /attn2(?:[._]processor)?[._]to_[kv]$/.test(stem);
  return (
    groups.find(isCrossAttention)?.down.shape[1] ??
    dense.flatMap((group) =>
      isCrossAttention(group) && group.target === 'weight' ? (denseSize(group.form)?.[1] ?? []) : [],
    )[0]
  );
}

/** Module names of architectures beyond the UNet ones. */
const FOREIGN_ARCHITECTURES: readonly (readonly [RegExp, string])[] = [
  [/(?:^|[._])(?:double_blocks|single_blocks|single_transformer_blocks)[._]\d/, 'Flux'],
  [/(?:^|[._])joint_blocks[._]\d|^transformer\.transformer_blocks\.\d+\.attn\.add_/, 'Stable Diffusion 3'],
  [/^(?:transformer|lora_transformer)[._]/, 'a transformer model'],
  [/^(?:diffusion_model\.|lora_unet_)blocks[._]\d+[._](?:self_attn|cross_attn)/, 'Wan'],
  [/^lora_prior_unet_|^lora_unet_(?:down|up)_blocks_\d+_\d+_(?:kv_mapper|channelwise)/, 'Stable Cascade'],
];

/** What trainers note: kohya `ss_base_model_version`, Stability's `modelspec.architecture`. */
function notedBase(metadata: ReadonlyMap<string, string>): Base | undefined {
  const note =
    `${metadata.get('ss_base_model_version') ?? ''} ${metadata.get('modelspec.architecture') ?? ''}`.toLowerCase();
  const known = NOTES.find(([pattern]) => pattern.test(note));
  return known?.[1];
}

const NOTES: readonly (readonly [RegExp, Base])[] = [
  [/^moji\b/, 'moji'],
  [/ssd-?1b/, 'ssd1b'],
  [/sdxl|stable-diffusion-xl/, 'sdxl'],
  [/sd_?v?2|stable-diffusion-v2/, 'sd2'],
  [/sd_?v?1|sd_1\.5|stable-diffusion-v1/, 'sd15'],
];

/** Only the second encoder of SDXL is 1280 wide; 768 is shared by SD 1.x and SDXL and tells nothing. */
function baseByTextEncoder(stems: readonly string[]): Base | undefined {
  return stems.some(isSecondTextStem) ? 'sdxl' : undefined;
}

/** SSD-1B has SDXL's widths, a middle without attention, and transformers 4 deep at most on the way down. */
function looksLikeSsd1b(stems: readonly string[]): boolean {
  const depths = stems.flatMap((stem) => {
    const depth = /(?:down_blocks[._]2|input_blocks[._][78])[._].*transformer_blocks[._](\d+)[._]/.exec(stem)?.[1];
    return depth === undefined ? [] : [Number(depth)];
  });
  return (
    depths.length > 0 &&
    depths.every((depth) => depth < 4) &&
    !stems.some((stem) => /mid_block[._]attentions|middle_block[._]1[._]/.test(stem))
  );
}
