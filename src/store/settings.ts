/** What a server's admins chose. What they left alone is undefined, and the operator's value counts. */
import { z } from 'zod';
import { DECODERS, PROMPT_GRAMMARS } from '../core/request.ts';
import type { Parsed } from '../core/parsed.ts';
import { LOCALES, role, type ServerKey } from '../core/people.ts';
import { keyPart } from './database.ts';
import { RecordStore } from './record-store.ts';

/** Words and styles for adults: in channels marked so, or nowhere. */
export const ADULT_RULES = ['marked', 'never'] as const;

export const AVATAR_RULES = ['own', 'anybody'] as const;

export const BUTTON_RULES = ['everybody', 'requester'] as const;

const serverSettings = z.object({
  /** A catalog id. */
  model: z.string().optional(),
  /** Undefined: as the platform says. */
  locale: z.enum(LOCALES).optional(),
  /** A style's id, or '' for none. */
  defaultStyle: z.string(),
  /** Pictures of an /imagine that names no count. */
  count: z.int().min(1).max(4),
  perUser: z.int().min(1).optional(),
  perServer: z.int().min(1).optional(),
  /** Pictures a day; 0: not counted. */
  perUserDay: z.int().min(0).optional(),
  perServerDay: z.int().min(0).optional(),
  /** Channel ids; empty: all. */
  channels: z.array(z.string()),
  adult: z.enum(ADULT_RULES),
  blockedWords: z.array(z.string()),
  auditChannel: z.string().optional(),
  /** How prompts are read; undefined: with weights. */
  promptGrammar: z.enum(PROMPT_GRAMMARS).optional(),
  /** What results are decoded by, of models that have a tiny decoder; undefined: as is usual for the model. */
  decoder: z.enum(DECODERS).optional(),
  /** Answers are seen by who asked alone where nothing else is asked for; absent: no. */
  isPrivate: z.boolean().optional(),
  /** Who may press the buttons under a picture; absent: everybody. */
  buttonsFor: z.enum(BUTTON_RULES).optional(),
  /** Who may draw beside admins; absent or empty: everybody. */
  drawRoles: z.array(role).optional(),
  /** The largest of a person’s roles’ limits counts; 0 a day: not counted. */
  roleLimits: z
    .array(z.object({ role, perUser: z.int().min(1).optional(), perUserDay: z.int().min(0).optional() }))
    .optional(),
  /** Styles that are for some alone, by id. */
  styleRoles: z.record(z.string(), z.array(role)).optional(),
  /** What is usual in a channel; a style of '' is none, whatever is usual elsewhere. */
  channelRules: z
    .array(z.object({ channel: z.string(), style: z.string().optional(), model: z.string().optional() }))
    .optional(),
  /** Whose picture may be started from; absent: one's own. */
  avatars: z.enum(AVATAR_RULES).optional(),
});
export type ServerSettings = Parsed<typeof serverSettings>;

export const DEFAULT_SETTINGS: ServerSettings = {
  defaultStyle: '',
  count: 4,
  channels: [],
  adult: 'marked',
  blockedWords: [],
};

export class SettingsStore extends RecordStore {
  async of(server: ServerKey): Promise<ServerSettings> {
    return { ...DEFAULT_SETTINGS, ...(await this.read(keyOf(server), serverSettings)) };
  }

  /** The whole settings, not a part: read, change, save. */
  async save(server: ServerKey, settings: ServerSettings): Promise<void> {
    await this.write(keyOf(server), settings);
  }
}

function keyOf(server: ServerKey): string {
  return `settings/${keyPart(server)}`;
}
