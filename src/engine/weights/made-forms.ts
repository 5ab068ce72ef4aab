/**
 * Forms that were made of weights and lie beside them in a table: kernels transformed (winograd.ts) or with their channels
 * last (device-weights.ts), matrices in 8 bits (quantised.ts). Where some weights change, the forms of the others stay. Knows
 * no file and no net.
 */
import { KERNEL_LAST } from './device-weights.ts';
import { QUANTISED, QUANTISED_SCALE } from './quantised.ts';
import type { TensorSource } from './tensor-source.ts';
import { renamed, type TensorTable } from './tensor-table.ts';
import { WINOGRAD } from './winograd.ts';

const FORM = new RegExp(
  `^(?<path>.*)\\.(?:${WINOGRAD}|${KERNEL_LAST}|(?:${QUANTISED}|${QUANTISED_SCALE})\\[\\d+:\\d+\\])$`,
  'u',
);

/** `changed` without the forms of weights that are others than in `source`. */
export function withoutStaleForms(changed: TensorSource, source: TensorSource): TensorTable {
  const isStale = (name: string): boolean => {
    const weight = `${FORM.exec(name)?.groups?.['path']}.weight`;
    return changed.get(weight) !== source.get(weight);
  };
  return renamed(changed.origin, changed, (name) => (isStale(name) ? undefined : name));
}
