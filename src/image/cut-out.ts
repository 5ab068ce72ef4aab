/**
 * Cuts what stands on a plain ground out of a picture: the ground is what its model has found clear, or else what the border
 * shows, everything of its colour that hangs together with the border, and holes. Edges become soft, and the ground's colour
 * is taken out of them, so that they are clean on dark and light. Plain arithmetic over pixels; knows no model and no file.
 */
import type { Picture } from '../core/picture.ts';
import { borderOf, distanceTo, middleColour, type Colour } from '../core/plain-ground.ts';

/** The share of the border that must show one colour: a thing may touch the edge, a landscape is no ground. */
const PLAIN_SHARE = 0.7;
/** Distances of colour (Euclidean, 0 … 441): what is surely ground, at least and at most, by how noisy the border is. */
const GROUND = { least: 14, most: 40, border: 48 };
/** A drawn ground is never quite one colour: so far from it, it goes on where it changes by no more than a step a pixel. */
const CREEP = { reach: 44, step: 7 };
/** Pixels around the ground that may be half of it. */
const EDGE = 2;
/** Of the picture: a smaller patch of the ground's colour inside the thing is part of it (an eye), a larger one a hole. */
const LEAST_HOLE = 0.004;

/** A pixel from here on is the thing. */
const HALF = 128;

/**
 * The picture with `alpha`, by what it has of it where it has; undefined where there is no plain ground to cut it from, or
 * nothing on it.
 */
export function cutOut(picture: Picture): Picture | undefined {
  const { width, height, data, alpha: found } = picture;
  const ground = groundOf(picture);
  if (ground === undefined) {
    return undefined;
  }
  const distance = new Float32Array(width * height);
  for (let p = 0; p < distance.length; p++) {
    distance[p] = distanceTo(data, p, ground.colour);
  }
  const isGround = found?.map((value) => Number(value < HALF)) ?? spread(picture, distance, ground.reach);
  const alpha = new Uint8Array(width * height).fill(255);
  const cut = { ...picture, data: data.slice(), alpha };
  let solid = 0;
  for (let p = 0; p < alpha.length; p++) {
    if (isGround[p] === 1) {
      alpha[p] = 0;
      continue;
    }
    solid += 1;
    const own = (found?.[p] ?? 255) / 255;
    const share = edgeShare({ p, width, height, distance, isGround, reach: ground.reach, own });
    if (share < 1) {
      alpha[p] = Math.round(share * 255);
      takeOut(cut.data, p, ground.colour, share);
    }
  }
  return solid === 0 || solid === alpha.length ? undefined : cut;
}

type Ground = { readonly colour: Colour; readonly reach: number };

/** The border's colour, and how far from it the ground reaches. */
function groundOf(picture: Picture): Ground | undefined {
  const border = borderOf(picture);
  const colour = middleColour(picture, border);
  const near = border
    .map((p) => distanceTo(picture.data, p, colour))
    .filter((distance) => distance <= GROUND.border)
    .toSorted((a, b) => a - b);
  if (near.length < PLAIN_SHARE * border.length) {
    return undefined;
  }
  const noise = near[Math.floor(near.length * 0.9)] ?? 0;
  return { colour, reach: Math.min(GROUND.most, Math.max(GROUND.least, 2 * noise)) };
}

/** 1 where the ground is: what the border reaches over pixels of its colour, and patches of it that are large enough. */
function spread(picture: Picture, distance: Float32Array, reach: number): Uint8Array {
  const { width, height } = picture;
  const isGround = new Uint8Array(width * height);
  const seen = new Uint8Array(width * height);
  const leastHole = Math.max(9, LEAST_HOLE * width * height);
  for (let from = 0; from < distance.length; from++) {
    if (seen[from] === 1 || (distance[from] ?? 0) > reach) {
      continue;
    }
    const patch = [from];
    seen[from] = 1;
    let meetsBorder = false;
    for (const p of patch) {
      const [x, y] = [p % width, Math.floor(p / width)];
      meetsBorder ||= x === 0 || y === 0 || x === width - 1 || y === height - 1;
      for (const next of [
        x > 0 ? p - 1 : p,
        x < width - 1 ? p + 1 : p,
        y > 0 ? p - width : p,
        y < height - 1 ? p + width : p,
      ]) {
        if (seen[next] === 0 && ((distance[next] ?? 0) <= reach || creeps(picture.data, distance, p, next))) {
          seen[next] = 1;
          patch.push(next);
        }
      }
    }
    if (meetsBorder || patch.length >= leastHole) {
      for (const p of patch) {
        isGround[p] = 1;
      }
    }
  }
  return isGround;
}

function creeps(data: Uint8Array, distance: Float32Array, from: number, to: number): boolean {
  const colour: Colour = [data[from * 3] ?? 0, data[from * 3 + 1] ?? 0, data[from * 3 + 2] ?? 0];
  return (distance[to] ?? 0) <= CREEP.reach && distanceTo(data, to, colour) <= CREEP.step;
}

type Edge = {
  readonly p: number;
  readonly width: number;
  readonly height: number;
  readonly distance: Float32Array;
  readonly isGround: Uint8Array;
  readonly reach: number;
  /** What its model has found of it. */ readonly own: number;
};

/**
 * How much of the pixel is the thing, 0..1: by how far its colour is on the way from the ground to the thing beside it; by what
 * was found of it where that is of the ground's colour.
 */
function edgeShare({ p, width, height, distance, isGround, reach, own }: Edge): number {
  const [x, y] = [p % width, Math.floor(p / width)];
  let touches = false;
  let thing = distance[p] ?? 0;
  for (let dy = -EDGE; dy <= EDGE; dy++) {
    for (let dx = -EDGE; dx <= EDGE; dx++) {
      const [nx, ny] = [x + dx, y + dy];
      if (nx < 0 || ny < 0 || nx >= width || ny >= height) {
        continue;
      }
      const q = ny * width + nx;
      if (isGround[q] === 1) {
        touches ||= Math.abs(dx) <= 1 && Math.abs(dy) <= 1;
      } else {
        thing = Math.max(thing, distance[q] ?? 0);
      }
    }
  }
  if (touches && thing <= reach) {
    return own;
  }
  return touches
    ? Math.min(1, Math.max(0.05, ((distance[p] ?? 0) - reach * 0.5) / Math.max(1, thing - reach * 0.5)))
    : 1;
}

/** The thing's own colour from a mixed pixel: C = share · F + (1 - share) · ground. */
function takeOut(data: Uint8Array, p: number, ground: Colour, share: number): void {
  for (let c = 0; c < 3; c++) {
    const mixed = data[p * 3 + c] ?? 0;
    data[p * 3 + c] = Math.min(255, Math.max(0, Math.round((mixed - (1 - share) * (ground[c] ?? 0)) / share)));
  }
}
