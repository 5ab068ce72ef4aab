/**
 * Recognises what people offer instead of safetensors, by its first bytes and its name, and says so.
 * Pickle is refused for good: reading one means running its author's program.
 */
import path from 'node:path';

import { UserError } from '../../core/errors.ts';

/** The refusal for a file that is plainly something else; undefined when it may be safetensors. */
export function foreignFormat(file: string, head: Uint8Array): UserError | undefined {
  if (looksLikeSafetensors(head)) {
    return undefined;
  }
  const format = FORMATS.find(({ matches }) => matches(head, path.extname(file).toLowerCase()));
  return (
    format &&
    new UserError(
      'weights.format',
      `Weights must be a .safetensors file, but "${path.basename(file)}" is ${format.name}; ${format.advice}.`,
      { params: { file: path.basename(file), format: format.name } },
    )
  );
}

/** Endings of weight files that are refused by name; to tell what a folder without safetensors holds instead. */
export const FOREIGN_EXTENSIONS = ['.ckpt', '.pt', '.pth', '.bin', '.gguf', '.onnx', '.msgpack', '.h5'] as const;

type Format = {
  readonly name: string;
  readonly advice: string;
  readonly matches: (head: Uint8Array, extension: string) => boolean;
};

const CONVERT = 'look for a .safetensors version of it, or convert it with a tool you trust';

const FORMATS: readonly Format[] = [
  {
    name: 'a pickle checkpoint, which can run hidden programs',
    advice: CONVERT,
    matches: (head, extension) =>
      startsWith(head, 'PK\u0003\u0004') ||
      (head[0] === 0x80 && (head[1] ?? 0) <= 5) ||
      ['.ckpt', '.pt', '.pth', '.bin'].includes(extension),
  },
  {
    name: 'a GGUF file',
    advice: CONVERT,
    matches: (head, extension) => startsWith(head, 'GGUF') || extension === '.gguf',
  },
  {
    name: 'an ONNX graph',
    advice: 'give the model folder with its .safetensors files instead',
    matches: (_, extension) => extension === '.onnx',
  },
  { name: 'a Flax checkpoint', advice: CONVERT, matches: (_, extension) => extension === '.msgpack' },
  {
    name: 'an HDF5 file',
    advice: CONVERT,
    matches: (head, extension) => startsWith(head, '\u0089HDF') || extension === '.h5',
  },
  {
    name: 'a Git LFS pointer and not the file itself',
    advice: 'fetch the real file with "git lfs pull"',
    matches: (head) => startsWith(head, 'version https://git-lfs'.slice(0, HEAD_BYTES)),
  },
  {
    name: 'a text that a server answered with',
    advice: 'the download went wrong, so download it again',
    matches: (head) => startsWith(head, '{"') || startsWith(head, '{\n'),
  },
  {
    name: 'a web page',
    advice: 'the download went wrong, so download it again',
    matches: (head) => startsWith(head, '<!DOCTYPE') || startsWith(head, '<!doctype') || startsWith(head, '<html'),
  },
];

/** How much of a file's beginning is looked at. */
export const HEAD_BYTES = 16;

/** A length below 4 GiB, then the brace: no other format begins so. */
function looksLikeSafetensors(head: Uint8Array): boolean {
  return head.subarray(4, 8).every((byte) => byte === 0) && head[8] === 0x7b;
}

function startsWith(head: Uint8Array, text: string): boolean {
  return Array.from(text).every((character, i) => head[i] === character.charCodeAt(0));
}
