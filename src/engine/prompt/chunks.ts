/**
 * Tokens of a prompt of any length, laid out as the text encoder reads them: chunks of 75 between a begin and an end, each token
 * with its weight. A chunk that fills up is cut behind a comma among its last tokens, so that what belongs together stays
 * together; vectors of one learned word are never parted. Pure.
 *
 * As tokenize_line of https://github.com/AUTOMATIC1111/stable-diffusion-webui (modules/sd_hijack_clip.py at 1.10).
 */
/** A token, or vectors that stand in for one each. */
export type PromptToken =
  | { readonly kind: 'id'; readonly id: number }
  | { readonly kind: 'learned'; readonly vectors: readonly Float32Array[] };

export type TokenRun =
  | { readonly kind: 'tokens'; readonly tokens: readonly PromptToken[]; readonly weight: number }
  | { readonly kind: 'break' };

/** Begin, text, end and padding. */
export type Chunk = {
  readonly ids: readonly number[];
  readonly weights: readonly number[];
  /** What stands in for the token's own vector, by position. */
  readonly learned: ReadonlyMap<number, Float32Array>;
};

export type ChunkOptions = {
  readonly begin: number;
  readonly end: number;
  /** Fills up behind the first end. */
  readonly pad: number;
  readonly comma: number;
  /** Tokens of text in a chunk. */
  readonly room: number;
};

/** How far back from a full chunk's end a comma is looked for. */
const BACKTRACK = 20;
/** Stands where a learned vector takes its place. */
const PLACEHOLDER = 0;

type Slot = { readonly id: number; readonly weight: number; readonly vector: Float32Array | undefined };

/** One chunk at least. */
export function layOutChunks(runs: readonly TokenRun[], options: ChunkOptions): readonly Chunk[] {
  const { comma, room } = options;
  const chunks: Chunk[] = [];
  let open: Slot[] = [];
  let lastComma = -1;
  const close = (): void => {
    chunks.push(finished(open, options));
    open = [];
    lastComma = -1;
  };
  for (const run of runs) {
    if (run.kind === 'break') {
      close();
      continue;
    }
    for (const token of run.tokens) {
      if (token.kind === 'id' && token.id === comma) {
        lastComma = open.length;
      } else if (open.length === room && lastComma !== -1 && open.length - lastComma <= BACKTRACK) {
        const moved = open.splice(lastComma + 1);
        close();
        open = moved;
      }
      if (open.length + (token.kind === 'id' ? 1 : token.vectors.length) > room) {
        close();
      }
      const slots =
        token.kind === 'id'
          ? [{ id: token.id, vector: undefined }]
          : token.vectors.map((vector) => ({ id: PLACEHOLDER, vector }));
      open.push(...slots.map((slot) => ({ ...slot, weight: run.weight })));
    }
  }
  if (open.length > 0 || chunks.length === 0) {
    close();
  }
  return chunks;
}

function finished(slots: readonly Slot[], { begin, end, pad, room }: ChunkOptions): Chunk {
  const missing = room - slots.length;
  return {
    ids: [begin, ...slots.map(({ id }) => id), end, ...Array.from({ length: missing }, () => pad)],
    weights: [1, ...slots.map(({ weight }) => weight), 1, ...Array.from({ length: missing }, () => 1)],
    learned: new Map(slots.flatMap(({ vector }, k) => (vector === undefined ? [] : [[k + 1, vector] as const]))),
  };
}
