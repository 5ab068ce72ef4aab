/**
 * Pictures through this repository's cut: node cut.mjs IN OUT SIDE [ALPHA]
 *
 * IN: pictures of SIDE × SIDE RGB bytes, one after the other; ALPHA: how solid the alpha head finds each pixel, a byte each. OUT:
 * the same with alpha, RGBA; where there is no plain ground to cut from, alpha is 255 everywhere. Needs `npm run build` first.
 */
import { readFile, writeFile } from 'node:fs/promises';

const { cutFromGround } = await import('../../../dist/src/image/index.js');

const [input, output, sideText = '128', alphaFile] = process.argv.slice(2);
const side = Number(sideText);
const bytes = await readFile(input);
const alphas = alphaFile === undefined ? undefined : await readFile(alphaFile);
const pixels = side * side;
const made = new Uint8Array((bytes.length / 3) * 4);
for (let from = 0; from < bytes.length; from += pixels * 3) {
  const data = new Uint8Array(bytes.subarray(from, from + pixels * 3));
  const alpha = alphas && { alpha: new Uint8Array(alphas.subarray(from / 3, from / 3 + pixels)) };
  const { picture: cut } = cutFromGround({ width: side, height: side, data, ...alpha });
  for (let p = 0; p < pixels; p++) {
    made.set(cut.data.subarray(p * 3, p * 3 + 3), (from / 3 + p) * 4);
    made[(from / 3 + p) * 4 + 3] = cut.alpha?.[p] ?? 255;
  }
}
await writeFile(output, made);
