/** What an English word or name may stand in a dictionary as: itself, its singular, without a possessive s. Pure. */

const IRREGULAR: Readonly<Record<string, string>> = {
  men: 'man',
  women: 'woman',
  children: 'child',
  mice: 'mouse',
  geese: 'goose',
  feet: 'foot',
  teeth: 'tooth',
  leaves: 'leaf',
  wolves: 'wolf',
  knives: 'knife',
  scarves: 'scarf',
  cacti: 'cactus',
  people: 'person',
};

const ENDINGS: readonly (readonly [ending: string, instead: string])[] = [
  ["'s", ''],
  ['ies', 'y'],
  ['es', ''],
  ['s', ''],
];

/** The word first; `rainbow-colored` also without its hyphens. */
export function plainForms(name: string): readonly string[] {
  const space = name.lastIndexOf(' ') + 1;
  const [before, last] = [name.slice(0, space), name.slice(space)];
  const singular = ENDINGS.filter(([ending]) => last.length > ending.length + 2 && last.endsWith(ending)).map(
    ([ending, instead]) => before + last.slice(0, -ending.length) + instead,
  );
  const irregular = IRREGULAR[last];
  const forms = [name, ...(irregular === undefined ? [] : [before + irregular]), ...singular];
  return [...forms, ...forms.filter((form) => form.includes('-')).map((form) => form.replaceAll('-', ' '))];
}
