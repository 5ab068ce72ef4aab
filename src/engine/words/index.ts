export { readPrompt, type UnknownWord } from './read-prompt.ts';
export { readWordTable, type WordTable } from './word-table.ts';
