/** Prompts as a model with a small vocabulary can read them. Knows no files but the table of words. */
export { readPrompt, type UnknownWord } from './read-prompt.ts';
export { readWordTable, type WordTable } from './word-table.ts';
