/**
 * Changes of a weight that are no low-rank pair: LoHa, LoKr, GLoRA, (IA)³, DoRA, and whole differences of weights, norms
 * and biases, sorted out of a file's tensors. They cannot run beside a layer, so they are merged (dense-difference.ts).
 *
 * Spellings and shapes as LyCORIS (https://github.com/KohakuBlueleaf/LyCORIS, lycoris/modules at 4.1) and PEFT write them.
 */
import type { TensorInfo } from '../tensor-source.ts';
import type { LoraGroup } from './lora-group.ts';
import type { LoraRole } from './lora-keys.ts';

/** A matrix [p, q]: whole, a · b, or for convolutions a core with a [i, p] and b [j, q] at its first two axes. */
export type Factor =
  | { readonly kind: 'whole'; readonly whole: TensorInfo }
  | { readonly kind: 'product'; readonly a: TensorInfo; readonly b: TensorInfo }
  | { readonly kind: 'tucker'; readonly core: TensorInfo; readonly a: TensorInfo; readonly b: TensorInfo };

export type DenseForm =
  | { readonly kind: 'LoRA'; readonly pair: LoraGroup }
  | { readonly kind: 'LoHa'; readonly left: Factor; readonly right: Factor; readonly scale: number }
  | { readonly kind: 'LoKr'; readonly left: Factor; readonly right: Factor; readonly scale: number }
  | {
      readonly kind: 'GLoRA';
      readonly a: readonly [TensorInfo, TensorInfo];
      readonly b: readonly [TensorInfo, TensorInfo];
      readonly scale: number;
    }
  | {
      readonly kind: 'IA3';
      readonly vector: TensorInfo;
      readonly axis: 'in' | 'out';
      /** What the vector holds for no change. */
      readonly neutral: 0 | 1;
    }
  | { readonly kind: 'difference'; readonly difference: TensorInfo; readonly scale: number };

export type DenseGroup = {
  /** The module as the file spells it. */
  readonly stem: string;
  readonly target: 'weight' | 'bias';
  readonly form: DenseForm;
  /** DoRA: what the rows (`out`) or the columns (`in`) of the changed weight are scaled to; kohya's shapes say which. */
  readonly magnitude: { readonly info: TensorInfo; readonly axis: 'out' | 'by shape' } | undefined;
  readonly rank: number | undefined;
  readonly alpha: number | undefined;
};

/** A dense change that found its tensor. */
export type DensePart = DenseGroup & {
  /** Of the tensor. */
  readonly name: string;
  readonly shape: readonly number[];
};

export type Roles = Readonly<Partial<Record<LoraRole, TensorInfo>>>;

/** Numbers that lie in tensors. */
export type DenseNumbers = { readonly alpha: number | undefined; readonly onInput: boolean };

/**
 * All dense changes of one module. `pair`: its low-rank pair where it has one, which is taken up by a DoRA alone.
 * `used` names the roles that found a use.
 */
export function denseGroups(
  stem: string,
  roles: Roles,
  { alpha, onInput }: DenseNumbers,
  pair: LoraGroup | undefined,
): { readonly groups: readonly DenseGroup[]; readonly used: ReadonlySet<LoraRole>; readonly takesPair: boolean } {
  const used = new Set<LoraRole>();
  const groups: DenseGroup[] = [];
  const take = (...names: readonly LoraRole[]): readonly TensorInfo[] | undefined => {
    const infos = names.flatMap((name) => roles[name] ?? []);
    if (infos.length < names.length) {
      return undefined;
    }
    names.forEach((name) => used.add(name));
    return infos;
  };
  const [peft] = take('magnitude') ?? [];
  const [kohya] = take('dora_scale') ?? [];
  const magnitude =
    peft === undefined ? kohya && ({ info: kohya, axis: 'by shape' } as const) : ({ info: peft, axis: 'out' } as const);
  const main =
    weightForm(take, alpha, onInput) ??
    (magnitude && pair && { form: { kind: 'LoRA', pair } as const, rank: pair.rank });
  if (main !== undefined) {
    groups.push({ stem, target: 'weight', magnitude, alpha, ...main });
  } else if (magnitude !== undefined) {
    used.delete('magnitude');
    used.delete('dora_scale');
  }
  const whole = (role: LoraRole, target: 'weight' | 'bias', scale = 1): void => {
    const [difference] = take(role) ?? [];
    if (difference !== undefined) {
      const form = { kind: 'difference', difference, scale } as const;
      groups.push({ stem, target, form, magnitude: undefined, rank: undefined, alpha: undefined });
    }
  };
  whole('w_norm', 'weight');
  whole('diff_b', 'bias');
  whole('b_norm', 'bias');
  whole('up_bias', 'bias', pair?.scale);
  return { groups, used, takesPair: main?.form.kind === 'LoRA' };
}

type Take = (...names: readonly LoraRole[]) => readonly TensorInfo[] | undefined;
type Form = { readonly form: DenseForm; readonly rank: number | undefined };

function weightForm(take: Take, alpha: number | undefined, onInput: boolean): Form | undefined {
  return loha(take, alpha) ?? lokr(take, alpha) ?? glora(take, alpha) ?? ia3(take, onInput) ?? full(take);
}

/** (w1_a · w1_b) ∘ (w2_a · w2_b) */
function loha(take: Take, alpha: number | undefined): Form | undefined {
  const left = factor(take, 'hada_t1', 'hada_w1_a', 'hada_w1_b');
  const right = factor(take, 'hada_t2', 'hada_w2_a', 'hada_w2_b');
  if (left === undefined || right === undefined) {
    return undefined;
  }
  const rank = rankOf(left);
  return { form: { kind: 'LoHa', left, right, scale: scaleOf(alpha, rank) }, rank };
}

/** w1 ⊗ w2; alpha counts only where one of them is a product. */
function lokr(take: Take, alpha: number | undefined): Form | undefined {
  const left = factor(take, undefined, 'lokr_w1_a', 'lokr_w1_b') ?? wholeFactor(take, 'lokr_w1');
  const right = factor(take, 'lokr_t2', 'lokr_w2_a', 'lokr_w2_b') ?? wholeFactor(take, 'lokr_w2');
  if (left === undefined || right === undefined) {
    return undefined;
  }
  const rank = rankOf(right) ?? rankOf(left);
  return { form: { kind: 'LoKr', left, right, scale: rank === undefined ? 1 : scaleOf(alpha, rank) }, rank };
}

/** W · a1 · a2 + b1 · b2; in the oldest files W · a2 · a1 + b2 · b1. */
function glora(take: Take, alpha: number | undefined): Form | undefined {
  const [a1, a2, b1, b2] = take('a1', 'a2', 'b1', 'b2') ?? [];
  if (a1 === undefined || a2 === undefined || b1 === undefined || b2 === undefined) {
    return undefined;
  }
  const isNew = a1.shape[1] === a2.shape[0] && b1.shape[1] === b2.shape[0] && a1.shape[0] === a2.shape[1];
  const isOld = !isNew || (a1.shape[0] ?? 0) < (a1.shape[1] ?? 0);
  const [a, b] = isOld
    ? ([
        [a2, a1],
        [b2, b1],
      ] as const)
    : ([
        [a1, a2],
        [b1, b2],
      ] as const);
  const rank = b[0].shape[1];
  return { form: { kind: 'GLoRA', a, b, scale: scaleOf(alpha, rank) }, rank };
}

function ia3(take: Take, onInput: boolean): Form | undefined {
  const [vector] = take('ia3', 'on_input') ?? [];
  if (vector !== undefined) {
    return { form: { kind: 'IA3', vector, axis: onInput ? 'in' : 'out', neutral: 0 }, rank: undefined };
  }
  const [peft] = take('ia3_l') ?? [];
  return (
    peft && {
      form: {
        kind: 'IA3',
        vector: peft,
        axis: peft.shape.length === 2 && peft.shape[0] === 1 ? 'in' : 'out',
        neutral: 1,
      },
      rank: undefined,
    }
  );
}

function full(take: Take): Form | undefined {
  const [difference] = take('diff') ?? [];
  return difference && { form: { kind: 'difference', difference, scale: 1 }, rank: undefined };
}

function factor(take: Take, core: LoraRole | undefined, a: LoraRole, b: LoraRole): Factor | undefined {
  const [first, second] = take(a, b) ?? [];
  if (first === undefined || second === undefined) {
    return undefined;
  }
  const [tucker] = (core && take(core)) ?? [];
  return tucker === undefined
    ? { kind: 'product', a: first, b: second }
    : { kind: 'tucker', core: tucker, a: first, b: second };
}

function wholeFactor(take: Take, role: LoraRole): Factor | undefined {
  const [whole] = take(role) ?? [];
  return whole && { kind: 'whole', whole };
}

function rankOf(factor: Factor): number | undefined {
  return factor.kind === 'whole' ? undefined : factor.b.shape[0];
}

function scaleOf(alpha: number | undefined, rank: number | undefined): number {
  return alpha === undefined || alpha === 0 || rank === undefined ? 1 : alpha / rank;
}

/** [rows, columns] of the change as a matrix, kernels flattened; undefined where it is the weight's own. */
export function denseSize(form: DenseForm): readonly [rows: number, columns: number] | undefined {
  switch (form.kind) {
    case 'LoRA': {
      const { up, down, mid } = form.pair;
      return [up.shape[0] ?? 0, (down.shape[1] ?? 0) * count((mid ?? down).shape.slice(2))];
    }
    case 'LoHa':
      return factorSize(form.left);
    case 'LoKr': {
      const [left, right] = [factorSize(form.left), factorSize(form.right)];
      return [left[0] * right[0], left[1] * right[1]];
    }
    case 'GLoRA':
      return [form.b[0].shape[0] ?? 0, count(form.b[1].shape.slice(1))];
    case 'difference': {
      const [rows = 0, ...rest] = form.difference.shape;
      return [rows, count(rest)];
    }
    case 'IA3':
      return undefined;
    default:
      return form satisfies never;
  }
}

export function factorSize(factor: Factor): readonly [rows: number, columns: number] {
  switch (factor.kind) {
    case 'whole': {
      const [rows = 0, ...rest] = factor.whole.shape;
      return [rows, count(rest)];
    }
    case 'product':
      return [factor.a.shape[0] ?? 0, count(factor.b.shape.slice(1))];
    case 'tucker':
      return [factor.a.shape[1] ?? 0, (factor.b.shape[1] ?? 0) * count(factor.core.shape.slice(2))];
    default:
      return factor satisfies never;
  }
}

function count(shape: readonly number[]): number {
  return shape.reduce((product, side) => product * side, 1);
}
