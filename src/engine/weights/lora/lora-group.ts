/** A low-rank pair of a file, before and after it has found its module. Knows no file and no model. */
import type { TensorInfo } from '../tensor-source.ts';
import type { LoraModule } from './lora-module.ts';

/** One module's matrices: ΔW = alpha/rank · up · down. */
export type LoraGroup = {
  /** The module as the file spells it. */
  readonly stem: string;
  /** [rank, in] or [rank, in, kh, kw]; with a `mid`, [inner rank, in, 1, 1]. */
  readonly down: TensorInfo;
  /** [out, rank] or [out, rank, 1, 1]. */
  readonly up: TensorInfo;
  /** LoCon's core [rank, inner rank, kh, kw]. */
  readonly mid: TensorInfo | undefined;
  readonly rank: number;
  readonly alpha: number;
  /** What up · down is multiplied by at weight 1: alpha/rank, or alpha/√rank for rank-stabilised LoRA. */
  readonly scale: number;
};

/** A group that found its module. */
export type LoraPart = LoraGroup & LoraModule;
