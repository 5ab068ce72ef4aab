/**
 * CLIPTextModel and CLIPTextModelWithProjection of transformers: token ids in, a vector per token and one per prompt
 * out. Knows no tokenizer.
 *
 *   input_ids [rows, positions] (int64)
 *   with `takesLearned`: learned [rows, positions, C], is_learned [rows, positions, 1]
 *   → last_hidden_state [rows, positions, C] after the final norm
 *   → penultimate_hidden_state [rows, positions, C] before the last layer, without norm: what SDXL reads
 *   → pooled [rows, C], with projection [rows, P]: the vector of the end token
 */
import type { Graph, Value } from '../onnx/index.ts';
import { Add, ArgMax, Cast, Equal, Gather, GatherND, Gelu, Mul, QuickGelu, Sub } from '../onnx/index.ts';
import {
  buildNet,
  byRows,
  flat,
  input,
  output,
  ROWS,
  type Building,
  type BuildOptions,
  type Layer,
  type NetWeights,
} from './building.ts';
import type { ClipTextConfig } from './clip-text-config.ts';
import { attention, layerNorm } from './layers.ts';
import { linear } from './linear.ts';
import { WeightScope } from './weight-scope.ts';

/** Throws `UserError` `model.weights` where a tensor is missing or has another shape than the config asks for. */
export function buildClipText(
  config: ClipTextConfig,
  weights: NetWeights,
  { takesLearned = false, ...options }: BuildOptions & { readonly takesLearned?: boolean },
  onLayer?: (layer: Layer) => void,
): Graph {
  return buildNet('text_encoder', weights, options, (building) => define(building, config, takesLearned), onLayer);
}

function define(building: Building, config: ClipTextConfig, takesLearned: boolean): void {
  const { graph } = building;
  const { positions, features, vocabulary } = config;
  const top = new WeightScope(building);
  const root = textModel(top);

  // 1. embeddings
  const ids = graph.input('input_ids', 'i64', [ROWS, positions]);
  const table = root.at('embeddings', 'token_embedding').weight('weight', [vocabulary, features]);
  const places = root.at('embeddings', 'position_embedding').weight('weight', [positions, features]);
  const known = Gather(table, ids);
  const words = takesLearned ? withLearned(building, known, config) : known;
  let x = flat(Add(words, places)); // [rows·positions, C]

  // 2. encoder; a token sees those before it
  const mask = graph.floats('causal mask', causalMask(positions), [1, 1, positions, positions]);
  let penultimate = x;
  for (let k = 0; k < config.layers; k++) {
    penultimate = x;
    x = encoderLayer(root.at('encoder', 'layers', k), x, mask, config);
  }
  const last = byRows(building, layerNorm(root.at('final_layer_norm'), x, config.epsilon));

  // 3. the end token's vector
  const pooled = GatherND(last, endPosition(ids, config), { batch_dims: 1 }); // [rows, C]
  const projected =
    config.projectionFeatures === undefined
      ? pooled
      : linear(top.at('text_projection'), pooled, config.projectionFeatures, { bias: false });

  output(building, 'last_hidden_state', last);
  output(building, 'penultimate_hidden_state', byRows(building, penultimate));
  output(building, 'pooled', projected);
}

/** Where `is_learned` is 1, the vector of `learned` in place of the token's own. */
function withLearned(building: Building, known: Value, { positions, features }: ClipTextConfig): Value {
  const learned = input(building, 'learned', [ROWS, positions, features]);
  const isLearned = input(building, 'is_learned', [ROWS, positions, 1]);
  return Add(known, Mul(isLearned, Sub(learned, known)));
}

/** Files of the hub prefix their names; what transformers 5 writes for CLIPTextModel does not. */
function textModel(top: WeightScope): WeightScope {
  const isBare = top.has('embeddings.token_embedding.weight');
  return isBare ? new WeightScope(top.building, '', 'text_model') : top.at('text_model');
}

function encoderLayer(
  scope: WeightScope,
  x: Value,
  bias: Value,
  { heads, features, innerFeatures, activation, epsilon }: ClipTextConfig,
): Value {
  const self = scope.at('self_attn');
  const normed = layerNorm(scope.at('layer_norm1'), x, epsilon);
  const q = linear(self.at('q_proj'), normed, features);
  const k = linear(self.at('k_proj'), normed, features);
  const v = linear(self.at('v_proj'), normed, features);
  const seen = Add(x, linear(self.at('out_proj'), attention(scope, q, k, v, { heads, bias }), features));
  const hidden = linear(scope.at('mlp', 'fc1'), layerNorm(scope.at('layer_norm2'), seen, epsilon), innerFeatures);
  const active = activation === 'quick_gelu' ? QuickGelu(hidden) : Gelu(hidden);
  return Add(seen, linear(scope.at('mlp', 'fc2'), active, features));
}

/**
 * [rows, 1]. Configs of old say that the end token is 2, which it never was: there the greatest id counts, which the
 * end token of CLIP's vocabulary is. Otherwise the first end token, for padding may use the same id.
 */
function endPosition(ids: Value, { endToken }: ClipTextConfig): Value {
  if (endToken === LEGACY_END_TOKEN) {
    return ArgMax(Cast(ids, 'i32'), { axis: 1 });
  }
  const { graph } = ids;
  return ArgMax(Cast(Equal(ids, graph.ints([endToken])), 'i32'), { axis: 1 });
}

const LEGACY_END_TOKEN = 2;

/** 0 where key ≤ query, else a number that no score outweighs and every fp16 sum survives. */
function causalMask(positions: number): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length: positions * positions }, (_, i) =>
    i % positions <= Math.floor(i / positions) ? 0 : -30_000,
  );
}
