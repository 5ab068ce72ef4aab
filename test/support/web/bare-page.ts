/** The page as a chat alone: its server with nothing drawn, kept or measured beside it, and people who speak HTTP to it. */
import { createWebAdapter, type WebAdapter } from '../../../src/adapters/web/index.ts';
import type { Bot } from '../../../src/core/chat.ts';
import { SILENT_LOG } from '../bot-ports.ts';

export function createBarePage(folder: string, bot: Bot): Promise<WebAdapter> {
  const state = () => ({ isOk: true, body: {} });
  return createWebAdapter({
    access: { host: '127.0.0.1', names: [], operatorToken: 'nobody', visitorToken: undefined, isPublic: true },
    port: 0,
    isBehindProxy: false,
    folder,
    bot,
    ports: {
      live: {
        draw: () => {
          throw new Error('nothing is drawn here');
        },
      },
      gallery: { list: async () => [], read: async () => undefined },
      admin: { overview: async () => ({}) },
      modelLine: async () => '',
      health: { live: state, ready: state, metrics: async () => ({ contentType: 'text/plain', text: '' }) },
    },
    mounts: [],
    log: SILENT_LOG,
    now: () => Date.now(),
  });
}
