/** `/settings`: each press changes one thing, says what it was and is, and is audited. */
import { UserError } from '../../core/errors.ts';
import type { Form, Line } from '../../core/message.ts';
import { type Locale, LOCALES } from '../../core/people.ts';
import type { ServerSettings } from '../../store/index.ts';
import { FORM_FIELDS } from '../acknowledgement.ts';
import { audit } from '../auditing.ts';
import type { PanelField } from '../button-id.ts';
import { requireAdmin } from '../gates.ts';
import { modelOf } from '../jobs/lineage.ts';
import type { Kit, Turn } from '../kit.ts';
import { historyMessage, panelForm, panelMessage, settingText } from '../present/panel.ts';
import { bold, CHANNELS, sentences, withChannels } from '../present/lines.ts';
import { refusal } from '../refusal.ts';
import { serverModel } from '../resolve.ts';
import { answerPrivately, replace } from '../speaking.ts';
import { text } from '../texts/index.ts';
import { settingsFromForm } from './panel-fields.ts';
import { unknownModel } from './styles.ts';

const HISTORY_LINES = 15;

export async function showPanel(kit: Kit, turn: Turn): Promise<void> {
  requireAdmin(turn.invocation.actor);
  await answerPrivately(turn, await panelOf(kit, turn, turn.settings, []));
}

/** A pressed button: turns to the next value, or to another page of the panel. */
export async function pressPanel(kit: Kit, turn: Turn, field: PanelField): Promise<void> {
  requireAdmin(turn.invocation.actor);
  const { settings, invocation } = turn;
  switch (field) {
    case 'home':
      await replace(turn, await panelOf(kit, turn, settings, []));
      return;
    case 'history': {
      const entries = await kit.stores.audit.last(invocation.place.server, HISTORY_LINES);
      await replace(turn, historyMessage(entries, turn.locale));
      return;
    }
    case 'count':
      await change(kit, turn, field, { ...settings, count: (settings.count % 4) + 1 });
      return;
    case 'language':
      await change(kit, turn, field, { ...settings, locale: nextLocale(settings.locale) });
      return;
    case 'nsfw':
      await change(kit, turn, field, { ...settings, adult: settings.adult === 'never' ? 'marked' : 'never' });
      return;
    case 'model':
    case 'unblock':
    case 'limits':
    case 'channels':
    case 'words':
    case 'audit':
      throw refusal('button.old'); // these are selects and forms
    default:
      field satisfies never;
  }
}

export async function choosePanel(kit: Kit, turn: Turn, field: PanelField, values: readonly string[]): Promise<void> {
  requireAdmin(turn.invocation.actor);
  const [value = ''] = values;
  const { settings, invocation } = turn;
  if (field === 'model') {
    if (modelOf(kit.models, value) === undefined) {
      throw unknownModel(kit, value);
    }
    await change(kit, turn, field, { ...settings, model: value });
    return;
  }
  if (field !== 'unblock') {
    throw refusal('button.old');
  }
  const { server } = invocation.place;
  const person = (await kit.stores.people.blocked(server)).find(({ user }) => user === value);
  if (person !== undefined) {
    await kit.stores.people.unblock(server, person.user);
    await audit(kit, turn, { what: 'unblock', params: { person: person.name }, was: '', is: '' });
  }
  const note = text(turn.locale, 'audit.unblock', { person: person?.name ?? value });
  await replace(turn, await panelOf(kit, turn, settings, [bold(note)]));
}

/** The form of a value that is typed. */
export function openPanelForm(kit: Kit, turn: Turn, field: PanelField): Form {
  requireAdmin(turn.invocation.actor);
  const typed = FORM_FIELDS.find((name) => name === field);
  if (typed === undefined) {
    throw refusal('button.old');
  }
  return panelForm(typed, turn.settings, kit.options, turn.locale);
}

export async function submitPanelForm(
  kit: Kit,
  turn: Turn,
  field: PanelField,
  fields: Readonly<Record<string, string>>,
): Promise<void> {
  requireAdmin(turn.invocation.actor);
  const typed = FORM_FIELDS.find((name) => name === field);
  if (typed === undefined) {
    throw refusal('button.old');
  }
  const changed = settingsFromForm(typed, turn.settings, fields, turn.locale);
  if (changed.auditChannel !== undefined && changed.auditChannel !== turn.settings.auditChannel) {
    await tryChannel(turn, changed.auditChannel);
  }
  await change(kit, turn, field, changed);
}

/** Says there what will be posted there. Throws `UserError` where the bot cannot, before anything is kept. */
async function tryChannel(turn: Turn, id: string): Promise<void> {
  const { server } = turn.invocation.place;
  const told = sentences(text(turn.publicLocale, 'panel.audit-here'));
  try {
    await turn.chat.post({ server, id }, told, `audit-here:${turn.invocation.id}`);
  } catch (error) {
    throw error instanceof UserError ? error : refusal('settings.channel', { given: id });
  }
}

async function change(kit: Kit, turn: Turn, field: PanelField, changed: ServerSettings): Promise<void> {
  const { settings, locale, invocation } = turn;
  const shown = (of: ServerSettings): string => settingText(field, of, kit.options, locale);
  const [was, is] = [shown(settings), shown(changed)];
  await kit.stores.settings.save(invocation.place.server, changed);
  await audit(kit, { ...turn, settings: changed }, { what: field, was, is });
  const what = text(locale, `panel.button.${field === 'model' || field === 'unblock' ? 'home' : field}`);
  const name = field === 'model' ? text(locale, 'audit.model') : what;
  await replace(turn, await panelOf(kit, turn, changed, noteOf(field, name, { settings, changed, was, is, locale })));
}

type Changed = {
  readonly settings: ServerSettings;
  readonly changed: ServerSettings;
  readonly was: string;
  readonly is: string;
  readonly locale: Locale;
};

/** What it was and is; channels as channels. */
function noteOf(field: PanelField, what: string, { settings, changed, was, is, locale }: Changed): Line {
  const lists = [channelsOf(field, settings), channelsOf(field, changed)];
  const [before = [], after = []] = lists;
  const params = { what, was: before.length > 0 ? CHANNELS : was, is: after.length > 0 ? CHANNELS : is };
  const note = text(locale, 'panel.changed', params);
  const used = lists.filter((list) => list.length > 0);
  return used.length === 0 ? [bold(note)] : withChannels(note, ...used);
}

function channelsOf(field: PanelField, { channels, auditChannel }: ServerSettings): readonly string[] {
  const audit = auditChannel === undefined ? [] : [auditChannel];
  return field === 'channels' ? channels : field === 'audit' ? audit : [];
}

async function panelOf(
  kit: Kit,
  turn: Turn,
  settings: ServerSettings,
  note: Line,
): Promise<ReturnType<typeof panelMessage>> {
  const { place } = turn.invocation;
  return panelMessage({
    serverName: place.serverName,
    settings,
    options: kit.options,
    models: kit.models.list(),
    model: serverModel(settings, kit.options, kit.models),
    blocked: await kit.stores.people.blocked(place.server),
    locale: turn.locale,
    note,
  });
}

function nextLocale(locale: ServerSettings['locale']): ServerSettings['locale'] {
  return locale === undefined ? LOCALES[0] : LOCALES[LOCALES.indexOf(locale) + 1];
}
