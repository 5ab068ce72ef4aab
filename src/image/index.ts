/** Public face of `image`: the only importer of sharp. */
export { decodePicture } from './decode.ts';
export { encodePng, encodePreview, encodeWithin, PARAMETERS_KEYWORD } from './encode.ts';
export { composeGrid } from './grid.ts';
export { coverPicture, openOwnPicture } from './pixels.ts';
export { readPngTexts, withPngTexts } from './png-text.ts';
