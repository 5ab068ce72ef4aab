/**
 * Words that are drawn only in channels for adults. English comes from a kept list with categories and severities; of it
 * are taken the words that mean nothing else in a picture. For the other languages that people prompt in there is no
 * such list (translated ones forbid donkeys and hammers), so theirs stand here, with what a list of profanities leaves
 * out: plain words for nakedness. A word of one language that is an everyday one of another (bite, seins, baiser) stands
 * with what goes before it, or not at all.
 */
import { createRequire } from 'node:module';

import { z } from 'zod';

const profanities = z.object({
  en: z.array(z.object({ match: z.string(), tags: z.array(z.string()), severity: z.number() })),
});

const CATEGORY = 'sexual';
/** 3: strong, 4: severe. Milder words have harmless meanings: cock, tit, ass. */
const LEAST_SEVERITY = 3;

/** In the list for their other meaning: shirts are collared, guitars are fingered, pies are of cream. */
const HARMLESS = new Set([
  'collared',
  'collaring',
  'fingering',
  'fingered',
  'fisted',
  'domination',
  'bareback',
  'cornhole',
  'skeet',
  'spunk',
  'snowballing',
  'shrimping',
  'playboy',
  'octopussy',
  'pleasure chest',
  'rimming',
  'throating',
  'viagra',
  'cialis',
  'santorum',
  'alaskan pipeline',
  'dipsea',
  'hickory switch',
  'girl on top',
  'jelly donut',
  'knobbing',
  'hooker',
  'jugs',
  'knob',
  'hardcore',
  'humping',
  'kinky',
  'intercourse',
  'doggy style',
  'dog style',
  'cream-pie',
  'strap on',
  'strap-on',
  'brown shower',
  'brown showers',
  'yellow shower',
  'yellow showers',
  'pegging',
  'frottage',
  'only fans',
  'dirty pillows',
  'rusty trombone',
  'chocolate rosebud',
  'chocolate rosebuds',
  'mexican pancake',
  'nigerian hurricane',
  'milwaukee blizzard',
  'mississippi birdbath',
  'kennebunkport surprise',
  'cleveland accordion',
  'kentucky tractor puller',
  'alabama hot pocket',
  'alabama tuna melt',
  'cleveland hot waffle',
  'canadian porch swing',
  'panamanian petting zoo',
  'skittle harvest',
  'skittles harvest',
  'spicy gringo',
  'wrapping men',
  'wrinkled starfish',
  'boston george',
  'hot carl',
  'hot richard',
]);

const PLAIN_WORDS = {
  en: ['nsfw', 'nude', 'nudes', 'nudity', 'naked', 'nakedness', 'topless', 'undressed', 'porn*', 'hentai', 'erotic*', 'xxx', 'penis', 'vagina', 'nipple', 'nipples', 'tits', 'boob', 'boobs', 'genitals', 'masturbat*'],
  de: ['nackt', 'nackte*', 'nackig*', 'splitternackt', 'unbekleidet*', 'entblößt*', 'barbusig*', 'oben ohne', 'porno*', 'erotisch*', 'erotik*', 'busen', 'titten', 'nippel', 'fotze*', 'muschi', 'geschlechtsverkehr', 'masturb*', 'ficken*', 'sex'],
  fr: ['nue', 'nues', 'nus', 'tout nu', 'homme nu', 'dénudé', 'dénudée', 'dénudés', 'dénudées', 'nudité', 'seins nus', 'les seins', 'ses seins', 'gros seins', 'beaux seins', 'poitrine nue', 'porno*', 'érotique*', 'sexe', 'sa bite', 'une bite', 'la bite', 'grosse bite', 'chatte nue', 'couilles', 'masturb*', 'baise', 'baisent', 'baisée', 'baisant'],
  es: ['desnudo', 'desnuda', 'desnudos', 'desnudas', 'desnudez', 'porno*', 'erótic*', 'sexo', 'tetas', 'pezón', 'pezones', 'coño', 'polla', 'masturb*', 'follar', 'follando'],
  ja: ['ヌード', '全裸', '裸体', '裸の', '裸婦', '半裸', 'ポルノ', 'セックス', 'おっぱい', '巨乳', '乳首', '性器', '性交', 'エロティック', 'エロ画像', 'オナニー', 'フェラチオ', 'ちんこ', 'まんこ'],
} as const; // prettier-ignore

const require = createRequire(import.meta.url);

export function adultWords(): readonly string[] {
  const list: unknown = require('@dsojevic/profanity-list');
  const listed = profanities
    .parse(list)
    .en.filter(({ tags, severity }) => tags.includes(CATEGORY) && severity >= LEAST_SEVERITY)
    // `di*k` says that the letter may be repeated; the reader of words takes care of that.
    .flatMap(({ match }) => match.split('|').map((word) => word.replaceAll(/(.)\*/gu, '$1').trim()))
    .filter((word) => !HARMLESS.has(word));
  return [...new Set([...Object.values(PLAIN_WORDS).flat(), ...listed])];
}
