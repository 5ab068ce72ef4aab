/** `/style …` but for `add`: the list, one style, the defaults, and changing what was added. */
import { checkOptions } from '../../../commands/check.ts';
import { styleDefault, styleEdit, styleMine, styleRemove, styleRename } from '../../../commands/style.ts';
import type { Given } from '../../core/command.ts';
import type { Locale } from '../../core/people.ts';
import type { Style } from '../../core/style.ts';
import type { StylePreset } from '../../store/index.ts';
import { audit } from '../auditing.ts';
import { requireAdmin, requireDrawable } from '../gates.ts';
import { modelOf } from '../jobs/job-ancestry.ts';
import type { BotContext, RequestContext } from '../context.ts';
import { randomId } from '../jobs/ids.ts';
import { encodeButtonId } from '../button-id.ts';
import { sentences } from '../present/lines.ts';
import { stylesMessage } from '../present/styles.ts';
import { refusal } from '../refusal.ts';
import { answerPrivately, offerUndo, replace, sayPrivately } from '../speaking.ts';
import { findStyle, meansNone, stylesOf } from '../styles.ts';
import { formatNumber, text } from '../texts/index.ts';

const FIELDS = ['weight', 'trigger', 'negative', 'model', 'description'] as const;

export async function listStyles(context: BotContext, asked: RequestContext): Promise<void> {
  const { actor, place } = asked.invocation;
  const listed = stylesMessage({
    serverName: place.serverName,
    styles: await all(context, asked),
    defaultStyle: asked.settings.defaultStyle,
    mine: await context.stores.people.style(actor.user, place.server),
    locale: asked.locale,
  });
  await answerPrivately(asked, listed);
}

/** The style of pictures on this server that name none. */
export async function chooseDefault(context: BotContext, asked: RequestContext, given: Given): Promise<void> {
  requireAdmin(asked.invocation.actor);
  const style = await chosen(context, asked, checkOptions(styleDefault, given).name);
  const { settings, invocation, locale } = asked;
  const was = settings.defaultStyle;
  const is = style?.id ?? '';
  await context.stores.settings.save(invocation.place.server, { ...settings, defaultStyle: is });
  await audit(context, asked, { what: 'default-style', was, is });
  const none = text(locale, 'style.none');
  await sayPrivately(asked, text(locale, 'style.default.changed', { was: was || none, is: is || none }));
}

/** The style of one's own pictures that name none. */
export async function chooseMine(context: BotContext, asked: RequestContext, given: Given): Promise<void> {
  const { actor, place } = asked.invocation;
  const { name } = checkOptions(styleMine, given);
  const was = await context.stores.people.style(actor.user, place.server);
  // '' is "none, whatever the server's is"; nothing at all is the server's.
  const is = name === undefined ? undefined : ((await chosen(context, asked, name))?.id ?? '');
  await context.stores.people.saveStyle(actor.user, place.server, is);
  const params = { was: mineText(asked.locale, was), is: mineText(asked.locale, is) };
  await sayPrivately(asked, text(asked.locale, 'style.mine.changed', params));
}

/** The style that somebody chose for themselves, in words. */
export function mineText(locale: Locale, mine: string | undefined): string {
  return mine === undefined ? text(locale, 'style.mine.server') : mine || text(locale, 'style.none');
}

export async function editStyle(context: BotContext, asked: RequestContext, given: Given): Promise<void> {
  requireAdmin(asked.invocation.actor);
  const { name, ...wanted } = checkOptions(styleEdit, given);
  const preset = await ownPreset(context, asked, findStyle(await all(context, asked), name));
  if (wanted.model !== undefined && modelOf(context.models, wanted.model) === undefined) {
    throw unknownModel(context, wanted.model);
  }
  const changed = FIELDS.filter((field) => wanted[field] !== undefined && wanted[field] !== preset[field]);
  if (changed.length === 0) {
    throw refusal('style.nothing');
  }
  const edited: StylePreset = {
    ...preset,
    weight: wanted.weight ?? preset.weight,
    trigger: orNothing(wanted.trigger) ?? preset.trigger,
    negative: orNothing(wanted.negative) ?? preset.negative,
    model: wanted.model ?? preset.model,
    description: orNothing(wanted.description) ?? preset.description,
  };
  requireDrawable(context, asked, `${edited.trigger} ${edited.description}`, []);
  await context.stores.styles.save(asked.invocation.place.server, edited);
  const { locale } = asked;
  const changes: string[] = [];
  for (const field of changed) {
    const [was, is] = [shown(asked, preset[field]), shown(asked, edited[field])];
    const what = text(locale, `style.field.${field}`);
    changes.push(text(locale, 'style.change', { what, was, is }));
    await audit(context, asked, { what: 'style-edit', params: { style: `${preset.name}, ${field}` }, was, is });
  }
  await sayPrivately(asked, text(locale, 'style.edited', { style: preset.name, changes: changes.join('; ') }));
}

export async function removeStyle(context: BotContext, asked: RequestContext, given: Given): Promise<void> {
  requireAdmin(asked.invocation.actor);
  const { name } = checkOptions(styleRemove, given);
  const preset = await ownPreset(context, asked, findStyle(await all(context, asked), name));
  const { server } = asked.invocation.place;
  const wasDefault = asked.settings.defaultStyle === preset.id;
  const removed = randomId(context.random);
  await context.stores.styles.putAside(removed, { server, preset, wasDefault });
  if (wasDefault) {
    await context.stores.settings.save(server, { ...asked.settings, defaultStyle: '' });
  }
  await audit(context, asked, { what: 'style-remove', params: { style: preset.name }, was: '', is: '' });
  const undo = encodeButtonId({ kind: 'restore-style', removed });
  await offerUndo(asked, text(asked.locale, 'style.removed', { style: preset.name }), undo);
}

/** Undo, for a day; unless another has taken the name meanwhile. */
export async function restoreStyle(context: BotContext, asked: RequestContext, id: string): Promise<void> {
  requireAdmin(asked.actor);
  const removed = await context.stores.styles.putAsideOf(id);
  const { server } = asked.place;
  if (removed?.server !== server) {
    throw refusal('button.old');
  }
  const { preset, wasDefault } = removed;
  if ((await context.stores.styles.get(server, preset.id)) !== undefined) {
    throw refusal('style.taken', { name: preset.name });
  }
  await context.stores.styles.bringBack(id, removed);
  if (wasDefault && asked.settings.defaultStyle === '') {
    await context.stores.settings.save(server, { ...asked.settings, defaultStyle: preset.id });
  }
  await audit(context, asked, { what: 'style-restore', params: { style: preset.name }, was: '', is: '' });
  await replace(asked, sentences(text(asked.locale, 'style.restored', { style: preset.name })));
}

export async function renameStyle(context: BotContext, asked: RequestContext, given: Given): Promise<void> {
  requireAdmin(asked.invocation.actor);
  const { name, to } = checkOptions(styleRename, given);
  const styles = await all(context, asked);
  const preset = await ownPreset(context, asked, findStyle(styles, name));
  const renamed = styleName(
    to,
    styles.filter(({ id }) => id !== preset.id),
  );
  requireDrawable(context, asked, renamed, []);
  const { server } = asked.invocation.place;
  await context.stores.styles.rename(server, preset.id, { ...preset, id: renamed.toLowerCase(), name: renamed });
  if (asked.settings.defaultStyle === preset.id) {
    await context.stores.settings.save(server, { ...asked.settings, defaultStyle: renamed.toLowerCase() });
  }
  await audit(context, asked, { what: 'style-rename', was: preset.name, is: renamed });
  await sayPrivately(asked, text(asked.locale, 'style.renamed', { style: preset.name, to: renamed }));
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

export function unknownModel(context: BotContext, given: string): Error {
  const models = context.models
    .list()
    .map(({ manifest }) => manifest.id)
    .join(', ');
  return refusal('settings.model', { given, models });
}

async function all(context: BotContext, asked: RequestContext): Promise<readonly Style[]> {
  return await stylesOf(asked.invocation.place.server, context.stores, context.models);
}

async function chosen(
  context: BotContext,
  asked: RequestContext,
  name: string | undefined,
): Promise<Style | undefined> {
  return name === undefined || meansNone(name) ? undefined : findStyle(await all(context, asked), name);
}

async function ownPreset(
  { stores }: BotContext,
  { invocation }: RequestContext,
  { id, name }: Style,
): Promise<StylePreset> {
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

function shown(asked: RequestContext, value: string | number): string {
  return typeof value === 'number' ? formatNumber(asked.locale, value) : value || text(asked.locale, 'style.empty');
}
