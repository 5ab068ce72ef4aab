/** All rules by the operators' names. */
import { attentionRules } from './attention.ts';
import { elementwiseRules } from './elementwise.ts';
import { matrixRules } from './matrix.ts';
import { normRules } from './norms.ts';
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
