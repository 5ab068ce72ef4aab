/**
 * A bot that answers at once with a coloured picture and one button of each kind: enough to see whether the page shows
 * and sends what it must. Remembers what it was asked.
 */
import type { Bot, Chat, Invocation } from '../../../src/core/chat.ts';
import { type OptionValue, readUpload } from '../../../src/core/command.ts';
import type { Gallery, GalleryItem, LiveDrawing, LiveRequest } from '../../../src/core/live.ts';
import type { Message } from '../../../src/core/message.ts';
import type { Picture } from '../../../src/core/picture.ts';
import { encodePng } from '../../../src/image/index.ts';

export type StubWorld = {
  readonly bot: Bot;
  readonly live: LiveDrawing;
  readonly gallery: Gallery;
  readonly invocations: readonly Invocation[];
  /** The bytes of every file that came with an action, read as the bot would. */
  readonly uploads: readonly Uint8Array[];
  readonly liveRequests: readonly LiveRequest[];
  readonly abortedLive: () => number;
};

export function createStubWorld(chat: () => Chat): StubWorld {
  const invocations: Invocation[] = [];
  const uploads: Uint8Array[] = [];
  const liveRequests: LiveRequest[] = [];
  const items: GalleryItem[] = [];
  let aborted = 0;

  const bot: Bot = {
    acknowledgement: ({ kind, ...action }) => {
      if (kind === 'button' && 'id' in action && action.id === 'remix') {
        return 'form';
      }
      const isAboutOne =
        kind === 'button' ? 'id' in action && action.id === 'info' : 'name' in action && action.name === 'help';
      return isAboutOne ? 'private' : 'public';
    },
    form: async () => ({
      id: 'remix-form',
      title: 'Remix',
      submit: 'Draw',
      fields: [{ id: 'prompt', label: 'Prompt', value: 'a fox', isRequired: true, maxLength: 100, isMultiline: true }],
    }),
    record: async () => async () => undefined,
    handle: async (invocation, address) => {
      invocations.push(invocation);
      const { action } = invocation;
      for (const value of action.kind === 'command' ? Object.values(action.options) : []) {
        if (typeof value === 'object') {
          uploads.push(await readUpload(value, 1_000_000));
        }
      }
      const prompt = action.kind === 'command' ? (wordsOf(action.options['prompt']) ?? action.name) : action.kind;
      items.unshift({
        job: `job${items.length}`,
        index: 0,
        prompt,
        seed: 7,
        style: '',
        createdAtMs: 0,
        message: String(address.data['message']),
        actions: { upscale: 'u1', vary: 'v1', delete: 'delete' },
      });
      await chat().deliver(address, await answer(prompt), { mode: 'edit', key: 'answer', isFinal: true });
    },
    suggest: async () => [
      { value: 'neon', label: 'thin bright lines' },
      { value: 'ink', label: 'black on paper' },
    ],
  };
  return {
    bot,
    invocations,
    uploads,
    liveRequests,
    abortedLive: () => aborted,
    live: {
      draw: async function* draw(_actor, _place, request, signal) {
        liveRequests.push(request);
        for (let step = 1; step <= 4; step += 1) {
          await new Promise((resolve) => setTimeout(resolve, 30));
          if (signal.aborted) {
            aborted += 1;
            return;
          }
          yield { kind: 'step', step, steps: 4 };
        }
        const { prompt, count } = request.options;
        const said = wordsOf(prompt) ?? '';
        if (said.includes('zorble')) {
          const params = { model: 'moji', word: 'zorble' };
          yield { kind: 'notice', code: 'prompt.unknown', sentence: 'moji does not know "zorble".', params };
        }
        for (let index = 0; index < (request.isDraft ? 1 : Number(count ?? 1)); index += 1) {
          yield {
            kind: 'picture',
            data: (await encodePng(coloured(`${wordsOf(prompt) ?? ''}${index}`))).data,
            contentType: 'image/png',
            width: 128,
            height: 128,
            ms: 120,
          };
        }
        if (!request.isDraft && said.includes('crisp')) {
          yield { kind: 'enlarged', index: 0, png: (await encodePng(coloured(`${said}, enlarged`))).data };
        }
      },
    },
    gallery: {
      list: async (limit) => items.slice(0, limit),
      read: async (job) => (items.some((item) => item.job === job) ? (await encodePng(coloured(job))).data : undefined),
    },
  };
}

async function answer(prompt: string): Promise<Message> {
  return {
    lines: [
      [
        { kind: 'bold', text: prompt },
        { kind: 'plain', text: '— you' },
      ],
      [{ kind: 'small', text: 'seed 7 · neon · 4 steps · 0.4 s' }],
    ],
    picture: {
      name: 'fox.png',
      contentType: 'image/png',
      data: (await encodePng(coloured(prompt))).data,
      alt: `${prompt}, drawn`,
      isSpoiler: false,
    },
    files: [],
    rows: [
      ['U1', 'V1', 'Reroll', 'Remix'].map(
        (label) =>
          ({
            kind: 'button',
            id: label.toLowerCase(),
            label,
            emoji: undefined,
            tone: 'normal',
            isDisabled: false,
          }) as const,
      ),
      ['Info', 'Delete'].map(
        (label) =>
          ({
            kind: 'button',
            id: label.toLowerCase(),
            label,
            emoji: undefined,
            tone: label === 'Delete' ? 'danger' : 'normal',
            isDisabled: false,
          }) as const,
      ),
    ],
    notify: undefined,
  };
}

function wordsOf(value: OptionValue | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** A picture whose colours depend on the words. */
export function coloured(words: string): Picture {
  const hash = Buffer.from(words).reduce((sum, byte) => (sum * 31 + byte) >>> 0, 7);
  const data = new Uint8Array(128 * 128 * 3);
  for (let y = 0; y < 128; y += 1) {
    for (let x = 0; x < 128; x += 1) {
      data.set([(hash & 0xff) ^ x, ((hash >>> 8) & 0xff) ^ y, (hash >>> 16) & 0xff], (y * 128 + x) * 3);
    }
  }
  return { width: 128, height: 128, data };
}
