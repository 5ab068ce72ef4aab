/** Which base a UNet is of; styles for it are recognised by that. Knows no files. */
import type { Base } from '../../core/manifest.ts';

export type UNetTraits = {
  /** Width of the prompt's vectors. */
  readonly contextFeatures: number | readonly number[];
  /** Takes a pooled vector and sizes too, as SDXL does. */
  readonly takesTextTime: boolean;
  readonly attendsInMiddle: boolean;
};

/** SSD-1B is SDXL without attention in the middle. */
export function baseOf({ contextFeatures, takesTextTime, attendsInMiddle }: UNetTraits): Base {
  switch (contextFeatures) {
    case 768:
      return 'sd15';
    case 1024:
      return 'sd2';
    case 2048:
      return takesTextTime ? (attendsInMiddle ? 'sdxl' : 'ssd1b') : 'other';
    default:
      return 'other';
  }
}
