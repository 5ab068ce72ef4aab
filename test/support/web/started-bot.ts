/** The built program with its page on a free port and nothing else set, as `npm start` runs it. */
import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';

import { packageFolder } from '../../../config/paths.ts';

export type StartedBot = {
  readonly url: string;
  readonly stop: () => Promise<void>;
  /** As the system does it where memory is out: without a word. */
  readonly kill: () => Promise<void>;
};

/** `folder`: for its data, absolute; `more`: of its environment. Rejects when the program ends before it listens. */
export function startBot(folder: string, more: Readonly<Record<string, string>> = {}): Promise<StartedBot> {
  const bot = spawn(process.execPath, [join(packageFolder, 'dist/src/main.js'), 'start'], {
    env: {
      ...process.env,
      PORT: '0',
      HOST: '127.0.0.1',
      FOURSTEP_DATA: folder,
      LOG_LEVEL: 'silent',
      RUNNERS: 'cpu',
      ...more,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
    // A session of its own, as beside a browser: the scheduler shares the processor between sessions, then within them.
    detached: true,
  });
  return new Promise((resolve, reject) => {
    let printed = '';
    bot.once('exit', (code) => reject(new Error(`the bot ended with status ${code}`)));
    bot.stdout.on('data', (chunk) => {
      printed += String(chunk);
      const url = /http:\/\/\S+/.exec(printed)?.[0];
      if (url !== undefined) {
        resolve({ url, stop: () => ended(bot, 'SIGTERM'), kill: () => ended(bot, 'SIGKILL') });
      }
    });
  });
}

async function ended(bot: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  bot.kill(signal);
  await new Promise((resolve) => bot.once('exit', resolve));
}
