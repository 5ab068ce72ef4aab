/** What a server's admins chose. What they left alone is undefined, and the operator's value counts. */
import { z } from 'zod';
import { DECODERS, PROMPT_GRAMMARS } from '../core/request.ts';
import { LOCALES, type Locale, type Role, type ServerKey } from '../core/people.ts';
import { corruptStore, type Database, keyPart } from './database.ts';

export const ADULT_RULES = ['marked', 'never'] as const;
/** Words and styles for adults: in channels marked so, or nowhere. */
export type AdultRule = (typeof ADULT_RULES)[number];

export const AVATAR_RULES = ['own', 'anybody'] as const;

export const BUTTON_RULES = ['everybody', 'requester'] as const;

type RoleLimit = {
  readonly role: Role;
  readonly perUser?: number | undefined;
  readonly perUserDay?: number | undefined;
};
type ChannelRule = {
  readonly channel: string;
  /** '' for none, whatever is usual elsewhere. */
  readonly style?: string | undefined;
  readonly model?: string | undefined;
};

export type ServerSettings = {
  /** A catalog id. */
  readonly model: string | undefined;
  /** Undefined: as the platform says. */
  readonly locale: Locale | undefined;
  /** A style's id, or '' for none. */
  readonly defaultStyle: string;
  /** Pictures of an /imagine that names no count. */
  readonly count: number;
  readonly perUser: number | undefined;
  readonly perServer: number | undefined;
  /** Pictures a day; 0: not counted. */
  readonly perUserDay: number | undefined;
  readonly perServerDay: number | undefined;
  /** Channel ids; empty: all. */
  readonly channels: readonly string[];
  readonly adult: AdultRule;
  readonly blockedWords: readonly string[];
  readonly auditChannel: string | undefined;
  /** How prompts are read; undefined: with weights. */
  readonly promptGrammar?: (typeof PROMPT_GRAMMARS)[number] | undefined;
  /** What results are decoded by, of models that have a tiny decoder; undefined: as is usual for the model. */
  readonly decoder?: (typeof DECODERS)[number] | undefined;
  /** Answers are seen by who asked alone where nothing else is asked for; absent: no. */
  readonly isPrivate?: boolean | undefined;
  /** Who may press the buttons under a picture; absent: everybody. */
  readonly buttonsFor?: (typeof BUTTON_RULES)[number] | undefined;
  /** Who may draw beside admins; absent or empty: everybody. */
  readonly drawRoles?: readonly Role[] | undefined;
  /** The largest of a person’s roles’ limits counts; 0 a day: not counted. */
  readonly roleLimits?: readonly RoleLimit[] | undefined;
  /** Styles that are for some alone, by id. */
  readonly styleRoles?: Readonly<Record<string, readonly Role[]>> | undefined;
  /** What is usual in a channel. */
  readonly channelRules?: readonly ChannelRule[] | undefined;
  /** Whose picture may be started from; absent: one's own. */
  readonly avatars?: (typeof AVATAR_RULES)[number] | undefined;
};

export const DEFAULT_SETTINGS: ServerSettings = {
  model: undefined,
  locale: undefined,
  defaultStyle: '',
  count: 4,
  perUser: undefined,
  perServer: undefined,
  perUserDay: undefined,
  perServerDay: undefined,
  channels: [],
  adult: 'marked',
  blockedWords: [],
  auditChannel: undefined,
};

const role = z.object({ id: z.string(), name: z.string() });
const schema = z.object({
  model: z.string().optional(),
  locale: z.enum(LOCALES).optional(),
  defaultStyle: z.string(),
  count: z.int().min(1).max(4),
  perUser: z.int().min(1).optional(),
  perServer: z.int().min(1).optional(),
  perUserDay: z.int().min(0).optional(),
  perServerDay: z.int().min(0).optional(),
  channels: z.array(z.string()),
  adult: z.enum(ADULT_RULES),
  blockedWords: z.array(z.string()),
  auditChannel: z.string().optional(),
  promptGrammar: z.enum(PROMPT_GRAMMARS).optional(),
  decoder: z.enum(DECODERS).optional(),
  isPrivate: z.boolean().optional(),
  avatars: z.enum(AVATAR_RULES).optional(),
  buttonsFor: z.enum(BUTTON_RULES).optional(),
  drawRoles: z.array(role).optional(),
  roleLimits: z
    .array(z.object({ role, perUser: z.int().min(1).optional(), perUserDay: z.int().min(0).optional() }))
    .optional(),
  styleRoles: z.record(z.string(), z.array(role)).optional(),
  channelRules: z
    .array(z.object({ channel: z.string(), style: z.string().optional(), model: z.string().optional() }))
    .optional(),
});

export class SettingsStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async of(server: ServerKey): Promise<ServerSettings> {
    const found = await this.#database.get(keyOf(server));
    if (found === undefined) {
      return DEFAULT_SETTINGS;
    }
    const parsed = schema.safeParse(found);
    if (!parsed.success) {
      throw corruptStore(keyOf(server), z.prettifyError(parsed.error));
    }
    return { ...DEFAULT_SETTINGS, ...parsed.data };
  }

  /** The whole settings, not a part: read, change, save. */
  async save(server: ServerKey, settings: ServerSettings): Promise<void> {
    await this.#database.put([{ key: keyOf(server), value: settings }]);
  }
}

function keyOf(server: ServerKey): string {
  return `settings/${keyPart(server)}`;
}
