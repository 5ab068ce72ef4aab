/**
 * What a model says of words: which it learnt, which of those is drawn for another, and what words of other languages
 * mean. A file beside the model's weights (`words` in its manifest), made by the model's training; read once when needed.
 *
 * Knows the file's form only; what is done with a prompt is read-prompt.ts's business.
 */
import { readFile } from 'node:fs/promises';

import { z } from 'zod';

import { jsonOf } from '../../core/parsed.ts';
import { UserError } from '../../core/errors.ts';

export const LANGUAGES = ['de', 'es', 'fr', 'ja'] as const;
export type Language = (typeof LANGUAGES)[number];

export type LanguageTerms = {
  /** Lower case, of one or more words → English; '' for what English has no word for. */
  readonly terms: ReadonlyMap<string, string>;
  /** Articles, prepositions and other small words by which the language is recognised. */
  readonly little: ReadonlySet<string>;
  /** Terms that stand beside a noun: colours and sizes. */
  readonly adjectives: ReadonlySet<string>;
  /** Terms that say where or when. */
  readonly places: ReadonlySet<string>;
  /** Japanese terms that stand between two things, the second before the first in English: riding, wearing, on. */
  readonly relations: ReadonlySet<string>;
};

export type WordTable = {
  /** Names of one or more words, lower case, that can be drawn. */
  readonly things: ReadonlySet<string>;
  /** Those, and other words met in training. */
  readonly known: ReadonlySet<string>;
  /** A word that is not known → the known one that is drawn for it. */
  readonly near: ReadonlyMap<string, string>;
  /** Words that name nothing to be seen. */
  readonly silent: ReadonlySet<string>;
  /** A word or phrase → what the model's captions say for it; nobody is told of these. */
  readonly alike: ReadonlyMap<string, string>;
  /** Words of captions beside names and places; undefined where the table does not tell, and every word is left to the model. */
  readonly met: ReadonlySet<string> | undefined;
  /** Things that are never drawn as one with each other: a cat astronaut. */
  readonly animals: ReadonlySet<string>;
  readonly roles: ReadonlySet<string>;
  /** What captions say before an animal whose face is drawn (avatar of); undefined where they say nothing. */
  readonly face: string | undefined;
  readonly languages: ReadonlyMap<Language, LanguageTerms>;
};

const lines = z.string().transform((text) => text.split('\n'));
const languageFile = z.object({
  little: z.array(z.string()),
  terms: z.record(z.string(), z.string()),
  adjectives: z.array(z.string()),
  places: z.array(z.string()),
  relations: z.array(z.string()).default([]),
});
const tableFile = z.object({
  /** 2 added `alike` and `met`, 3 `animals` and `roles`, 4 `face`. */
  version: z.literal([1, 2, 3, 4]),
  things: lines,
  words: lines,
  near: z.record(z.string(), z.string()),
  silent: lines,
  alike: z.record(z.string(), z.string()).default({}),
  met: lines.optional(),
  animals: lines.default([]),
  roles: lines.default([]),
  face: z.string().min(1).optional(),
  languages: z.partialRecord(z.enum(LANGUAGES), languageFile),
});

/** Throws `UserError('model.words')` for a file that is not one. */
export async function readWordTable(file: string): Promise<WordTable> {
  return parseWordTable(await readFile(file, 'utf8'), file);
}

/** `file` is for messages. */
export function parseWordTable(text: string, file: string): WordTable {
  const parsed = tableFile.safeParse(jsonOf(text));
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new UserError(
      'model.words',
      `Expected a table of words of version 1 to 4 in ${file}, but \`${issue?.path.join('.') ?? ''}\` is not usable (${issue?.message ?? 'unknown'}); take the file that came with the model.`,
      { params: { file } },
    );
  }
  const { things, words, near, silent, alike, met, animals, roles, face, languages } = parsed.data;
  return {
    things: new Set(things),
    known: new Set([...things, ...words]),
    near: new Map(Object.entries(near)),
    silent: new Set(silent),
    alike: new Map(Object.entries(alike)),
    met: met && new Set(met),
    animals: new Set(animals),
    roles: new Set(roles),
    face,
    languages: new Map(
      LANGUAGES.flatMap((language) => {
        const told = languages[language];
        return told === undefined ? [] : [[language, termsOf(told)] as const];
      }),
    ),
  };
}

function termsOf({ terms, little, adjectives, places, relations }: z.infer<typeof languageFile>): LanguageTerms {
  return {
    terms: new Map(Object.entries(terms).map(([term, english]) => [elided(term), english])),
    little: new Set(little),
    adjectives: new Set(adjectives),
    places: new Set(places.map(elided)),
    relations: new Set(relations),
  };
}

/** French l'espace as the two words that it is. */
export function elided(text: string): string {
  return text.replaceAll(/(?<![\p{L}\p{N}])([ldcj]|qu)['’](?=\p{L})/giu, '$1 ');
}
