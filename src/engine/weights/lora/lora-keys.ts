/**
 * What a LoRA's tensor names say: which module (in the file's own spelling) and which of its matrices.
 *
 * Also recognises the adapters that are no plain LoRA, by the one word that gives each away. Knows names alone.
 */

/** `down` is A of the paper, `up` is B; `mid` is the core of a Tucker-decomposed convolution (LoCon). */
export type LoraRole = 'down' | 'up' | 'mid' | 'alpha';

export type LoraKey = { readonly stem: string; readonly role: LoraRole };

/** Splits a tensor name into the module's spelling and the matrix; undefined for a name that is no LoRA's. */
export function splitLoraKey(name: string): LoraKey | undefined {
  for (const [pattern, role] of ENDINGS) {
    const match = pattern.exec(name);
    if (match !== null && match.index > 0) {
      return { stem: name.slice(0, match.index), role };
    }
  }
  return undefined;
}

/** Longer endings first: `to_q_lora.down.weight` must not be read as a module called `to_q_lora`. */
const ENDINGS: readonly (readonly [RegExp, LoraRole])[] = [
  [/\.lora_down\.weight$/, 'down'], // kohya, LCM-LoRA
  [/\.lora_up\.weight$/, 'up'],
  [/\.lora_mid\.weight$/, 'mid'],
  [/\.alpha$/, 'alpha'],
  [/\.lora_A(?:\.default)?\.weight$/, 'down'], // PEFT
  [/\.lora_B(?:\.default)?\.weight$/, 'up'],
  [/\.lora_linear_layer\.down\.weight$/, 'down'], // diffusers, text encoders
  [/\.lora_linear_layer\.up\.weight$/, 'up'],
  [/\.lora\.down\.weight$/, 'down'], // diffusers, middle
  [/\.lora\.up\.weight$/, 'up'],
  [/_lora\.down\.weight$/, 'down'], // diffusers, oldest
  [/_lora\.up\.weight$/, 'up'],
];

/** The name of the adapter when it is one that this program does not apply; undefined otherwise. */
export function foreignAdapter(names: Iterable<string>): string | undefined {
  for (const name of names) {
    const adapter = FOREIGN_ADAPTERS.find(([pattern]) => pattern.test(name));
    if (adapter !== undefined) {
      return adapter[1];
    }
  }
  return undefined;
}

const FOREIGN_ADAPTERS: readonly (readonly [RegExp, string])[] = [
  [/\.dora_scale$|\.lora_magnitude_vector(?:\.|$)/, 'DoRA'],
  [/\.hada_[wt]\d/, 'LoHa'],
  [/\.lokr_[wt]\d/, 'LoKr'],
  [/\.[ab][12]\.weight$/, 'GLoRA'],
  [/\.oft_(?:blocks|diag|R)(?:\.|$)/, 'OFT'],
  [/\.on_input$/, 'IA3'],
];
