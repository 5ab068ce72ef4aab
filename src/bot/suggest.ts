/** Values for an option while it is typed. */
import type { Suggestion } from '../core/chat.ts';
import type { Place, UserKey } from '../core/people.ts';
import type { BotContext } from './context.ts';
import { serverModel } from './resolve.ts';
import { settingsHere } from './settings-here.ts';
import type { Style } from '../core/style.ts';
import { stylesOf } from './styles.ts';

const MAX_SUGGESTIONS = 25;
const MAX_LABEL = 100;

type Typed = { readonly place: Place; readonly user: UserKey; readonly option: string; readonly partial: string };

/** Styles: the server's default first, then the person's own, then by use; matched anywhere in the name. */
export async function suggest(
  context: BotContext,
  { place, user, option, partial }: Typed,
): Promise<readonly Suggestion[]> {
  const { models } = context;
  const wanted = partial.trim().toLowerCase();
  if (option === 'model') {
    return models
      .list()
      .filter(({ manifest }) => `${manifest.id} ${manifest.name}`.toLowerCase().includes(wanted))
      .slice(0, MAX_SUGGESTIONS)
      .map(({ manifest }) => ({ value: manifest.id, label: cut(`${manifest.id} · ${manifest.name}`) }));
  }
  if (option !== 'style' && option !== 'name') {
    return [];
  }
  return (await ranked(context, { place, user }))
    .filter(({ id, name }) => `${id} ${name}`.toLowerCase().includes(wanted))
    .slice(0, MAX_SUGGESTIONS)
    .map(({ id, name, description, model }) => ({
      value: id,
      label: cut([name, description, model].filter((part) => part !== '').join(' · ')),
    }));
}

/** Those that go with the model here, in the same order. */
export async function stylesHere(context: BotContext, who: Pick<Typed, 'place' | 'user'>): Promise<readonly Style[]> {
  const styles = await ranked(context, who);
  const settings = settingsHere(await context.stores.settings.of(who.place.server), {}, who.place);
  const model = serverModel(settings, context.options, context.models).manifest.id;
  return styles.filter((style) => style.model === model);
}

async function ranked(
  { stores, models, options }: BotContext,
  { place, user }: Pick<Typed, 'place' | 'user'>,
): Promise<readonly Style[]> {
  const settings = settingsHere(await stores.settings.of(place.server), {}, place);
  const [styles, mine, uses] = await Promise.all([
    stylesOf(place.server, stores, models),
    stores.people.style(user, place.server),
    stores.styles.uses(place.server),
  ]);
  const model = serverModel(settings, options, models).manifest.id;
  const rank = ({ id, model: own }: Style): readonly number[] => [
    own === model ? 0 : 1,
    id === settings.defaultStyle ? 0 : 1,
    id === mine ? 0 : 1,
    -(uses[id] ?? 0),
  ];
  return styles.toSorted((a, b) => compare(rank(a), rank(b)) || a.name.localeCompare(b.name));
}

function compare(a: readonly number[], b: readonly number[]): number {
  const index = a.findIndex((value, at) => value !== b[at]);
  return index === -1 ? 0 : (a[index] ?? 0) - (b[index] ?? 0);
}

function cut(label: string): string {
  return label.length <= MAX_LABEL ? label : `${label.slice(0, MAX_LABEL - 1)}…`;
}
