/**
 * `/imagine`: draw pictures from words. The values are bounds of the grammar; a server's own limits are narrower and
 * belong to its settings.
 */
import { QUALITIES } from '../src/core/accelerator.ts';
import type { CommandSpec } from '../src/core/command.ts';

export const imagine = {
  name: 'imagine',
  audience: 'everybody',
  visibility: 'public',
  textOption: 'prompt',
  aliases: { no: 'negative', ar: 'aspect', cfg: 'guidance', n: 'count' },
  options: [
    { kind: 'text', name: 'prompt', isRequired: true, maxLength: 2000 },
    { kind: 'text', name: 'style', isRequired: false, maxLength: 200, suggests: 'style', isWord: true },
    { kind: 'text', name: 'negative', isRequired: false, maxLength: 1000 },
    { kind: 'integer', name: 'seed', isRequired: false, min: 0, max: 4_294_967_295 },
    { kind: 'integer', name: 'steps', isRequired: false, min: 1, max: 8 },
    { kind: 'text', name: 'size', isRequired: false, maxLength: 16, isWord: true },
    { kind: 'text', name: 'aspect', isRequired: false, maxLength: 16, isWord: true },
    { kind: 'number', name: 'guidance', isRequired: false, min: 1, max: 15 },
    { kind: 'integer', name: 'count', isRequired: false, min: 1, max: 4 },
    { kind: 'image', name: 'image', isRequired: false },
    { kind: 'text', name: 'from', isRequired: false, maxLength: 1000, isWord: true },
    { kind: 'number', name: 'strength', isRequired: false, min: 0.05, max: 1 },
    { kind: 'choice', name: 'quality', isRequired: false, choices: QUALITIES },
    { kind: 'boolean', name: 'private', isRequired: false },
  ],
} as const satisfies CommandSpec;
