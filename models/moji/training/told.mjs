/**
 * What is told of prompts that a model does not wholly know: node told.mjs [WORDS] [PROMPTS]
 *
 * WORDS: a table of words (the model folder's by default). PROMPTS: as prompts-dev.json, whose `missing` are the words of a prompt
 * that no drawing shows; a prompt is told where one of them is. Prints every prompt with a missing word and what is said of it,
 * and what is said of others, where nothing should be (of those drawn in full it is counted). Needs `npm run build` first.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';

const { readPrompt, readWordTable } = await import('../../../dist/src/engine/words/index.js');

const here = import.meta.dirname;
const [words = path.join(here, '..', 'words.json'), prompts = path.join(here, 'prompts-dev.json')] = process.argv.slice(2);
const table = await readWordTable(words);
const partsOf = (text) => text.toLowerCase().split(' ');
const read = JSON.parse(await readFile(prompts, 'utf8')).map((ask) => {
  const { unknown } = readPrompt(table, ask.prompt);
  const told = new Set(unknown.flatMap(({ word }) => partsOf(word)));
  return { ...ask, unknown, isTold: ask.missing.some((word) => partsOf(word).some((part) => told.has(part))) };
});
const show = ({ prompt, unknown }, mark) =>
  process.stdout.write(`  ${mark} ${prompt}: ${unknown.map(({ word, drawn }) => `${word} → ${drawn ?? '–'}`).join(', ')}\n`);
const count = (asks, name, isIn) =>
  process.stdout.write(`${name}: ${asks.filter(isIn).length} of ${asks.length}\n`);

for (const covered of ['not', 'partly']) {
  const lacking = read.filter((ask) => ask.covered === covered && ask.missing.length > 0);
  count(lacking, `told, ${covered} covered`, ({ isTold }) => isTold);
  lacking.forEach((ask) => show(ask, ask.isTold ? '+' : '-'));
}
for (const covered of ['partly', 'full']) {
  const known = read.filter((ask) => ask.covered === covered && ask.missing.length === 0);
  const spoken = ({ unknown }) => unknown.length > 0;
  count(known, covered === 'full' ? 'told falsely, covered in full' : 'told, every word drawn but not together', spoken);
  known.filter(spoken).forEach((ask) => show(ask, '!'));
}
