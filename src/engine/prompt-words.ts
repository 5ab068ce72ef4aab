/**
 * A request's prompts as its model can read them, and what it has to say about their words. A model without a table of
 * words reads everything as it is.
 */
import type { ModelManifest } from '../core/manifest.ts';
import type { GenerationRequest } from '../core/request.ts';
import type { WorkEvent } from '../core/work.ts';
import { readPrompt, type UnknownWord, type WordTable } from './words/index.ts';

/** Of one prompt; more would bury the picture. */
const MOST_NOTICES = 3;

export type WordReader = {
  readonly manifest: ModelManifest | undefined;
  readonly words: () => Promise<WordTable> | undefined;
};

export type PromptWords = Pick<GenerationRequest, 'prompt' | 'negative'> & { readonly notices: readonly WorkEvent[] };

/** Throws `UserError('model.words')` where the model's table cannot be read. */
export async function readPromptWords(
  model: WordReader,
  request: Pick<GenerationRequest, 'prompt' | 'negative' | 'styles' | 'embeddings'>,
): Promise<PromptWords> {
  const table = await model.words();
  if (table === undefined) {
    return { prompt: request.prompt, negative: request.negative, notices: [] };
  }
  const { name = '', styles: own = [] } = model.manifest ?? {};
  // A style of the server's or an embedding may have taught a word of its own: it stays, and only what is drawn for another is told then.
  const mayBeTaught =
    request.embeddings.length > 0 || request.styles.some(({ id }) => !own.some((style) => style.id === id));
  const { prompt, unknown } = readPrompt(table, request.prompt, { keepsUnknown: mayBeTaught });
  const told = unknown.filter(({ drawn }) => drawn !== undefined || !mayBeTaught).slice(0, MOST_NOTICES);
  return {
    prompt,
    negative: readPrompt(table, request.negative, { keepsUnknown: mayBeTaught, addsNothing: true }).prompt,
    notices: told.map((word) => noticeOf(name, word)),
  };
}

function noticeOf(model: string, { word, drawn }: UnknownWord): WorkEvent {
  return drawn === undefined
    ? {
        kind: 'notice',
        code: 'prompt.unknown',
        sentence: `${model} does not know "${word}" and cannot draw it.`,
        params: { model, word },
      }
    : {
        kind: 'notice',
        code: 'prompt.near',
        sentence: `${model} does not know "${word}"; it drew "${drawn}".`,
        params: { model, word, drawn },
      };
}
