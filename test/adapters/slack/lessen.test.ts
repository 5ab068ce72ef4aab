/** Answers that a workspace can never take as they are: something less arrives at once, and no first line stays. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { text } from '../../../src/bot/texts/index.ts';
import type { ReplyAddress } from '../../../src/core/job.ts';
import type { Message } from '../../../src/core/message.ts';
import type { Person } from '../../support/slack/person.ts';
import { button, eventually, FINAL, picture, say, setStage, type Stage } from './stage.ts';

let stage: Stage;
let ana: Person;

beforeEach(async () => {
  stage = await setStage();
  ana = stage.fake.person('Ana');
});

afterEach(async () => {
  await stage.end();
});

async function asked(): Promise<ReplyAddress> {
  await ana.slash('/imagine', 'a fox');
  await eventually(() => {
    expect(stage.bot.handled).toHaveLength(1);
  });
  return stage.bot.handled[0]!.address;
}

const drawn = (): Message => ({ ...say('a fox'), picture: picture('pixels'), rows: [[button('1.info.j', 'Info')]] });

describe('a picture that the workspace does not take', () => {
  it.each(['missing_scope', 'storage_limit_reached', 'file_uploads_disabled', 'not_allowed_token_type'])(
    '(%s) leaves its words and buttons in the place of the first line, and says what an admin must do',
    async (code) => {
      const { fake, adapter } = stage;
      const address = await asked();
      const uploads = 'files.getUploadURLExternal';
      fake.faults.next(uploads, { kind: 'error', code }, 9);
      const reached = await adapter.deliver(address, drawn(), { ...FINAL, locale: 'de' });
      const [message, ...others] = fake.messages();
      expect(others).toEqual([]);
      expect(message?.words).toContain('a fox');
      expect(message?.words).toContain(text('de', 'answer.no-files'));
      expect([message?.pictures.length, message?.buttons.length]).toEqual([0, 1]);
      // Once: waiting would change nothing.
      expect(fake.faults.left(uploads)).toBe(8);
      fake.faults.clear();
      await adapter.deliver(reached, drawn(), { ...FINAL, key: 'later' });
      expect(fake.messages().map(({ pictures }) => pictures.length)).toEqual([1]);
    },
  );

  it('is said privately where it was asked for privately', async () => {
    const { fake, adapter } = stage;
    const address = await asked();
    fake.settings.scopes.delete('files:write');
    await adapter.deliver(address, drawn(), { ...FINAL, mode: 'private' });
    expect(ana.sees().map(({ isPrivate, words }) => [isPrivate, words.includes('a fox')])).toEqual([[true, true]]);
  });
});

describe('an answer that Slack refuses for good', () => {
  it('is a sentence with a number for the operator, once', async () => {
    const { fake, adapter } = stage;
    const address = await asked();
    fake.faults.next('chat.update', { kind: 'error', code: 'msg_blocks_too_long' }, 2);
    await adapter.deliver(address, drawn(), FINAL);
    expect(fake.messages().map(({ words }) => words)).toEqual([
      expect.stringMatching(/Tell the operator this number: [0-9a-f]{8}/),
    ]);
  });

  it('is given up where not even that is taken, with what Slack says and no words of the prompt', async () => {
    const { fake, adapter } = stage;
    const address = await asked();
    fake.faults.next('chat.update', { kind: 'error', code: 'msg_blocks_too_long' }, 9);
    const given = adapter.deliver(address, say('a secret fox'), FINAL);
    await expect(given).rejects.toMatchObject({ name: 'UserError', code: 'chat.refused' });
    await expect(given).rejects.toThrow(/chat\.update: msg_blocks_too_long/);
    await expect(given).rejects.not.toThrow(/secret/);
  });
});
