/**
 * Which layers of a net a LoRA can change. Found by building the net over no weights at all, so that the list and the
 * net cannot disagree.
 */
import { NO_WEIGHTS, type Layer } from './building.ts';
import { buildClipText } from './clip-text.ts';
import type { ClipTextConfig } from './clip-text-config.ts';
import type { Lowering } from './lowering.ts';
import { loweringFor } from './lowerings/lowering-for.ts';
import { buildUNet } from './unet.ts';
import type { UNetConfig } from './unet-config.ts';

const lowering = loweringFor({ provider: 'cpu' });

/** In the order of the forward pass; names are those of the diffusers checkpoint. `by`: what the net is built with. */
export function unetLoraTargets(config: UNetConfig, by: Lowering = lowering): readonly Layer[] {
  return collect((onLayer) => buildUNet(config, NO_WEIGHTS, { lowering: by }, onLayer));
}

/** Names have the hub's `text_model.` prefix, whatever the checkpoint spells. */
export function clipTextLoraTargets(config: ClipTextConfig): readonly Layer[] {
  return collect((onLayer) => buildClipText(config, NO_WEIGHTS, { lowering }, onLayer));
}

function collect(build: (onLayer: (layer: Layer) => void) => unknown): readonly Layer[] {
  const layers: Layer[] = [];
  build((layer) => layers.push(layer));
  return layers;
}
