/** Payloads of any shape: understood or undefined, never an exception. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { decodeAddress, encodeAddress, newAddress } from '../../../src/adapters/slack/address.ts';
import { readSubmission } from '../../../src/adapters/slack/parse-form.ts';
import { readPress, readShortcut, readSlash, readSubmitter } from '../../../src/adapters/slack/payload.ts';

const KEYS = [
  'type team user id channel actions message view state values container blocks elements callback_id',
  'private_metadata command team_id user_id channel_id',
].flatMap((keys) => keys.split(' '));

const press = {
  type: 'block_actions',
  team: { id: 'T1', domain: 'fake' },
  user: { id: 'U1', username: 'ana', team_id: 'T1' },
  channel: { id: 'C1', name: 'general' },
  container: { type: 'message', message_ts: '10.1', channel_id: 'C1', is_ephemeral: false },
  message: {
    ts: '10.1',
    thread_ts: '9.0',
    blocks: [{ type: 'image', block_id: 'picture-ab', slack_file: { id: 'F1' } }],
  },
  trigger_id: '1.2.3',
  response_url: 'https://hooks.slack.com/actions/T1/1/x',
  actions: [{ type: 'button', action_id: '1.a.j~2', value: '1.a.j', block_id: 'b1', action_ts: '11.0' }],
};

describe('a press', () => {
  it('says which button, where, in which thread, and what the message shows', () => {
    expect(readPress(press)).toEqual({
      source: {
        id: expect.stringMatching(/^[0-9a-f]{24}$/),
        user: 'U1',
        userName: 'ana',
        channel: 'C1',
        thread: '9.0',
        trigger: '1.2.3',
        responseUrl: 'https://hooks.slack.com/actions/T1/1/x',
      },
      action: { kind: 'button', id: '1.a.j', carried: [] },
      message: { ts: '10.1', isEphemeral: false, picture: { fileId: 'F1', sum: 'ab' }, isShare: false },
    });
  });

  it('has one name however often it is delivered, and another one the next time', () => {
    const again = { ...press, actions: [{ ...press.actions[0], action_ts: '12.0' }], trigger_id: '1.2.4' };
    expect(readPress(structuredClone(press))?.source.id).toBe(readPress(press)?.source.id);
    expect(readPress(again)?.source.id).not.toBe(readPress(press)?.source.id);
  });

  it('on a message that has a thread under it is answered in the channel', () => {
    const head = { ...press, message: { ...press.message, thread_ts: '10.1' } };
    expect(readPress(head)?.source.thread).toBeNull();
  });
});

describe('payloads', () => {
  it('that are not as Slack documents them are undefined', () => {
    const shape = fc.letrec<{ any: unknown }>((tie) => ({
      any: fc.oneof(
        { maxDepth: 4 },
        fc.string(),
        fc.integer(),
        fc.constant(null),
        fc.array(tie('any'), { maxLength: 3 }),
        fc.dictionary(fc.constantFrom(...KEYS), tie('any'), { maxKeys: 6 }),
      ),
    })).any;
    fc.assert(
      fc.property(shape, (body) => {
        for (const parse of [
          readSlash,
          readPress,
          (any: unknown) => readShortcut(any, 'T1'),
          readSubmitter,
          readSubmission,
        ]) {
          const parsed: unknown = parse(body);
          expect(parsed === undefined || typeof parsed === 'object').toBe(true);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('that are cut off anywhere are understood or undefined', () => {
    const text = JSON.stringify(press);
    const paths = [...text.matchAll(/"(\w+)":/g)].map((match) => match[1]!);
    for (const path of paths) {
      const broken: unknown = JSON.parse(text.replace(`"${path}":`, '"gone":'));
      expect(() => readPress(broken)).not.toThrow();
    }
  });
});

describe('an address', () => {
  it('comes back from the store as it was', () => {
    const address = newAddress({
      team: 'T1',
      channel: 'C1',
      user: 'U1',
      at: 5,
      ts: '1.0',
      hook: 'https://x',
      hookMode: 'command',
    });
    expect(decodeAddress(JSON.parse(JSON.stringify(encodeAddress(address))))).toEqual(address);
  });

  it('of another chat is refused', () => {
    expect(() => decodeAddress({ platform: 'discord', data: {} })).toThrow(/address of Slack/);
    expect(() => decodeAddress({ platform: 'slack', data: { channel: 'C1' } })).toThrow(/address of Slack/);
  });
});
