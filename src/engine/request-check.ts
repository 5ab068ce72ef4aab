/**
 * Whether a request can be drawn at all, before any file is opened: one sentence for the first thing that is wrong.
 * The limits here protect the engine; a server's own limits are the bot's.
 */
import { UserError } from '../core/errors.ts';
import type { GenerationRequest } from '../core/request.ts';

const LIMITS = { steps: 150, count: 16, guidance: 30, sidePx: 2048, leastSidePx: 64, weight: 10 } as const;

/** Throws `UserError('request.…')` that names the field. */
export function checkRequest(request: GenerationRequest): void {
  checkHonoured(request);
  const { steps, count, guidance, seed, index, width, height, init, mask, variation, styles } = request;
  expectWhole('steps', steps, 1, LIMITS.steps);
  expectWhole('count', count, 1, LIMITS.count);
  expectWhole('index', index, 0, LIMITS.count);
  expectWhole('seed', seed, 0, Number.MAX_SAFE_INTEGER - LIMITS.count - index);
  expectNumber('guidance', guidance, 0, LIMITS.guidance);
  expectSide('width', width);
  expectSide('height', height);
  for (const { id, weight } of styles) {
    expectWeight(`the style ${id}`, weight);
  }
  const { accelerator } = request;
  if (accelerator.kind === 'file') {
    expectWeight('the accelerator', accelerator.weight ?? 1);
  }
  if (variation !== undefined) {
    expectWhole('seed', variation.seed, 0, Number.MAX_SAFE_INTEGER - LIMITS.count);
    if (!(variation.amount >= 0 && variation.amount <= 1)) {
      throw new UserError(
        'request.variation',
        `Expected a variation of 0 to 1, but got ${variation.amount}; 0 is the picture itself.`,
        { params: { given: variation.amount } },
      );
    }
  }
  if (mask !== undefined && init === undefined) {
    throw new UserError(
      'request.mask-alone',
      'Expected a mask together with a picture to start from, but got the mask alone; add the picture.',
    );
  }
  if (init !== undefined && !(init.strength > 0 && init.strength <= 1)) {
    throw new UserError(
      'request.strength',
      `Expected a strength above 0 and up to 1, but got ${init.strength}; 0.6 keeps about half of the picture.`,
      {
        params: { given: init.strength },
      },
    );
  }
}

/** What a request may ask for and this engine cannot draw yet is refused, never left out. */
const NOT_YET: readonly (readonly [what: string, isAsked: (request: GenerationRequest) => boolean])[] = [
  ['extending a picture', ({ extend }) => extend !== undefined],
];

/** Throws `UserError('request.not-yet')`. */
function checkHonoured(request: GenerationRequest): void {
  const found = NOT_YET.find(([, isAsked]) => isAsked(request))?.[0];
  if (found !== undefined) {
    throw new UserError('request.not-yet', `Expected what this version can draw, but got ${found}; leave it out.`, {
      params: { what: found },
    });
  }
}

/** Sides that the model's nets can take. Throws `UserError('request.width' | 'request.height')`. */
export function checkSides({ width, height }: Pick<GenerationRequest, 'width' | 'height'>, multiple: number): void {
  for (const [name, side] of [
    ['width', width],
    ['height', height],
  ] as const) {
    if (side % multiple !== 0) {
      throw sideError(name, side, multiple);
    }
  }
}

function expectWeight(what: string, weight: number): void {
  if (!Number.isFinite(weight) || Math.abs(weight) > LIMITS.weight) {
    throw new UserError(
      'request.weight',
      `Expected a weight between -${LIMITS.weight} and ${LIMITS.weight} for ${what}, but got ${weight}; the usual weight is 0.5 to 1.`,
      { params: { style: what, given: weight, limit: LIMITS.weight } },
    );
  }
}

function expectSide(name: 'width' | 'height', side: number): void {
  const { leastSidePx: least, sidePx: most } = LIMITS;
  if (!Number.isInteger(side) || side % 8 !== 0) {
    throw sideError(name, side, 8);
  }
  if (side < least || side > most) {
    throw new UserError(
      `request.${name}`,
      `Expected a ${name} of ${least} to ${most} pixels, but got ${side}; ask for a size in that range.`,
      {
        params: { given: side, least, most },
      },
    );
  }
}

function sideError(name: 'width' | 'height', side: number, multiple: number): UserError {
  const nearest = Math.max(multiple, Math.round(side / multiple) * multiple);
  return new UserError(
    `request.${name}`,
    `Expected a ${name} that is a multiple of ${multiple} pixels, but got ${side}; the nearest is ${nearest}.`,
    {
      params: { given: side, multiple, nearest },
    },
  );
}

function expectWhole(name: 'steps' | 'count' | 'seed' | 'index', value: number, least: number, most: number): void {
  if (!Number.isSafeInteger(value) || value < least || value > most) {
    throw new UserError(
      `request.${name}`,
      `Expected a whole number of ${least} to ${most} for ${name}, but got ${value}; ask for one in that range.`,
      {
        params: { given: value, least, most },
      },
    );
  }
}

function expectNumber(name: 'guidance', value: number, least: number, most: number): void {
  if (!(value >= least && value <= most)) {
    throw new UserError(
      `request.${name}`,
      `Expected ${name} of ${least} to ${most}, but got ${value}; 1 to 2 suits four-step models.`,
      {
        params: { given: value, least, most },
      },
    );
  }
}
