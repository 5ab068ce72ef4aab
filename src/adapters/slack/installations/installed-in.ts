/**
 * Through which installation an event came. Somebody of another organisation, in a shared channel, brings a team of their
 * own along; so the payload's words are taken in order, the surest first, and the first that has the app counts. Pure.
 */
import { at, textAt } from '../json.ts';

export type InstalledIn = {
  /** Workspaces, the likeliest first. */
  readonly teams: readonly string[];
  readonly enterprises: readonly string[];
  /** Slack says that it is the organisation's installation. */
  readonly isOrgWide: boolean;
  /** Of the first workspace, where the payload says; ''. */
  readonly teamName: string;
};

export function installedIn(body: unknown): InstalledIn {
  const authorization = at(body, 'authorizations', 0);
  const said = [
    textAt(body, 'view', 'app_installed_team_id'),
    textAt(body, 'context_team_id'),
    textAt(authorization, 'team_id'),
    // Our own message, on which something was pressed.
    textAt(body, 'message', 'bot_profile', 'team_id'),
    textAt(body, 'team', 'id'),
    textAt(body, 'team_id'),
    textAt(body, 'user', 'team_id'),
  ].filter((id) => id !== undefined);
  const enterprises = [
    ...said.filter(isEnterprise),
    textAt(authorization, 'enterprise_id'),
    textAt(body, 'context_enterprise_id'),
    textAt(body, 'enterprise', 'id'),
    textAt(body, 'team', 'enterprise_id'),
    textAt(body, 'enterprise_id'),
  ].filter((id) => id !== undefined);
  const flags = [at(body, 'is_enterprise_install'), at(authorization, 'is_enterprise_install')];
  return {
    teams: [...new Set(said.filter((id) => !isEnterprise(id)))],
    enterprises: [...new Set(enterprises)],
    isOrgWide: flags.some((flag) => flag === true || flag === 'true'),
    teamName: textAt(body, 'team', 'domain') ?? textAt(body, 'team_domain') ?? '',
  };
}

function isEnterprise(id: string): boolean {
  return id.startsWith('E');
}
