/** All rules by the operators' names, and the forms that some operators take before they are differentiated. */
import type { NodeSpec, Value } from '../graph.ts';
import { attentionRules } from './attention.ts';
import { elementwiseRules } from './elementwise.ts';
import { matrixRules } from './matrix.ts';
import { instanceAsLayer, normRules, withStatistics, type Emit } from './norms.ts';
import { reductionRules } from './reduction.ts';
import type { Rule } from './rule.ts';
import { shapeRules } from './shape.ts';
import { spatialRules } from './spatial.ts';

export const RULES: Readonly<Record<string, Rule>> = {
  ...elementwiseRules,
  ...shapeRules,
  ...reductionRules,
  ...matrixRules,
  ...normRules,
  ...attentionRules,
  ...spatialRules,
};

/** Forms that have no rule of their own, or need more outputs for it, by what takes their place. */
export const FORMS: Readonly<Record<string, (spec: NodeSpec, emit: Emit) => readonly Value[]>> = {
  LayerNormalization: withStatistics,
  InstanceNormalization: instanceAsLayer,
};
