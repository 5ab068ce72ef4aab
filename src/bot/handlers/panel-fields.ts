/** What admins type into the panel's forms, to settings. Throws `UserError` `settings.*` and changes nothing then. */
import type { Fields } from '../../core/command.ts';
import type { Locale } from '../../core/people.ts';
import type { ServerSettings } from '../../store/index.ts';
import type { PanelForm } from '../present/panel.ts';
import { refusal } from '../refusal.ts';
import { text, type TextKey } from '../texts/index.ts';

const MAX_WORDS = 500;
const MAX_CHANNELS = 100;
export const MAX_AT_A_TIME = 1000;
export const MAX_A_DAY = 1_000_000;

export function settingsFromForm(
  field: PanelForm,
  settings: ServerSettings,
  fields: Fields,
  locale: Locale,
): ServerSettings {
  switch (field) {
    case 'limits':
      return {
        ...settings,
        perUser: number(fields['perUser'], 1, MAX_AT_A_TIME, 'panel.form.per-user', locale) ?? settings.perUser,
        perServer: number(fields['perServer'], 1, MAX_AT_A_TIME, 'panel.form.per-server', locale) ?? settings.perServer,
        perUserDay:
          number(fields['perUserDay'], 0, MAX_A_DAY, 'panel.form.per-user-day', locale) ?? settings.perUserDay,
        perServerDay:
          number(fields['perServerDay'], 0, MAX_A_DAY, 'panel.form.per-server-day', locale) ?? settings.perServerDay,
      };
    case 'channels':
      return { ...settings, channels: linesOf(fields['channels']).map(channelId).slice(0, MAX_CHANNELS) };
    case 'words':
      return { ...settings, blockedWords: words(fields['words']) };
    case 'audit': {
      const channel = channelId((fields['audit'] ?? '').trim());
      return { ...settings, auditChannel: channel === '' ? undefined : channel };
    }
    default:
      return field satisfies never;
  }
}

/** Undefined for an empty field: left as it is. */
export function number(
  given: string | undefined,
  min: number,
  max: number,
  label: TextKey,
  locale: Locale,
): number | undefined {
  const trimmed = given?.trim() ?? '';
  if (trimmed === '') {
    return undefined;
  }
  const value = Number(trimmed);
  if (!Number.isInteger(value) || value < min || value > max) {
    throw refusal('settings.number', {
      field: text(locale, label),
      min: String(min),
      max: String(max),
      given: trimmed,
    });
  }
  return value;
}

function words(given: string | undefined): readonly string[] {
  const found = [...new Set(linesOf(given))];
  if (found.length > MAX_WORDS) {
    throw refusal('settings.words', { max: MAX_WORDS, given: found.length });
  }
  const odd = found.find((word) => word.length < 2 || word.length > 60);
  if (odd !== undefined) {
    throw refusal('settings.word', { given: odd });
  }
  return found;
}

/** `<#123>` and `#general` as people paste them. */
export function channelId(given: string): string {
  return given.replace(/^<#([^|>]+)(?:\|[^>]*)?>$/u, '$1').replace(/^#/u, '');
}

export function linesOf(given: string | undefined): readonly string[] {
  return (given ?? '')
    .split(/[\n,]/u)
    .map((line) => line.trim())
    .filter((line) => line !== '');
}
