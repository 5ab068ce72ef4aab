/** What a prompt says, from letters to weighted chunks of tokens; knows no net. */
export { layOutChunks, type Chunk, type PromptToken, type TokenRun } from './chunks.ts';
export { splitConcepts } from './concepts.ts';
export { emphasised } from './emphasis.ts';
export { splitByWords, takeReferences } from './references.ts';
export { parseWeighted, type PromptPiece } from './weighted-text.ts';
export { foreignForms } from './foreign-forms.ts';
