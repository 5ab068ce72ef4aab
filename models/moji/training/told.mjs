/**
 * What is told of prompts that a model does not wholly know: node told.mjs [WORDS] [PROMPTS]
 *
 * WORDS: a table of words (the model folder's by default). PROMPTS: as prompts-dev.json. Prints every prompt that the grammar
 * covers in part or not, with what is said of it, and then what is said of the covered ones, where nothing should be. Needs `npm run build` first.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';

const { readPrompt, readWordTable } = await import('../../../dist/src/engine/words/index.js');

const here = import.meta.dirname;
const [words = path.join(here, '..', 'words.json'), prompts = path.join(here, 'prompts-dev.json')] = process.argv.slice(2);
const table = await readWordTable(words);
const read = JSON.parse(await readFile(prompts, 'utf8')).map((ask) => ({ ...ask, unknown: readPrompt(table, ask.prompt).unknown }));
const said = ({ unknown }) => unknown.map(({ word, drawn }) => `${word} → ${drawn ?? '–'}`).join(', ');
for (const kind of ['not', 'partly', 'full']) {
  const asked = read.filter(({ covered }) => covered === kind);
  const told = asked.filter(({ unknown }) => unknown.length > 0);
  process.stdout.write(`${kind}: ${told.length} of ${asked.length} told\n`);
  for (const ask of kind === 'full' ? told : asked) {
    process.stdout.write(`  ${ask.prompt}: ${said(ask)}\n`);
  }
}
