/** Public face of `image`: the only importer of sharp. */
export { encodePng, encodePreview, encodeWithin, PARAMETERS_KEYWORD } from './encode.ts';
export { composeGrid } from './grid.ts';
export { coverPicture, decodePicture } from './pixels.ts';
export { readPngTexts, withPngTexts } from './png-text.ts';
