/** The panel of `/settings`: what is set, and a button or select for each of it. */
import type { Form, FormField, Line, Message, Row, Select } from '../../core/message.ts';
import type { Locale } from '../../core/people.ts';
import type { BlockedPerson, ServerSettings } from '../../store/index.ts';
import { encodeButtonId, type PanelField } from '../button-id.ts';
import type { BotOptions, Model } from '../ports.ts';
import { text, type TextKey } from '../texts/index.ts';
import { ruleText } from './rules-text.ts';
import { CHANNELS, bold, button, field as fieldNamed, message, plain, small, withChannels } from './lines.ts';

export type PanelParts = {
  readonly serverName: string;
  readonly settings: ServerSettings;
  readonly options: BotOptions;
  readonly models: readonly Model[];
  readonly model: Model;
  readonly blocked: readonly BlockedPerson[];
  readonly locale: Locale;
  /** What has just been changed, in words; empty for nothing. */
  readonly note: Line;
};

const MAX_CHOICES = 25;
const MAX_WORDS_SHOWN = 12;
const LANGUAGES: Readonly<Record<Locale, string>> = { en: 'English', de: 'Deutsch' };

export function panelMessage(parts: PanelParts): Message {
  const { locale, serverName, note } = parts;
  return message({
    lines: [
      [bold(text(locale, 'panel.title', { server: serverName }))],
      ...panelFacts(parts),
      [small(text(locale, 'panel.operator'))],
      ...(note.length === 0 ? [] : [note]),
    ],
    rows: panelRows(parts),
  });
}

/** How a value is named, for the panel and for the audit list. */
export function settingText(field: PanelField, settings: ServerSettings, options: BotOptions, locale: Locale): string {
  switch (field) {
    case 'model':
      return settings.model ?? options.model;
    case 'language':
      return settings.locale === undefined ? 'auto' : LANGUAGES[settings.locale];
    case 'count':
      return String(settings.count);
    case 'limits':
      return text(locale, 'panel.limits-short', limitParams(settings, options, locale));
    case 'channels':
      return listText(settings.channels) || text(locale, 'panel.channels-all');
    case 'nsfw':
      return text(locale, settings.adult === 'never' ? 'panel.nsfw-never' : 'panel.nsfw-marked');
    case 'grammar':
      return text(locale, settings.promptGrammar === 'plain' ? 'panel.grammar-plain' : 'panel.grammar-weighted');
    case 'decoder':
      return text(locale, `panel.decoder-${settings.decoder ?? 'usual'}`);
    case 'owner':
    case 'roles':
    case 'role-limits':
    case 'style-roles':
    case 'places':
      return ruleText(field, settings, locale);
    case 'avatars':
      return text(locale, settings.avatars === 'anybody' ? 'panel.avatars-anybody' : 'panel.avatars-own');
    case 'private':
      return text(locale, settings.isPrivate === true ? 'panel.private-yes' : 'panel.private-no');
    case 'words':
      return listText(settings.blockedWords) || text(locale, 'panel.words-none');
    case 'audit':
      return settings.auditChannel ?? text(locale, 'panel.audit-none');
    case 'home':
    case 'rules':
    case 'history':
    case 'unblock':
      return '';
    default:
      return field satisfies never;
  }
}

export function panelForm(field: PanelForm, settings: ServerSettings, options: BotOptions, locale: Locale): Form {
  return {
    id: encodeButtonId({ kind: 'panel', field }),
    title: text(locale, `panel.form.${field}`),
    submit: text(locale, 'panel.form.save'),
    fields: fieldsOf(field, settings, options, locale),
  };
}

function panelFacts({ settings, options, blocked, locale, model }: PanelParts): readonly Line[] {
  const value = (field: PanelField): string => settingText(field, settings, options, locale);
  const { channels, auditChannel } = settings;
  const auditChannels = auditChannel === undefined ? [] : [auditChannel];
  const orMark = (ids: readonly string[], field: PanelField): string => (ids.length === 0 ? value(field) : CHANNELS);
  const people = blocked.map(({ name }) => name).join(', ') || text(locale, 'panel.blocked-none');
  return [
    [plain(text(locale, 'panel.model', { model: model.manifest.name }))],
    [plain(text(locale, 'panel.language', { language: value('language') }))],
    [plain(text(locale, 'panel.count', { count: value('count') }))],
    [plain(text(locale, 'panel.limits', limitParams(settings, options, locale)))],
    withChannels(text(locale, 'panel.channels', { channels: orMark(channels, 'channels') }), channels),
    [plain(text(locale, 'panel.nsfw', { rule: value('nsfw') }))],
    [plain(text(locale, 'panel.grammar', { grammar: value('grammar') }))],
    ...(model.hasTinyDecoder === true ? [[plain(text(locale, 'panel.decoder', { decoder: value('decoder') }))]] : []),
    [plain(text(locale, 'panel.words', { words: value('words') }))],
    withChannels(text(locale, 'panel.audit', { channel: orMark(auditChannels, 'audit') }), auditChannels),
    [plain(text(locale, 'panel.blocked', { people }))],
  ];
}

const BUTTONS = [
  ['count', 'language', 'nsfw', 'grammar', 'history'],
  ['limits', 'channels', 'words', 'audit', 'rules'],
] as const;

function panelRows({ models, model, blocked, locale }: PanelParts): readonly Row[] {
  const select = (field: 'model' | 'unblock', choices: Select['choices']): Row => {
    const placeholder = text(locale, `panel.pick-${field}`);
    const id = encodeButtonId({ kind: 'panel', field });
    return choices.length === 0 ? [] : [{ kind: 'select', id, placeholder, choices: choices.slice(0, MAX_CHOICES) }];
  };
  const choices = models.map(({ manifest: { id, name } }) => ({
    value: id,
    label: name,
    isSelected: id === model.manifest.id,
  }));
  return [
    select('model', choices),
    ...BUTTONS.map((row) => row.map((field) => panelButton(field, locale))),
    ...(model.hasTinyDecoder === true ? [[panelButton('decoder', locale)]] : []),
    select(
      'unblock',
      blocked.map(({ user, name }) => ({ value: user, label: name, isSelected: false })),
    ),
  ];
}

export function panelButton(
  field: Exclude<PanelField, 'model' | 'unblock'>,
  locale: Locale,
): ReturnType<typeof button> {
  return button(encodeButtonId({ kind: 'panel', field }), text(locale, `panel.button.${field}`));
}

/** A day, 0: any number. */
function limitsOf(settings: ServerSettings, { queue, quota }: BotOptions) {
  return {
    perUser: settings.perUser ?? queue.perUser,
    perServer: settings.perServer ?? queue.perServer,
    perUserDay: settings.perUserDay ?? quota.perUser ?? 0,
    perServerDay: settings.perServerDay ?? quota.perServer ?? 0,
  };
}

function limitParams(settings: ServerSettings, options: BotOptions, locale: Locale): Readonly<Record<string, string>> {
  const { perUser, perServer, perUserDay, perServerDay } = limitsOf(settings, options);
  const aDay = (value: number): string => (value === 0 ? text(locale, 'panel.unlimited') : String(value));
  return {
    perUser: String(perUser),
    perServer: String(perServer),
    perUserDay: aDay(perUserDay),
    perServerDay: aDay(perServerDay),
  };
}

function listText(words: readonly string[]): string {
  const more = words.length > MAX_WORDS_SHOWN ? ' …' : '';
  return `${words.slice(0, MAX_WORDS_SHOWN).join(', ')}${more}`;
}

export type PanelForm = 'limits' | 'channels' | 'words' | 'audit';

function fieldsOf(
  field: PanelForm,
  settings: ServerSettings,
  options: BotOptions,
  locale: Locale,
): readonly FormField[] {
  const line = (id: string, label: TextKey, value: string, more: Partial<FormField> = {}): FormField =>
    fieldNamed(id, text(locale, label), { value, maxLength: 20, ...more });
  const long = { maxLength: 4000, isMultiline: true };
  switch (field) {
    case 'limits': {
      const { perUser, perServer, perUserDay, perServerDay } = limitsOf(settings, options);
      return [
        line('perUser', 'panel.form.per-user', String(perUser)),
        line('perServer', 'panel.form.per-server', String(perServer)),
        line('perUserDay', 'panel.form.per-user-day', String(perUserDay)),
        line('perServerDay', 'panel.form.per-server-day', String(perServerDay)),
      ];
    }
    case 'channels': {
      const value = settings.channels.join('\n');
      return [line('channels', 'panel.form.channels-field', value, { ...long, picks: 'channels' })];
    }
    case 'words':
      return [line('words', 'panel.form.words-field', settings.blockedWords.join('\n'), long)];
    case 'audit': {
      const one = { maxLength: 100, picks: 'channel' } as const;
      return [line('audit', 'panel.form.audit-field', settings.auditChannel ?? '', one)];
    }
    default:
      return field satisfies never;
  }
}
