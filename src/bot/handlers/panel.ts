/** `/settings`: each press changes one thing, says what it was and is, and is audited. */
import type { Fields } from '../../core/command.ts';
import { UserError } from '../../core/errors.ts';
import type { Form, Line, Message } from '../../core/message.ts';
import { type Locale, LOCALES } from '../../core/people.ts';
import { DECODERS } from '../../core/request.ts';
import type { ServerSettings } from '../../store/index.ts';
import { audit } from '../auditing.ts';
import type { PanelField } from '../button-id.ts';
import { requireAdmin } from '../gates.ts';
import { modelOf } from '../jobs/job-ancestry.ts';
import type { BotContext, RequestContext } from '../context.ts';
import { historyMessage } from '../present/history.ts';
import { panelForm, panelMessage, type PanelParts, settingText } from '../present/panel.ts';
import { isRule, isRuleForm, ruleForm, rulesMessage } from '../present/rules-panel.ts';
import { bold, CHANNELS, sentences, withChannels } from '../present/lines.ts';
import { refusal } from '../refusal.ts';
import { serverModel } from '../resolve.ts';
import { answerPrivately, replace } from '../speaking.ts';
import { text } from '../texts/index.ts';
import { requireTyped, rulePartsOf, settingsGiven } from './panel-settings.ts';
import { unknownModel } from './styles.ts';

const HISTORY_LINES = 15;

export async function showPanel(context: BotContext, asked: RequestContext): Promise<void> {
  requireAdmin(asked.invocation.actor);
  await answerPrivately(asked, await panelHere(context, asked));
}

/** The panel as it is, wherever it is shown. The caller has made sure that it is an admin's. */
export async function panelHere(
  context: BotContext,
  asked: Pick<RequestContext, 'place' | 'settings' | 'locale'>,
): Promise<Message> {
  return panelMessage(await partsOf(context, asked, asked.settings, []));
}

/** What a press turns a value to. */
const NEXT: Readonly<Partial<Record<PanelField, (settings: ServerSettings) => Partial<ServerSettings>>>> = {
  count: ({ count }) => ({ count: (count % 4) + 1 }),
  language: ({ locale }) => ({ locale: nextOf(LOCALES, locale) }),
  nsfw: ({ adult }) => ({ adult: adult === 'never' ? 'marked' : 'never' }),
  owner: ({ buttonsFor }) => ({ buttonsFor: buttonsFor === 'requester' ? 'everybody' : 'requester' }),
  avatars: ({ avatars }) => ({ avatars: avatars === 'anybody' ? 'own' : 'anybody' }),
  private: ({ isPrivate }) => ({ isPrivate: isPrivate !== true }),
  decoder: ({ decoder }) => ({ decoder: nextOf(DECODERS, decoder) }),
  grammar: ({ promptGrammar }) => ({ promptGrammar: promptGrammar === 'plain' ? 'weighted' : 'plain' }),
};

/** A pressed button: turns to the next value, or to another page of the panel. */
export async function pressPanel(context: BotContext, asked: RequestContext, field: PanelField): Promise<void> {
  requireAdmin(asked.invocation.actor);
  const { settings, invocation } = asked;
  const next = NEXT[field];
  if (next !== undefined) {
    await change(context, asked, field, { ...settings, ...next(settings) });
  } else if (field === 'home' || field === 'rules') {
    const page = field === 'home' ? panelMessage : rulesMessage;
    await replace(asked, page(await partsOf(context, asked, settings, [])));
  } else if (field === 'history') {
    const entries = await context.stores.audit.last(invocation.place.server, HISTORY_LINES);
    await replace(asked, historyMessage(entries, asked.locale));
  } else {
    throw refusal('button.old'); // a select or a form
  }
}

export async function choosePanel(
  context: BotContext,
  asked: RequestContext,
  field: PanelField,
  values: readonly string[],
): Promise<void> {
  requireAdmin(asked.invocation.actor);
  const [value = ''] = values;
  const { settings, invocation } = asked;
  if (field === 'model') {
    if (modelOf(context.models, value) === undefined) {
      throw unknownModel(context, value);
    }
    await change(context, asked, field, { ...settings, model: value });
    return;
  }
  if (field !== 'unblock') {
    throw refusal('button.old');
  }
  const { server } = invocation.place;
  const person = (await context.stores.people.blocked(server)).find(({ user }) => user === value);
  if (person !== undefined) {
    await context.stores.people.unblock(server, person.user);
    await audit(context, asked, {
      what: 'unblock',
      params: { person: person.name },
      about: person.user,
      was: '',
      is: '',
    });
  }
  const note = text(asked.locale, 'audit.unblock', { person: person?.name ?? value });
  await replace(asked, panelMessage(await partsOf(context, asked, settings, [bold(note)])));
}

/** The form of a value that is typed. */
export async function openPanelForm(context: BotContext, asked: RequestContext, field: PanelField): Promise<Form> {
  requireAdmin(asked.invocation.actor);
  const typed = requireTyped(field);
  return isRuleForm(typed)
    ? ruleForm(typed, {
        settings: asked.settings,
        ...(await rulePartsOf(context, asked)),
        models: context.models.list(),
      })
    : panelForm(typed, asked.settings, context.options, asked.locale);
}

export async function submitPanelForm(
  context: BotContext,
  asked: RequestContext,
  field: PanelField,
  fields: Fields,
): Promise<void> {
  requireAdmin(asked.invocation.actor);
  const changed = await settingsGiven(context, asked, field, fields);
  if (changed.auditChannel !== undefined && changed.auditChannel !== asked.settings.auditChannel) {
    await tryChannel(asked, changed.auditChannel);
  }
  await change(context, asked, field, changed);
}

/** Says there what will be posted there. Throws `UserError` where the bot cannot, before anything is kept. */
async function tryChannel(asked: RequestContext, id: string): Promise<void> {
  const { server } = asked.invocation.place;
  const told = sentences(text(asked.publicLocale, 'panel.audit-here'));
  try {
    await asked.chat.post({ server, id }, told, `audit-here:${asked.invocation.id}`);
  } catch (error) {
    throw error instanceof UserError ? error : refusal('settings.channel', { given: id });
  }
}

async function change(
  context: BotContext,
  asked: RequestContext,
  field: PanelField,
  changed: ServerSettings,
): Promise<void> {
  const { settings, locale, invocation } = asked;
  const shown = (of: ServerSettings): string => settingText(field, of, context.options, locale);
  const [was, is] = [shown(settings), shown(changed)];
  await context.stores.settings.save(invocation.place.server, changed);
  await audit(context, { ...asked, settings: changed }, { what: field, was, is });
  const what = text(locale, `panel.button.${field === 'model' || field === 'unblock' ? 'home' : field}`);
  const name = field === 'model' ? text(locale, 'audit.model') : what;
  const note = noteOf(field, name, { settings, changed, was, is, locale });
  const page = isRule(field) ? rulesMessage : panelMessage;
  await replace(asked, page(await partsOf(context, asked, changed, note)));
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

async function partsOf(
  context: BotContext,
  { place, locale }: Pick<RequestContext, 'place' | 'locale'>,
  settings: ServerSettings,
  note: Line,
): Promise<PanelParts> {
  return {
    serverName: place.serverName,
    settings,
    options: context.options,
    models: context.models.list(),
    model: serverModel(settings, context.options, context.models),
    blocked: await context.stores.people.blocked(place.server),
    locale,
    note,
  };
}

/** Of some values and of none, which leaves it to others. */
function nextOf<Value>(values: readonly Value[], value: Value | undefined): Value | undefined {
  return value === undefined ? values[0] : values[values.indexOf(value) + 1];
}
