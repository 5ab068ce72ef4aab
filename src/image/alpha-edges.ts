/**
 * A picture whose alpha a net has found, made clean: what is all but clear is clear, what is all but solid is solid, and the
 * ground's colour is taken out of the edges between. Plain arithmetic over pixels; knows no net and no file.
 */
import type { Picture } from '../core/picture.ts';
import { middle, takeOut } from './cut-out.ts';

/** Of 255: a net is never quite sure. */
const SURE = { clear: 14, solid: 241 };
/** A pixel from here on is the thing. */
const HALF = 128;
/** Shares of the picture: less ground than this is none, less thing than this is nothing. */
const LEAST = { ground: 0.01, thing: 0.002 };

/** Undefined where its alpha shows no ground, or nothing on it. */
export function withCleanEdges(picture: Picture & { readonly alpha: Uint8Array }): Picture | undefined {
  const { data, alpha: found } = picture;
  const solid = found.filter((value) => value >= HALF).length;
  if (found.length - solid < LEAST.ground * found.length || solid < LEAST.thing * found.length) {
    return undefined;
  }
  const ground = groundOf(data, found);
  const clean = { ...picture, data: data.slice(), alpha: found.map(sure) };
  for (const [p, value] of clean.alpha.entries()) {
    if (value > 0 && value < 255) {
      takeOut(clean.data, p, ground, value / 255);
    }
  }
  return clean;
}

function sure(value: number): number {
  return value <= SURE.clear ? 0 : value >= SURE.solid ? 255 : value;
}

/** The middle colour of what is clear. */
function groundOf(data: Uint8Array, alpha: Uint8Array): readonly [red: number, green: number, blue: number] {
  const clear = [...alpha.keys()].filter((p) => (alpha[p] ?? 0) < HALF);
  const channel = (c: number): number => middle(clear.map((p) => data[p * 3 + c] ?? 0));
  return [channel(0), channel(1), channel(2)];
}
