/** What a server's settings come to for one person in one channel: limits by role, a channel's own style and model. */
import type { Actor, Place } from '../core/people.ts';
import type { ServerSettings } from '../store/index.ts';

export type SettingsHere = ServerSettings & {
  /** Goes before one's own usual style; '' for none, undefined: the channel says nothing. */
  readonly channelStyle?: string | undefined;
};

export function settingsHere(
  settings: ServerSettings,
  actor: Pick<Actor, 'roles'>,
  place: Pick<Place, 'channel' | 'parentChannel'>,
): SettingsHere {
  const mine = (settings.roleLimits ?? []).filter(({ role }) => actor.roles?.includes(role.id) === true);
  const days = mine.flatMap(({ perUserDay }) => perUserDay ?? []);
  const slots = mine.flatMap(({ perUser }) => perUser ?? []);
  const where = [place.channel, place.parentChannel];
  const rule = (settings.channelRules ?? []).find(({ channel }) => where.includes(channel));
  return {
    ...settings,
    perUserDay: days.length === 0 ? settings.perUserDay : days.includes(0) ? 0 : Math.max(...days),
    perUser: slots.length === 0 ? settings.perUser : Math.max(...slots),
    model: rule?.model ?? settings.model,
    channelStyle: rule?.style,
  };
}
