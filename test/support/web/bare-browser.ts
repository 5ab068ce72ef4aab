/**
 * A browser that is watched as little as can be, for measuring: Chromium by its own protocol, with nothing switched on but
 * what evaluates a script and moves a hand. A test library listens to every request and frame, which takes a fifth of a
 * processor of what is measured.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

import { WebSocket } from 'ws';

import { BROWSER_ARGUMENTS, EXECUTABLE } from './browser.ts';

export type Hand = { readonly type: string; readonly x: number; readonly y: number };

export type BarePage = {
  /** The value of an expression, promises awaited; it must be plain JSON. Rejects with what it throws. */
  readonly evaluate: (expression: string) => Promise<unknown>;
  /** Resolves once the expression is true; rejects after 30 s. */
  readonly until: (expression: string) => Promise<void>;
  readonly move: (hand: Hand) => void;
  /** A key that writes this letter. */
  readonly press: (letter: string) => void;
  readonly close: () => Promise<void>;
};

const WAIT_MS = 30_000;

/** A fresh profile at `url`. */
export async function openBarePage(
  url: string,
  { width, height }: { width: number; height: number },
): Promise<BarePage> {
  const profile = mkdtempSync(join(tmpdir(), 'fourstep-browser-'));
  const browser = spawn(
    EXECUTABLE,
    [
      ...BROWSER_ARGUMENTS,
      '--headless',
      '--remote-debugging-port=0',
      `--user-data-dir=${profile}`,
      `--window-size=${width},${height}`,
      'about:blank',
    ],
    { stdio: ['ignore', 'ignore', 'pipe'], detached: true },
  );
  const socket = new WebSocket(await pageAddress(await endpoint(browser.stderr)));
  await once(socket, 'open');
  const waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  socket.on('message', (data: Buffer) => {
    const { id, result, error } = JSON.parse(data.toString()) as Answer;
    const asked = waiting.get(id ?? 0);
    waiting.delete(id ?? 0);
    const thrown = error?.message ?? result?.exceptionDetails?.exception?.description;
    if (thrown === undefined) {
      asked?.resolve(result?.result?.value);
    } else {
      asked?.reject(new Error(thrown));
    }
  });
  let last = 0;
  const send = (method: string, params: unknown): number => {
    last += 1;
    socket.send(JSON.stringify({ id: last, method, params }));
    return last;
  };
  const evaluate = (expression: string): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const id = send('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true });
      waiting.set(id, { resolve, reject });
    });
  send('Page.navigate', { url });
  const page: BarePage = {
    evaluate,
    until: async (expression) => {
      for (const endsAt = performance.now() + WAIT_MS; (await evaluate(expression)) !== true; await sleep(50)) {
        if (performance.now() > endsAt) {
          throw new Error(`expected ${expression} within ${WAIT_MS} ms`);
        }
      }
    },
    move: (hand) => void send('Input.dispatchMouseEvent', { button: 'left', buttons: 1, clickCount: 1, ...hand }),
    press: (letter) => {
      send('Input.dispatchKeyEvent', { type: 'keyDown', key: letter, text: letter });
      send('Input.dispatchKeyEvent', { type: 'keyUp', key: letter });
    },
    close: async () => {
      socket.close();
      const ended = once(browser, 'exit');
      browser.kill();
      await ended;
      rmSync(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
    },
  };
  await page.until('document.body?.dataset.ready === "true"');
  return page;
}

type Answer = {
  readonly id?: number;
  readonly result?: {
    readonly result?: { readonly value?: unknown };
    readonly exceptionDetails?: { readonly exception?: { readonly description?: string } };
  };
  readonly error?: { readonly message: string };
};

/** `http://127.0.0.1:PORT`, as the browser says it. */
async function endpoint(output: NodeJS.ReadableStream): Promise<string> {
  for await (const line of createInterface({ input: output })) {
    const port = /DevTools listening on ws:\/\/127\.0\.0\.1:(\d+)/.exec(line)?.[1];
    if (port !== undefined) {
      output.resume();
      return `http://127.0.0.1:${port}`;
    }
  }
  throw new Error('the browser ended before it listened');
}

async function pageAddress(at: string): Promise<string> {
  const targets = (await (await fetch(`${at}/json`)).json()) as readonly {
    readonly type: string;
    readonly webSocketDebuggerUrl: string;
  }[];
  const page = targets.find(({ type }) => type === 'page');
  if (page === undefined) {
    throw new Error('the browser has no page');
  }
  return page.webSocketDebuggerUrl;
}
