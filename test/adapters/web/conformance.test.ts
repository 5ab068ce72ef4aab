/** The page against the suite that every chat passes: its server, and people who speak HTTP to it as the page does. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { z } from 'zod';

import type { WebAdapter } from '../../../src/adapters/web/index.ts';
import { type ChatStage, describeChatPort, type Sight } from '../../conformance/chat-port.ts';
import { killedAfterRecord } from '../../support/dying-chat.ts';
import { createBarePage } from '../../support/web/bare-page.ts';

const hello = z.object({
  messages: z.array(
    z.object({
      id: z.string(),
      isPrivate: z.boolean(),
      picture: z.unknown(),
      lines: z.array(z.array(z.object({ text: z.string().optional() }))),
    }),
  ),
});

/** One browser: its cookie is the person. */
class Visitor {
  #cookie = '';

  async messages(url: string): Promise<z.infer<typeof hello>['messages']> {
    const response = await fetch(`${url}/api/hello`, { headers: { cookie: this.#cookie } });
    this.#cookie = response.headers.get('set-cookie')?.split(';')[0] ?? this.#cookie;
    return hello.parse(await response.json()).messages;
  }

  async sight(url: string): Promise<readonly Sight[]> {
    return (await this.messages(url)).map(({ lines, picture, isPrivate }) => ({
      words: lines.flatMap((line) => line.map(({ text }) => text ?? '')).join(''),
      pictures: picture === null ? 0 : 1,
      isPrivate,
    }));
  }

  async ask(url: string, event: string): Promise<void> {
    const body = new FormData();
    body.set('action', JSON.stringify({ kind: 'command', name: 'imagine', options: { prompt: 'a fox' } }));
    body.set('event', event);
    await fetch(`${url}/api/act`, { method: 'POST', headers: { cookie: this.#cookie, origin: url }, body });
  }
}

describeChatPort('the page', async (bot): Promise<ChatStage> => {
  const folder = mkdtempSync(join(tmpdir(), 'fourstep-page-port-'));
  const connect = async (): Promise<WebAdapter> => {
    const made = await createBarePage(folder, bot);
    await made.start();
    return made;
  };
  let adapter = await connect();
  let asked = 0;
  const [ann, carl] = [new Visitor(), new Visitor()];
  await ann.messages(adapter.url());
  await carl.messages(adapter.url());
  return {
    get adapter() {
      return adapter;
    },
    ask: async (times = 1) => {
      asked += 1;
      const url = adapter.url();
      await Promise.all(Array.from({ length: times }, async () => ann.ask(url, `event-of-this-test-${asked}`)));
    },
    sees: () => ann.sight(adapter.url()),
    othersSee: () => carl.sight(adapter.url()),
    clear: async () => {
      for (const { id } of await ann.messages(adapter.url())) {
        await adapter.remove({ platform: 'web', data: { message: id, browser: 'whoever may', isPrivate: false } });
      }
    },
    // A browser waits, and nothing that we send it is refused.
    makeLate: undefined,
    refuseFiles: undefined,
    restart: async () => {
      await adapter.stop();
      adapter = await connect();
    },
    killed: async () => {
      await adapter.stop();
      const recorded = await killedAfterRecord({ kind: 'web', folder }, (url) => {
        void ann.ask(url, 'event-of-the-killed').catch(() => undefined);
      });
      adapter = await connect();
      return recorded;
    },
    close: async () => {
      await adapter.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
});
