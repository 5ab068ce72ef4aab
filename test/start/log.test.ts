import { DiscordAPIError } from 'discord.js';
import { describe, expect, it } from 'vitest';

import { UserError } from '../../src/core/errors.ts';
import { createLog } from '../../src/start/log.ts';

/** What is logged of an error, as text. */
function logged(err: unknown): string {
  const lines: string[] = [];
  createLog('info', { write: (line) => void lines.push(line) }).error({ err }, 'it broke');
  return lines.join('');
}

describe('the log', () => {
  const body = { files: [{ name: 'a.png', data: Buffer.from('pixels') }], body: { content: 'a secret fox' } };
  const address = 'https://discord.com/api/v10/webhooks/1/t0ken/messages/@original';
  const refused = new DiscordAPIError(
    { code: 50_013, message: 'Missing Permissions' },
    50_013,
    403,
    'POST',
    address,
    body,
  );

  it('holds nothing of the request that a platform refused: no token, prompt or picture', () => {
    for (const text of [logged(refused), logged(new Error('not answered', { cause: refused }))]) {
      expect(text).toContain('Missing Permissions');
      expect(text).not.toMatch(/t0ken|secret fox|Buffer/);
    }
    expect(JSON.parse(logged(refused))).toMatchObject({ err: { code: 50_013, status: 403 } });
  });

  it('tells an error by its kind, its words and where it came from', () => {
    const { err } = JSON.parse(logged(new UserError('store.full', 'The disk is full.', { params: { prompt: 'x' } })));
    expect(err).toEqual({
      type: 'UserError',
      message: 'The disk is full.',
      code: 'store.full',
      stack: expect.any(String),
    });
    expect(JSON.parse(logged('words alone'))).toMatchObject({ err: { message: 'words alone' } });
  });
});
