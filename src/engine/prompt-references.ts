/**
 * What a weighted prompt names and there is not: told, and left out of the words; and forms of other programs that are not
 * followed here. A plain prompt names nothing.
 */
import type { GenerationRequest } from '../core/request.ts';
import type { WorkEvent } from '../core/work.ts';
import { foreignForms, takeReferences } from './prompt/index.ts';

type Prompts = Pick<GenerationRequest, 'prompt' | 'negative'> & { readonly notices: readonly WorkEvent[] };

/** `words`: of the textual inversions that there are. */
export function withoutReferences(
  { prompt, negative, promptGrammar }: Pick<GenerationRequest, 'prompt' | 'negative' | 'promptGrammar'>,
  words: readonly string[],
): Prompts {
  if (promptGrammar === 'plain') {
    return { prompt, negative, notices: [] };
  }
  const taken = { prompt: takeReferences(prompt, words), negative: takeReferences(negative, words) };
  const both = [taken.prompt, taken.negative];
  return {
    prompt: taken.prompt.text,
    negative: taken.negative.text,
    notices: [...new Set(both.flatMap(({ unknownStyles }) => unknownStyles))]
      .map(styleNotice)
      .concat([...new Set(both.flatMap(({ unknownEmbeddings }) => unknownEmbeddings))].map(embeddingNotice))
      .concat([...new Set(both.flatMap(({ text }) => foreignForms(text)))].map(formNotice)),
  };
}

function styleNotice(name: string): WorkEvent {
  return {
    kind: 'notice',
    code: 'prompt.lora',
    sentence: `There is no style "${name}" here, so <lora:${name}> was left out.`,
    params: { name },
  };
}

function embeddingNotice(name: string): WorkEvent {
  return {
    kind: 'notice',
    code: 'prompt.embedding',
    sentence: `There is no textual inversion "${name}" here, so ${name.startsWith('<') ? 'it' : `embedding:${name}`} was left out.`,
    params: { name },
  };
}

function formNotice(form: string): WorkEvent {
  return {
    kind: 'notice',
    code: 'prompt.form',
    sentence: `"${form}" is a form of other programs that is not followed here, so it was read as words.`,
    params: { form },
  };
}
