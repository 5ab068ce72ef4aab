/** Public face of `image`: the only importer of sharp. */
export { decodePicture } from './decode.ts';
export { encodeDraft, encodePng, encodePreview, encodeWithin, PARAMETERS_KEYWORD } from './encode.ts';
export { encodeEmoji } from './emoji.ts';
export { composeGrid } from './grid.ts';
export { maskPicture, maskValues } from './mask.ts';
export { coverPicture, flattened, openOwnPicture } from './pixels.ts';
export { cutFromGround, transparentLike } from './transparency.ts';
export { readPngTexts, withPngTexts } from './png-text.ts';
