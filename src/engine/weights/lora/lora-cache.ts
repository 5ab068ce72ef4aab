/**
 * The LoRAs that a loaded model has at hand: opened, matched and laid out once, kept while there is room.
 * A file that was replaced is read anew. Knows no weights of requests and no sessions.
 */
import type { Base } from '../../../core/manifest.ts';
import { ReadOnce } from '../read-once.ts';
import { loadLora, type LoadedLora } from './loaded-lora.ts';
import { openLora } from './lora-file.ts';
import { moduleOfTarget, type LoraTarget } from './lora-module.ts';
import { matchLora, type LoraMatch, type LoraModel } from './match-lora.ts';
import { LORA_NETS, type LoraNet } from './module-spellings.ts';

export type LoraCacheModel = {
  readonly base: Base;
  /** What each net's graph can take; a net that is absent takes nothing. */
  readonly targets: Readonly<Partial<Record<LoraNet, readonly LoraTarget[]>>>;
  /** All weights of the nets, for changes that are merged; absent: those fit nothing. */
  readonly weights?: LoraModel['weights'];
};

export type CachedLora = {
  readonly match: LoraMatch;
  readonly nets: Readonly<Record<LoraNet, LoadedLora>>;
};

export class LoraCache {
  readonly #model: LoraCacheModel;
  readonly #loaded: ReadOnce<CachedLora>;

  constructor(model: LoraCacheModel, maxBytes: number) {
    this.#model = model;
    this.#loaded = new ReadOnce({
      maxCost: maxBytes,
      costOf: ({ nets }) => Object.values(nets).reduce((total, { bytes }) => total + bytes, 0),
    });
  }

  /** Throws `UserError` as `openLora` and `matchLora`. Two that ask at once share one reading. */
  load(file: string): Promise<CachedLora> {
    return this.#loaded.get(file, () => this.#read(file));
  }

  async #read(file: string): Promise<CachedLora> {
    const { base, targets, weights = {} } = this.#model;
    const nets = Object.fromEntries(LORA_NETS.map((net) => [net, (targets[net] ?? []).map(moduleOfTarget)]));
    const match = matchLora(await openLora(file), { base, nets, weights });
    const load = (net: LoraNet) => loadLora(match, net, targets[net] ?? []);
    const loaded = {
      unet: await load('unet'),
      text_encoder: await load('text_encoder'),
      text_encoder_2: await load('text_encoder_2'),
    };
    return { match, nets: loaded };
  }
}
