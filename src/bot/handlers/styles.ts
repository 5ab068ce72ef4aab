/** `/style …` but for `add`: the list, one style, the defaults, and changing what was added. */
import { checkOptions } from '../../../commands/check.ts';
import { styleDefault, styleEdit, styleMine, styleRemove, styleRename, styleShow } from '../../../commands/style.ts';
import type { OptionValue } from '../../core/command.ts';
import type { Locale } from '../../core/people.ts';
import type { Style } from '../../core/style.ts';
import type { StylePreset } from '../../store/index.ts';
import { audit } from '../auditing.ts';
import { requireAdmin } from '../gates.ts';
import { modelOf } from '../jobs/lineage.ts';
import type { Kit, Turn } from '../kit.ts';
import { removeUnused } from './lora-files.ts';
import { styleMessage, stylesMessage } from '../present/styles.ts';
import { refusal } from '../refusal.ts';
import { answerPrivately, sayPrivately } from '../speaking.ts';
import { findStyle, meansNone, stylesOf } from '../styles.ts';
import { formatNumber, text } from '../texts/index.ts';

type Options = Readonly<Record<string, OptionValue>>;

const FIELDS = ['weight', 'trigger', 'negative', 'model', 'description'] as const;

export async function listStyles(kit: Kit, turn: Turn): Promise<void> {
  const { actor, place } = turn.invocation;
  const message = stylesMessage({
    serverName: place.serverName,
    styles: await all(kit, turn),
    defaultStyle: turn.settings.defaultStyle,
    mine: await kit.stores.people.style(actor.user, place.server),
    locale: turn.locale,
  });
  await answerPrivately(turn, message);
}

export async function showStyle(kit: Kit, turn: Turn, given: Options): Promise<void> {
  const { name } = checkOptions(styleShow, given);
  await answerPrivately(turn, styleMessage(findStyle(await all(kit, turn), name), turn.locale));
}

/** The style of pictures on this server that name none. */
export async function chooseDefault(kit: Kit, turn: Turn, given: Options): Promise<void> {
  requireAdmin(turn.invocation.actor);
  const style = await chosen(kit, turn, checkOptions(styleDefault, given).name);
  const { settings, invocation, locale } = turn;
  const was = settings.defaultStyle;
  const is = style?.id ?? '';
  await kit.stores.settings.save(invocation.place.server, { ...settings, defaultStyle: is });
  await audit(kit, turn, { what: 'default-style', was, is });
  const none = text(locale, 'style.none');
  await sayPrivately(turn, text(locale, 'style.default.changed', { was: was || none, is: is || none }));
}

/** The style of one's own pictures that name none. */
export async function chooseMine(kit: Kit, turn: Turn, given: Options): Promise<void> {
  const { actor, place } = turn.invocation;
  const { name } = checkOptions(styleMine, given);
  const was = await kit.stores.people.style(actor.user, place.server);
  // '' is "none, whatever the server's is"; nothing at all is the server's.
  const is = name === undefined ? undefined : ((await chosen(kit, turn, name))?.id ?? '');
  await kit.stores.people.saveStyle(actor.user, place.server, is);
  const params = { was: mineText(turn.locale, was), is: mineText(turn.locale, is) };
  await sayPrivately(turn, text(turn.locale, 'style.mine.changed', params));
}

/** The style that somebody chose for themselves, in words. */
export function mineText(locale: Locale, mine: string | undefined): string {
  return mine === undefined ? text(locale, 'style.mine.server') : mine || text(locale, 'style.none');
}

export async function editStyle(kit: Kit, turn: Turn, given: Options): Promise<void> {
  requireAdmin(turn.invocation.actor);
  const { name, ...asked } = checkOptions(styleEdit, given);
  const preset = await ownPreset(kit, turn, findStyle(await all(kit, turn), name));
  if (asked.model !== undefined && modelOf(kit.models, asked.model) === undefined) {
    throw unknownModel(kit, asked.model);
  }
  const changed = FIELDS.filter((field) => asked[field] !== undefined && asked[field] !== preset[field]);
  if (changed.length === 0) {
    throw refusal('style.nothing');
  }
  const edited: StylePreset = {
    ...preset,
    weight: asked.weight ?? preset.weight,
    trigger: orNothing(asked.trigger) ?? preset.trigger,
    negative: orNothing(asked.negative) ?? preset.negative,
    model: asked.model ?? preset.model,
    description: orNothing(asked.description) ?? preset.description,
  };
  await kit.stores.styles.save(turn.invocation.place.server, edited);
  const { locale } = turn;
  const changes: string[] = [];
  for (const field of changed) {
    const [was, is] = [shown(turn, preset[field]), shown(turn, edited[field])];
    const what = text(locale, `style.field.${field}`);
    changes.push(text(locale, 'style.change', { what, was, is }));
    await audit(kit, turn, { what: 'style-edit', params: { style: `${preset.name}, ${field}` }, was, is });
  }
  await sayPrivately(turn, text(locale, 'style.edited', { style: preset.name, changes: changes.join('; ') }));
}

export async function removeStyle(kit: Kit, turn: Turn, given: Options): Promise<void> {
  requireAdmin(turn.invocation.actor);
  const { name } = checkOptions(styleRemove, given);
  const preset = await ownPreset(kit, turn, findStyle(await all(kit, turn), name));
  const { server } = turn.invocation.place;
  await kit.stores.styles.remove(server, preset.id);
  if (turn.settings.defaultStyle === preset.id) {
    await kit.stores.settings.save(server, { ...turn.settings, defaultStyle: '' });
  }
  await removeUnused(kit, preset.sha256);
  await audit(kit, turn, { what: 'style-remove', params: { style: preset.name }, was: '', is: '' });
  await sayPrivately(turn, text(turn.locale, 'style.removed', { style: preset.name }));
}

export async function renameStyle(kit: Kit, turn: Turn, given: Options): Promise<void> {
  requireAdmin(turn.invocation.actor);
  const { name, to } = checkOptions(styleRename, given);
  const styles = await all(kit, turn);
  const preset = await ownPreset(kit, turn, findStyle(styles, name));
  const renamed = styleName(
    to,
    styles.filter(({ id }) => id !== preset.id),
  );
  const { server } = turn.invocation.place;
  await kit.stores.styles.rename(server, preset.id, { ...preset, id: renamed.toLowerCase(), name: renamed });
  if (turn.settings.defaultStyle === preset.id) {
    await kit.stores.settings.save(server, { ...turn.settings, defaultStyle: renamed.toLowerCase() });
  }
  await audit(kit, turn, { what: 'style-rename', was: preset.name, is: renamed });
  await sayPrivately(turn, text(turn.locale, 'style.renamed', { style: preset.name, to: renamed }));
}

/** A new style's name as it will be kept. Throws `UserError` `style.name`, `style.reserved`, `style.taken`. */
export function styleName(given: string, others: readonly Style[]): string {
  const name = given.trim().replace(/\s+/gu, '-');
  if (!/^[\p{L}\p{N}][\p{L}\p{N}_.-]{0,31}$/u.test(name)) {
    throw refusal('style.name', { given });
  }
  if (meansNone(name)) {
    throw refusal('style.reserved', { given });
  }
  if (others.some(({ id }) => id === name.toLowerCase())) {
    throw refusal('style.taken', { name });
  }
  return name;
}

export function unknownModel(kit: Kit, given: string): Error {
  const models = kit.models
    .list()
    .map(({ manifest }) => manifest.id)
    .join(', ');
  return refusal('settings.model', { given, models });
}

async function all(kit: Kit, turn: Turn): Promise<readonly Style[]> {
  return await stylesOf(turn.invocation.place.server, kit.stores, kit.models);
}

async function chosen(kit: Kit, turn: Turn, name: string | undefined): Promise<Style | undefined> {
  return name === undefined || meansNone(name) ? undefined : findStyle(await all(kit, turn), name);
}

async function ownPreset({ stores }: Kit, { invocation }: Turn, { id, name }: Style): Promise<StylePreset> {
  const preset = await stores.styles.get(invocation.place.server, id);
  if (preset === undefined) {
    throw refusal('style.builtin', { name });
  }
  return preset;
}

/** `-` empties a text. */
function orNothing(given: string | undefined): string | undefined {
  return given?.trim() === '-' ? '' : given?.trim();
}

function shown(turn: Turn, value: string | number): string {
  return typeof value === 'number' ? formatNumber(turn.locale, value) : value || text(turn.locale, 'style.empty');
}
