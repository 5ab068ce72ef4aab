/**
 * A tokenizer's folder as one description: either one `tokenizer.json`, or `vocab.json` and `merges.txt`, with the
 * special tokens from `special_tokens_map.json` or `tokenizer_config.json`. Parsed here once; encodes nothing.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';

import { UserError } from '../../core/errors.ts';
import { BYTE_LETTERS } from './byte-letters.ts';

export type TokenizerFiles = {
  /** In the form of a `tokenizer.json`. */
  readonly tokenizer: TokenizerJson;
  readonly bos: string;
  readonly eos: string;
  readonly pad: string;
  /** Tokens with begin and end; 77 for every CLIP. */
  readonly maxLength: number;
  /** It changes a text no further than to lower case and NFC: known of vocabularies, not of what a tokenizer.json says. */
  readonly isPlain: boolean;
};

/**
 * `padInstead` stands in for the folder's padding token: checkpoints of SDXL come with one vocabulary for two encoders.
 * Throws `UserError` `tokenizer.files` when files are missing, malformed or of another kind of tokenizer.
 */
export async function readTokenizerFiles(folder: string, padInstead?: string): Promise<TokenizerFiles> {
  const config = (await readJson(folder, 'tokenizer_config.json', specialsSchema)) ?? {};
  const specials = (await readJson(folder, 'special_tokens_map.json', specialsSchema)) ?? {};
  const token = (key: SpecialKey, otherwise: Special) => toSpecial(specials[key] ?? config[key]) ?? otherwise;
  const bos = token('bos_token', { content: '<|startoftext|>', normalized: true });
  const eos = token('eos_token', { content: '<|endoftext|>', normalized: true });
  const unk = token('unk_token', eos);
  const pad = toSpecial(padInstead) ?? token('pad_token', eos);
  // Some files give "no limit" as a number of thirty digits.
  const maxLength = Math.min(config.model_max_length ?? CLIP_LENGTH, CLIP_LENGTH);
  const whole = await readJson(folder, 'tokenizer.json', tokenizerSchema);
  const tokenizer = whole === undefined ? await fromVocabulary(folder, { bos, eos, unk, pad }) : withToken(whole, pad);
  for (const { content } of [bos, eos, pad]) {
    const isAdded = tokenizer.added_tokens.some((added) => added.content === content);
    if (tokenizer.model.vocab[content] === undefined && !isAdded) {
      throw problem(folder, `its vocabulary has no "${content}"`);
    }
  }
  const isPlain = whole === undefined;
  return { tokenizer, bos: bos.content, eos: eos.content, pad: pad.content, maxLength, isPlain };
}

const CLIP_LENGTH = 77;

const tokenSchema = z
  .union([z.string(), z.object({ content: z.string(), normalized: z.boolean().default(true) })])
  .nullish();
type SpecialKey = 'bos_token' | 'eos_token' | 'unk_token' | 'pad_token';

const specialsSchema = z.looseObject({
  bos_token: tokenSchema,
  eos_token: tokenSchema,
  pad_token: tokenSchema,
  unk_token: tokenSchema,
  model_max_length: z.number().min(3).optional(),
});

/** `normalized`: whether the token is looked for in the lower-cased text. */
type Special = { readonly content: string; readonly normalized: boolean };

/** In transformers' order: of two with one content the later counts. */
type Specials = Readonly<Record<'bos' | 'eos' | 'unk' | 'pad', Special>>;

/** A token written as a plain string is looked for in the text as typed; that is transformers' default. */
function toSpecial(token: z.infer<typeof tokenSchema>): Special | undefined {
  return typeof token === 'string' ? { content: token, normalized: false } : (token ?? undefined);
}

/** Of 49,408 entries; z.record would take a tenth of a second for them. */
const vocabularySchema = z.custom<Record<string, number>>(isVocabulary);

function isVocabulary(value: unknown): boolean {
  if (!isRecord(value)) {
    return false;
  }
  // Half the time of a list of the values.
  for (const token in value) {
    const id = value[token];
    if (!Number.isInteger(id) || Number(id) < 0) {
      return false;
    }
  }
  return true;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const tokenizerSchema = z.looseObject({
  added_tokens: z.array(z.looseObject({ id: z.int().min(0), content: z.string() })),
  model: z.looseObject({
    type: z.literal('BPE'),
    vocab: vocabularySchema,
    merges: z.array(z.union([z.string(), z.array(z.string())])),
  }),
});
export type TokenizerJson = z.infer<typeof tokenizerSchema>;

/**
 * What transformers 5 makes of CLIP's two files.
 * As in https://github.com/huggingface/transformers/blob/v5.0.0/src/transformers/models/clip/tokenization_clip.py
 */
async function fromVocabulary(folder: string, specials: Specials): Promise<TokenizerJson> {
  const text = await readText(folder, 'merges.txt');
  if (text === undefined) {
    throw problem(folder, 'there is neither tokenizer.json nor merges.txt');
  }
  const merges = text
    .split(/\r?\n/)
    .filter((line, i) => line.trim() !== '' && !(i === 0 && line.startsWith('#version')));
  const vocab =
    (await readJson(folder, 'vocab.json', vocabularySchema)) ?? impliedVocabulary(merges, specials.bos, specials.eos);
  const added = (await readJson(folder, 'added_tokens.json', vocabularySchema)) ?? {};
  return {
    version: '1.0',
    // SDXL's "!" is split off before anything else.
    added_tokens: [
      ...[...new Map(Object.values(specials).map((special) => [special.content, special])).values()].flatMap(
        (special) => addedToken(vocab, special),
      ),
      // Words that a pipeline learnt before it was saved.
      ...Object.keys(added).flatMap((content) =>
        vocab[content] === undefined ? addedToken(added, { content, normalized: true }) : [],
      ),
    ],
    normalizer: {
      type: 'Sequence',
      normalizers: [
        { type: 'NFC' },
        { type: 'Replace', pattern: { Regex: String.raw`\s+` }, content: ' ' },
        { type: 'Lowercase' },
      ],
    },
    pre_tokenizer: {
      type: 'Sequence',
      pretokenizers: [
        { type: 'Split', pattern: { Regex: PIECES }, behavior: 'Removed', invert: true },
        { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
      ],
    },
    post_processor: null,
    decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: {
      type: 'BPE',
      unk_token: specials.unk.content,
      continuing_subword_prefix: '',
      end_of_word_suffix: '</w>',
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab,
      merges,
    },
  };
}

const PIECES = String.raw`<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+`;

/** A special token as tokenizer.json lists it; none where the vocabulary lacks it. */
function addedToken(
  vocab: Readonly<Record<string, number>>,
  { content, normalized }: Special,
): TokenizerJson['added_tokens'] {
  const id = vocab[content];
  return id === undefined
    ? []
    : [{ id, content, single_word: false, lstrip: false, rstrip: false, normalized, special: true }];
}

function withToken(tokenizer: TokenizerJson, token: Special): TokenizerJson {
  const isThere = tokenizer.added_tokens.some(({ content }) => content === token.content);
  return isThere
    ? tokenizer
    : { ...tokenizer, added_tokens: [...tokenizer.added_tokens, ...addedToken(tokenizer.model.vocab, token)] };
}

/**
 * The vocabulary that CLIP's merges imply, in its own order: each byte's letter, each letter at a word's end, each
 * merge, begin and end. As in https://github.com/openai/CLIP/blob/main/clip/simple_tokenizer.py
 */
function impliedVocabulary(merges: readonly string[], bos: Special, eos: Special): Record<string, number> {
  const isPrintable = (letter: string) => (letter.codePointAt(0) ?? 0) < 256;
  const letters = [...BYTE_LETTERS.filter(isPrintable), ...BYTE_LETTERS.filter((letter) => !isPrintable(letter))];
  const tokens = [
    ...letters,
    ...letters.map((letter) => `${letter}</w>`),
    ...merges.map((merge) => merge.replace(' ', '')),
    bos.content,
    eos.content,
  ];
  return Object.fromEntries(tokens.map((token, id) => [token, id]));
}

async function readJson<Value>(folder: string, name: string, schema: z.ZodType<Value>): Promise<Value | undefined> {
  const text = await readText(folder, name);
  if (text === undefined) {
    return undefined;
  }
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    throw problem(folder, `its ${name} is not what a CLIP tokenizer has there`, cause);
  }
}

async function readText(folder: string, name: string): Promise<string | undefined> {
  try {
    return await readFile(path.join(folder, name), 'utf8');
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && (cause.code === 'ENOENT' || cause.code === 'ENOTDIR')) {
      return undefined;
    }
    throw problem(folder, `its ${name} cannot be read`, cause);
  }
}

function problem(folder: string, what: string, cause?: unknown): UserError {
  return new UserError(
    'tokenizer.files',
    `There must be a CLIP tokenizer in "${folder}", but ${what}; copy the tokenizer folder of the model's source there.`,
    { params: { folder, what }, cause },
  );
}
