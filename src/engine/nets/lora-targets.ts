/**
 * Which layers of a net a LoRA can change. Found by building the net over no weights at all, so that the list and the
 * net cannot disagree.
 */
import { NO_WEIGHTS, type LoraTarget } from './building.ts';
import { buildClipText } from './clip-text.ts';
import type { ClipTextConfig } from './clip-text-config.ts';
import { buildUNet } from './unet.ts';
import type { UNetConfig } from './unet-config.ts';

/** In the order of the forward pass; names are those of the diffusers checkpoint. */
export function unetLoraTargets(config: UNetConfig): readonly LoraTarget[] {
  return collect((onTarget) => buildUNet(config, NO_WEIGHTS, { provider: 'cpu' }, onTarget));
}

/** Names have the hub's `text_model.` prefix, whatever the checkpoint spells. */
export function clipTextLoraTargets(config: ClipTextConfig): readonly LoraTarget[] {
  return collect((onTarget) => buildClipText(config, NO_WEIGHTS, { provider: 'cpu' }, onTarget));
}

function collect(build: (onTarget: (target: LoraTarget) => void) => unknown): readonly LoraTarget[] {
  const targets: LoraTarget[] = [];
  build((target) => targets.push(target));
  return targets;
}
