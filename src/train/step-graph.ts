/**
 * One step of training as one graph: the UNet with LoRA inputs, in front of it the text encoders where they learn too,
 * behind it the loss, and the gradients by everything that learns. Base weights stay frozen in their files.
 *
 *   sample, timestep, encoder_hidden_states (and SDXL's)   as the UNet's own, where no text encoder learns
 *   text_encoder.input_ids [rows, positions], …            instead of encoder_hidden_states where one does
 *   factor [rows, 1, 1, 1], offset [rows, C, H, W]         how far off a row is: factor · prediction + offset
 *   weight [rows, 1, 1, 1]                                 what a row counts
 *   → loss, and `gradientName(…)` of every learnt input
 *
 * Opens no session, draws no random number.
 */
import {
  Add,
  bindLengths,
  Concat,
  GraphBuilder,
  Mul,
  ReduceSum,
  reopen,
  Reshape,
  Sqrt,
  Sub,
  type Graph,
  type Lengths,
  type Value,
} from '../engine/onnx/index.ts';
import { gradients } from '../engine/onnx/gradients/index.ts';
import {
  buildClipText,
  buildUNet,
  type ClipTextConfig,
  type Layer,
  type Lowering,
  type NetWeights,
  type UNetConfig,
} from '../engine/nets/index.ts';
import { tokenVectors } from './token-vectors.ts';

export type UNetPart = {
  readonly config: UNetConfig;
  readonly weights: NetWeights;
  /** What learns. */
  readonly targets: readonly Layer[];
};

export type TextPart = {
  readonly config: ClipTextConfig;
  readonly weights: NetWeights;
  readonly targets: readonly Layer[];
  /** Vectors of new words that learn, see token-vectors.ts; 0 for none. */
  readonly newTokens: number;
};

export type Loss =
  | { readonly kind: 'squared' }
  /** √(e² + c²) − c (arXiv 2310.14189, eq. 12): squares near 0, lengths beyond c. */
  | { readonly kind: 'pseudo-huber'; readonly c: number };

export type StepGraphOptions = {
  readonly unet: UNetPart;
  /** In the order of the model; empty where no text encoder learns. */
  readonly text: readonly TextPart[];
  /** height and width of the latents, rows, tokens of a prompt, rank. */
  readonly lengths: Lengths;
  readonly loss: Loss;
  /** Every form that it chooses must have a rule of differentiation; those of a processor in fp32 do. */
  readonly lowering: Lowering;
  /** Of the text encoders; default: the same. */
  readonly textLowering?: Lowering;
  /** Bytes of attention's probabilities that are there at a time on the way back. */
  readonly attentionBytes?: number;
};

export type StepGraph = {
  readonly graph: Graph;
  /** Names of the inputs that learn, in the order of the graph's inputs. */
  readonly learnt: readonly string[];
  /** Whether gradients pass through halves, in which small ones are lost unless the loss counts more. */
  readonly scalesLoss: boolean;
};

/** Prefix of a text encoder's inputs; the second one's is `text_encoder_2.` */
export function textPrefix(index: number): 'text_encoder.' | 'text_encoder_2.' {
  return index === 0 ? 'text_encoder.' : 'text_encoder_2.';
}

export function buildStepGraph(options: StepGraphOptions): StepGraph {
  const { unet, text, lengths, loss, lowering, attentionBytes } = options;
  const into = new GraphBuilder('training step');
  const encoded = text.map((part, index) => encode(part, index, into, options));
  const net = buildUNet(atSize(unet.config, lengths), unet.weights, {
    lowering,
    sizes: 'whole',
    styles: { rows: 'shared', beside: modulesOf(unet.targets) },
  });
  const { value } = reopen(bindLengths(net, lengths), { into, inputs: conditioning(encoded) });
  into.output('loss', lossOf(into, value('out_sample'), loss));
  const learnt = into.inputs.map(({ name }) => name).filter(isLearnt);
  const graph = gradients(into.finish(), 'loss', learnt, attentionBytes === undefined ? {} : { attentionBytes });
  return { graph, learnt, scalesLoss: lowering.dtype === 'f16' };
}

/** Whose forms are chosen for the size that is trained at, which need not be the model's own. */
export function atSize(config: UNetConfig, { height, width }: Lengths): UNetConfig {
  return { ...config, usualSide: Math.min(height ?? config.usualSide, width ?? config.usualSide) };
}

const isLearnt = (name: string): boolean => /(^|\.)(lora_down|lora_up|new_tokens)$/.test(name);

function modulesOf(targets: readonly Layer[]): ReadonlySet<string> {
  return new Set(targets.map(({ module }) => module));
}

type Encoded = { readonly last: Value; readonly penultimate: Value; readonly pooled: Value };

function encode(
  part: TextPart,
  index: number,
  into: GraphBuilder,
  { lengths, lowering, textLowering = lowering }: StepGraphOptions,
): Encoded {
  const { config, weights, targets, newTokens } = part;
  const styles = { rows: 'shared', beside: modulesOf(targets) } as const;
  const net = buildClipText(config, weights, { lowering: textLowering, styles });
  const prefix = textPrefix(index);
  const emit = newTokens === 0 ? undefined : tokenVectors(prefix, newTokens, config.features);
  const { value } = reopen(bindLengths(net, lengths), { into, prefix, ...(emit && { emit }) });
  return {
    last: value('last_hidden_state'),
    penultimate: value('penultimate_hidden_state'),
    pooled: value('pooled'),
  };
}

/** As prompts are given to the UNet for drawing: one encoder's last layer, or SDXL's two penultimate ones and a vector. */
function conditioning(encoded: readonly Encoded[]): ReadonlyMap<string, Value> {
  const [first, second] = encoded;
  if (first === undefined) {
    return new Map();
  }
  if (second === undefined) {
    return new Map([['encoder_hidden_states', first.last]]);
  }
  return new Map([
    ['encoder_hidden_states', Concat([first.penultimate, second.penultimate], 2)],
    ['text_embeds', second.pooled],
  ]);
}

function lossOf(graph: GraphBuilder, prediction: Value, loss: Loss): Value {
  const { shape } = prediction;
  const rows = shape[0] ?? 1;
  const factor = graph.input('factor', 'f32', [rows, 1, 1, 1]);
  const weight = graph.input('weight', 'f32', [rows, 1, 1, 1]);
  const error = Add(Mul(prediction, factor), graph.input('offset', 'f32', shape));
  const sum = ReduceSum(Mul(penalty(error, loss), weight), [0, 1, 2, 3]);
  const count = shape.reduce<number>((product, dim) => product * Number(dim), 1);
  return Reshape(Mul(sum, graph.scalar(1 / count)), [1], [1]);
}

function penalty(error: Value, loss: Loss): Value {
  const squared = Mul(error, error);
  switch (loss.kind) {
    case 'squared':
      return squared;
    case 'pseudo-huber': {
      const { graph } = error;
      return Sub(Sqrt(Add(squared, graph.scalar(loss.c ** 2))), graph.scalar(loss.c));
    }
    default:
      return loss satisfies never;
  }
}
