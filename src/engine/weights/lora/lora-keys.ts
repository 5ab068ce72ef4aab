/**
 * What a LoRA's tensor names say: which module (in the file's own spelling) and which of its matrices.
 *
 * Also recognises the adapters that cannot be applied, by the one word that gives each away. Knows names alone.
 */

/** `down` is A of the paper, `up` is B; `mid` is the core of a Tucker-decomposed convolution (LoCon). */
type PairRole = 'down' | 'up' | 'mid' | 'alpha';

/** LyCORIS' own names but for: `magnitude` (PEFT's DoRA), `up_bias` (of PEFT's B) and `ia3_l` (PEFT's IA³). */
const LYCORIS_ROLES = [
  'hada_w1_a',
  'hada_w1_b',
  'hada_w2_a',
  'hada_w2_b',
  'hada_t1',
  'hada_t2',
  'lokr_w1',
  'lokr_w1_a',
  'lokr_w1_b',
  'lokr_w2',
  'lokr_w2_a',
  'lokr_w2_b',
  'lokr_t2',
  'dora_scale',
  'diff',
  'diff_b',
  'w_norm',
  'b_norm',
  'on_input',
] as const;
export type LoraRole =
  | PairRole
  | (typeof LYCORIS_ROLES)[number]
  | 'a1'
  | 'a2'
  | 'b1'
  | 'b2'
  | 'bm'
  | 'magnitude'
  | 'up_bias'
  | 'ia3_l'
  | 'ia3';

export type LoraKey = { readonly stem: string; readonly role: LoraRole };

/** Splits a tensor name into the module's spelling and the matrix; undefined for a name that is no LoRA's. */
export function splitLoraKey(name: string): LoraKey | undefined {
  for (const [pattern, role] of ENDINGS) {
    const match = pattern.exec(name);
    if (match !== null && match.index > 0) {
      return { stem: stemOf(name.slice(0, match.index)), role };
    }
  }
  return undefined;
}

/** PEFT's wrapper of a layer stands in the names of files that were saved with it on. */
function stemOf(spelling: string): string {
  return spelling.replace(/\.base_layer$/, '');
}

/** Whether the tensor is a weight of the base itself, which PEFT's wrapper saves beside its own. */
export function isBaseWeight(name: string): boolean {
  return /\.base_layer\.(?:weight|bias)$/.test(name);
}

/** The module of an IA³ whose weight has no name of its own; `on_input` beside it gives it away. */
export function ia3Stem(name: string): string | undefined {
  return /^(.+)\.weight$/.exec(name)?.[1];
}

/** Longer endings first: `to_q_lora.down.weight` must not be read as a module called `to_q_lora`. */
const ENDINGS: readonly (readonly [RegExp, LoraRole])[] = [
  [/\.lora_down\.weight$/, 'down'], // kohya, LCM-LoRA
  [/\.lora_up\.weight$/, 'up'],
  [/\.lora_mid\.weight$/, 'mid'],
  [/\.alpha$/, 'alpha'],
  [/\.lora_A(?:\.[^.]+)?\.weight$/, 'down'], // PEFT, with or without the adapter's name
  [/\.lora_B(?:\.[^.]+)?\.weight$/, 'up'],
  [/\.lora_B(?:\.[^.]+)?\.bias$/, 'up_bias'],
  [/\.lora_magnitude_vector(?:\.[^.]+)?$/, 'magnitude'],
  [/\.lora_magnitude_vector\.[^.]+\.weight$/, 'magnitude'],
  [/\.ia3_l(?:\.[^.]+)?$/, 'ia3_l'],
  [/\.lora_linear_layer\.down\.weight$/, 'down'], // diffusers, text encoders
  [/\.lora_linear_layer\.up\.weight$/, 'up'],
  [/\.lora\.down\.weight$/, 'down'], // diffusers, middle
  [/\.lora\.up\.weight$/, 'up'],
  [/_lora\.down\.weight$/, 'down'], // diffusers, oldest
  [/_lora\.up\.weight$/, 'up'],
  ...LYCORIS_ROLES.map((role) => [new RegExp(`\\.${role}$`), role] as const),
  ...(['a1', 'a2', 'b1', 'b2', 'bm'] as const).map((role) => [new RegExp(`\\.${role}\\.weight$`), role] as const),
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
  [/\.oft_(?:blocks|diag|R)(?:\.|$)/, 'OFT'],
  [/\.boft_[RsPb]|\.boft_/, 'BOFT'],
  [/\.vera_lambda_[bd]/, 'VeRA'],
];
