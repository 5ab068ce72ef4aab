/** Every change of a server: kept, and shown in its audit channel where it has one. */
import { serverForLog } from '../core/people.ts';
import type { ServerKey, UserKey } from '../core/people.ts';
import type { Locale } from '../core/people.ts';
import type { AuditEntry } from '../store/index.ts';
import type { BotContext, RequestContext } from './context.ts';
import { message, plain, small } from './present/lines.ts';
import { isTextKey, text } from './texts/index.ts';

export type Change = {
  /** The last part of a text key: `audit.model`. */
  readonly what: string;
  readonly params?: Readonly<Record<string, string>>;
  /** The person it is done to. */
  readonly about?: UserKey;
  readonly was: string;
  readonly is: string;
};

export async function audit(
  context: BotContext,
  asked: RequestContext,
  { what, params = {}, about, was, is }: Change,
): Promise<void> {
  const { actor, place } = asked.invocation;
  const entry: AuditEntry = {
    atMs: context.clock.now(),
    user: actor.user,
    userName: actor.name,
    what,
    params,
    ...(about === undefined ? {} : { about }),
    was,
    is,
  };
  await context.stores.audit.add(place.server, entry);
  await tellAuditChannel(context, asked, place.server, entry);
}

/** `Ada: model, was moji, is sdxl` */
export function auditLine(locale: Locale, entry: AuditEntry): string {
  const key = `audit.${entry.what}`;
  const what = isTextKey(key) ? text(locale, key, entry.params) : entry.what;
  const name = entry.userName;
  if (entry.was === '' && entry.is === '') {
    return text(locale, 'panel.history.plain', { name, what });
  }
  const none = text(locale, 'audit.none');
  return text(locale, 'panel.history.line', { name, what, was: entry.was || none, is: entry.is || none });
}

async function tellAuditChannel(
  context: BotContext,
  asked: RequestContext,
  server: ServerKey,
  entry: AuditEntry,
): Promise<void> {
  const { auditChannel } = asked.settings;
  if (auditChannel === undefined) {
    return;
  }
  try {
    const told = message({ lines: [[plain(auditLine(asked.publicLocale, entry))], [small(entry.user)]] });
    await asked.chat.post({ server, id: auditChannel }, told, `audit:${asked.invocation.id}:${entry.what}`);
  } catch (error) {
    context.log.warn({ server: serverForLog(server), err: error }, 'the audit channel could not be told');
  }
}
