import { describe, expect, it } from 'vitest';

import { installedIn } from '../../../../src/adapters/slack/installations/installed-in.ts';

describe('the installation that an event came through', () => {
  it('of a form that somebody of another organisation sends is the one that opened it', () => {
    const body = { view: { app_installed_team_id: 'T1' }, team: { id: 'T2', domain: 'else' }, user: { team_id: 'T2' } };
    expect(installedIn(body)).toEqual({ teams: ['T1', 'T2'], enterprises: [], isOrgWide: false, teamName: 'else' });
  });

  it('of a press in a shared channel is the one whose message it is', () => {
    const body = { message: { bot_profile: { team_id: 'T1' } }, team: { id: 'T2' }, user: { team_id: 'T2' } };
    expect(installedIn(body).teams[0]).toBe('T1');
    expect(installedIn({ ...body, context_team_id: 'T3' }).teams[0]).toBe('T3');
  });

  it('of an organisation names it, by whatever word the payload has for it', () => {
    const slash = { team_id: 'T1', team_domain: 'one', enterprise_id: 'E1', is_enterprise_install: 'true' };
    expect(installedIn(slash)).toEqual({ teams: ['T1'], enterprises: ['E1'], isOrgWide: true, teamName: 'one' });
    const authorizations = [{ team_id: null, enterprise_id: 'E1', is_enterprise_install: true }];
    expect(installedIn({ team_id: 'T1', authorizations })).toMatchObject({ enterprises: ['E1'], isOrgWide: true });
    expect(installedIn({ team_id: 'E1' })).toMatchObject({ teams: [], enterprises: ['E1'] });
  });

  it('is nowhere for what is no payload', () => {
    for (const body of [undefined, null, 'x', 3, []]) {
      expect(installedIn(body)).toEqual({ teams: [], enterprises: [], isOrgWide: false, teamName: '' });
    }
  });
});
