/**
 * `/imagine`: draw pictures from words. The values are bounds of the grammar; a server's own limits are narrower and
 * belong to its settings.
 */
import { QUALITIES } from '../src/core/accelerator.ts';
import type { CommandSpec } from '../src/core/command.ts';
import { DRAWING_LIMITS, TEXT_LIMITS } from '../src/core/drawing-limits.ts';

export const imagine = {
  name: 'imagine',
  audience: 'everybody',
  visibility: 'public',
  textOption: 'prompt',
  aliases: { no: 'negative', ar: 'aspect', cfg: 'guidance', n: 'count' },
  options: [
    { kind: 'text', name: 'prompt', isRequired: true, maxLength: TEXT_LIMITS.prompt },
    { kind: 'text', name: 'style', isRequired: false, maxLength: 200, suggests: 'style', isWord: true },
    { kind: 'text', name: 'negative', isRequired: false, maxLength: TEXT_LIMITS.negative },
    { kind: 'integer', name: 'seed', isRequired: false, ...DRAWING_LIMITS.seed },
    { kind: 'integer', name: 'steps', isRequired: false, ...DRAWING_LIMITS.steps },
    { kind: 'text', name: 'size', isRequired: false, maxLength: 16, isWord: true },
    { kind: 'text', name: 'aspect', isRequired: false, maxLength: 16, isWord: true },
    { kind: 'number', name: 'guidance', isRequired: false, ...DRAWING_LIMITS.guidance },
    { kind: 'integer', name: 'count', isRequired: false, ...DRAWING_LIMITS.count },
    { kind: 'image', name: 'image', isRequired: false },
    { kind: 'image', name: 'mask', isRequired: false },
    { kind: 'text', name: 'from', isRequired: false, maxLength: 1000, isWord: true },
    { kind: 'number', name: 'strength', isRequired: false, ...DRAWING_LIMITS.strength },
    { kind: 'choice', name: 'quality', isRequired: false, choices: QUALITIES },
    { kind: 'boolean', name: 'transparent', isRequired: false },
    { kind: 'boolean', name: 'private', isRequired: false },
  ],
} as const satisfies CommandSpec;
