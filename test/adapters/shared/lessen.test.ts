import { describe, expect, it } from 'vitest';

import { type FailureKind, RequestFailure } from '../../../src/adapters/shared/failure.ts';
import { sendMost } from '../../../src/adapters/shared/lessen.ts';
import { message, plain } from '../../../src/bot/present/lines.ts';
import type { Message } from '../../../src/core/message.ts';
import { encodePng } from '../../../src/image/index.ts';
import { SILENT_LOG } from '../../support/bot-ports.ts';
import { stubPicture } from '../../support/stub-runner.ts';

const options = { log: SILENT_LOG, locale: 'en' } as const;

async function fox(side = 8): Promise<Message> {
  const { data } = await encodePng(stubPicture(1, 'fox', side, side));
  const picture = { name: 'fox.png', contentType: 'image/png', data, alt: '', isSpoiler: false };
  return message({ lines: [[plain('a fox')]], picture });
}

/** Takes what `isTaken`; everything else it refuses as of that kind. */
function chat(kind: FailureKind, isTaken: (shown: Message) => boolean) {
  const tried: Message[] = [];
  const send = async (shown: Message): Promise<Message> => {
    tried.push(shown);
    if (!isTaken(shown)) {
      throw new RequestFailure('no', { kind });
    }
    return shown;
  };
  return { tried, send };
}

describe('an answer that cannot be delivered as it is', () => {
  it('is delivered as its words, with what an admin must do', async () => {
    const { send } = chat('no-files', ({ picture }) => picture === undefined);
    const shown = await sendMost(await fox(), send, options);
    expect(shown.lines).toHaveLength(2);
    expect(shown.lines[0]).toEqual([plain('a fox')]);
  });

  it('is a sentence with a number for the operator where even its words are refused', async () => {
    const { send, tried } = chat('refused', ({ lines }) => !JSON.stringify(lines).includes('a fox'));
    const shown = await sendMost(await fox(), send, options);
    expect(tried).toHaveLength(3);
    expect(JSON.stringify(shown.lines)).toMatch(/[0-9a-f]{8}/);
  });

  it('is left to who can wait where the failure passes', async () => {
    const { send, tried } = chat('passing', () => false);
    await expect(sendMost(await fox(), send, options)).rejects.toMatchObject({ kind: 'passing' });
    expect(tried).toHaveLength(1);
  });

  it('throws where nobody can be told there', async () => {
    const { send } = chat('shut-out', () => false);
    await expect(sendMost(await fox(), send, options)).rejects.toMatchObject({ kind: 'shut-out' });
  });
});
