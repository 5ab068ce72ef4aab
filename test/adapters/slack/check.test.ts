/** What `fourstep doctor` says of Slack's tokens: asked of the fake workspace through the real client. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { checkInstallations, checkSlack } from '../../../src/adapters/slack/index.ts';
import { Installations } from '../../../src/adapters/slack/installations/installations.ts';
import { InstallationStore } from '../../../src/store/installations.ts';
import { openMemory } from '../../../src/store/index.ts';
import { SILENT_LOG } from '../../support/bot-ports.ts';
import { FakeSlack } from '../../support/slack/fake-slack.ts';

const KEY = 'a secret of more than thirty-two letters';

let fake: FakeSlack;

beforeEach(async () => {
  fake = await FakeSlack.start();
});

afterEach(async () => {
  await fake.stop();
});

describe('the token of the environment', () => {
  it('lacks what Slack says that it has not, with what that is for', async () => {
    const where = { botToken: fake.tokens.bot, apiUrl: fake.apiUrl };
    expect(await checkSlack(where)).toEqual({
      team: 'Fake Workspace',
      missing: [expect.stringMatching(/^app_mentions:read \(.+\)$/), expect.stringMatching(/^im:history \(.+\)$/)],
    });
    fake.settings.scopes.delete('files:write');
    expect((await checkSlack(where)).missing).toContain('files:write (pictures)');
    await expect(checkSlack({ ...where, botToken: 'xoxb-old' })).rejects.toMatchObject({ code: 'slack.token' });
  });
});

describe('the tokens of installed workspaces', () => {
  it('are asked about one by one, and one that cannot be read or is refused is named', async () => {
    const store = new InstallationStore(openMemory());
    const save = async (team: string, secret: string, access: string) =>
      new Installations(store, secret, SILENT_LOG).save(
        { team, enterprise: null, name: `Team ${team}`, botUser: 'U', bot: 'B', installer: 'U1', scopes: [], atMs: 1 },
        { access, refresh: null, expiresAtMs: null },
      );
    fake.settings.scopes.add('app_mentions:read').add('im:history');
    await save('T1', KEY, fake.tokens.bot);
    const check = async () => checkInstallations(await store.list(''), { secretKey: KEY, apiUrl: fake.apiUrl });
    expect(await check()).toEqual({ count: 1, faults: [] });
    await save('T2', 'another secret, of as many letters too', fake.tokens.bot);
    await save('T3', KEY, 'xoxb-gone');
    await store.save('once:state:x', 1);
    fake.settings.scopes.delete('users:read');
    expect(await check()).toEqual({
      count: 3,
      faults: [
        expect.stringMatching(/Team T2 was sealed with another SECRET_KEY.*install/),
        expect.stringMatching(/^Team T1: scopes are lacking: users:read/),
        expect.stringMatching(/^Team T3: .*invalid_auth/),
      ],
    });
  });
});
