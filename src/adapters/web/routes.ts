/**
 * The page's addresses: static files, the chat's stream, actions, live pictures, the gallery and the admin's view.
 * Turns HTTP into calls of `WebChat` and the ports it is given; decides nothing about commands or pictures.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { Hono, type Context } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { secureHeaders } from 'hono/secure-headers';
import { stream, streamSSE } from 'hono/streaming';

import { packageFolder } from '../../../config/paths.ts';
import type { Upload } from '../../core/command.ts';
import { errorText } from '../../bot/texts/index.ts';
import { CancelledError, UserError } from '../../core/errors.ts';
import type { Actor } from '../../core/people.ts';
import { pageCommands, pageWords } from './commands.ts';
import { browserOf, sameSiteOnly, type OperatorDoor } from './guard.ts';
import { LIMITS } from './limits.ts';
import type { WebPorts } from './index.ts';
import { parseLive, parsePageAction, uploadOf } from './parse.ts';
import type { WebChat } from './web-chat.ts';

const PAGE_FOLDER = join(packageFolder, 'src/adapters/web/page');

/** Only these files are the page; anything else is not found. */
const PAGE_FILES: Readonly<Record<string, string>> = {
  'index.html': 'text/html; charset=utf-8',
  'style.css': 'text/css; charset=utf-8',
  'messages.css': 'text/css; charset=utf-8',
  'dialogs.css': 'text/css; charset=utf-8',
  'app.js': 'text/javascript; charset=utf-8',
  'api.js': 'text/javascript; charset=utf-8',
  'chat.js': 'text/javascript; charset=utf-8',
  'composer.js': 'text/javascript; charset=utf-8',
  'gallery.js': 'text/javascript; charset=utf-8',
  'live.js': 'text/javascript; charset=utf-8',
  'panel.js': 'text/javascript; charset=utf-8',
  'icon.svg': 'image/svg+xml',
};

export type RouteOptions = {
  readonly host: string;
  readonly chat: WebChat;
  readonly door: OperatorDoor;
  readonly ports: WebPorts;
  readonly now: () => number;
};

export function createRoutes({ host, chat, door, ports, now }: RouteOptions): Hono {
  const app = new Hono();
  let listeners = 0;

  const actorOf = (context: Context): Actor =>
    chat.actor(browserOf(context), door.isOpenFor(context), context.req.header('accept-language') ?? '');

  // Health is asked for by machines under any name; everything else is the page's alone.
  app.get('/healthz', (context) => {
    const { isOk, body } = ports.health.live();
    return context.json(body, isOk ? 200 : 503);
  });
  app.get('/readyz', (context) => {
    const { isOk, body } = ports.health.ready();
    return context.json(body, isOk ? 200 : 503);
  });
  app.get('/metrics', async (context) => {
    const { contentType, text } = await ports.health.metrics();
    return context.text(text, 200, { 'content-type': contentType });
  });

  app.use(sameSiteOnly(host));
  app.use(
    secureHeaders({
      contentSecurityPolicy: {
        defaultSrc: ["'self'"],
        imgSrc: ["'self'", 'data:', 'blob:'],
        baseUri: ["'none'"],
        frameAncestors: ["'none'"],
        formAction: ["'self'"],
      },
      referrerPolicy: 'no-referrer',
    }),
  );
  app.use(
    bodyLimit({
      maxSize: LIMITS.bodyBytes,
      onError: (context) => context.json({ error: 'The request is larger than 300 MB; send a smaller file.' }, 413),
    }),
  );

  app.get('/', (context) => pageFile(context, 'index.html'));
  app.get('/page/:name', (context) => pageFile(context, context.req.param('name')));

  app.get('/files/:key/:name', async (context) => {
    const file = await chat.readFile(browserOf(context), context.req.param('key'));
    if (file === undefined) {
      return context.notFound();
    }
    return context.body(Buffer.from(file.data), 200, {
      'content-type': file.contentType,
      'cache-control': 'private, max-age=31536000, immutable',
    });
  });

  app.get('/api/hello', async (context) => {
    const actor = actorOf(context);
    return context.json({
      locale: actor.locale,
      isOperator: actor.isAdmin,
      commands: pageCommands(actor.locale),
      words: pageWords(actor.locale),
      messages: chat.visibleTo(browserOf(context)),
      styles: await chat.suggest(actor, 'imagine', 'style', ''),
    });
  });

  app.get('/api/events', (context) => {
    if (listeners >= LIMITS.listeners) {
      return context.json({ error: 'Too many pages are open; close one.' }, 503);
    }
    const browser = browserOf(context);
    listeners += 1;
    return streamSSE(context, async (sse) => {
      const ended = new Promise<void>((resolve) => sse.onAbort(resolve));
      const unsubscribe = chat.listen((change) => {
        const onlyFor = change.kind === 'message' ? change.message.onlyFor : change.onlyFor;
        if (onlyFor === null || onlyFor === browser) {
          void sse.writeSSE({
            event: change.kind,
            data: JSON.stringify(change.kind === 'message' ? change.message : { id: change.id }),
          });
        }
      });
      const heartbeat = setInterval(() => void sse.writeSSE({ event: 'beat', data: '' }), 20_000);
      await sse.writeSSE({ event: 'beat', data: '' });
      await Promise.race([ended, chat.stopped]);
      clearInterval(heartbeat);
      unsubscribe();
      listeners -= 1;
    });
  });

  app.post('/api/act', async (context) => {
    const form = await context.req.parseBody();
    const files = new Map<string, Upload>();
    for (const [name, part] of Object.entries(form)) {
      if (part instanceof File) {
        files.set(name, uploadOf(part));
      }
    }
    const text = form['action'];
    const action = parsePageAction(typeof text === 'string' ? jsonOf(text) : undefined);
    return context.json(await chat.act(actorOf(context), browserOf(context), action, files));
  });

  app.get('/api/suggest', async (context) => {
    const { command = '', option = '', partial = '' } = context.req.query();
    return context.json(await chat.suggest(actorOf(context), command, option, partial));
  });

  app.post('/api/live', async (context) => {
    const actor = actorOf(context);
    const request = parseLive(await context.req.json());
    const abort = new AbortController();
    context.header('content-type', 'application/x-ndjson');
    return stream(context, async (out) => {
      out.onAbort(() => abort.abort());
      try {
        for await (const event of ports.live.draw(actor, chat.place(actor), request, abort.signal)) {
          const line =
            event.kind === 'picture'
              ? {
                  picture: `data:image/png;base64,${Buffer.from(event.png).toString('base64')}`,
                  width: event.width,
                  height: event.height,
                  ms: event.ms,
                }
              : { step: event.step, steps: event.steps };
          await out.write(`${JSON.stringify(line)}\n`);
        }
      } catch (error) {
        if (!(error instanceof CancelledError)) {
          await out.write(
            `${JSON.stringify({ error: error instanceof UserError ? errorText(actor.locale, error) : ports.fault(error) })}\n`,
          );
        }
      }
    });
  });

  app.get('/api/gallery', async (context) => context.json(await ports.gallery.list(60)));
  app.get('/gallery/:job/:index', async (context) => {
    const index = Number.parseInt(context.req.param('index'), 10);
    const png = Number.isInteger(index) ? await ports.gallery.read(context.req.param('job'), index) : undefined;
    return png === undefined
      ? context.notFound()
      : context.body(Buffer.from(png), 200, {
          'content-type': 'image/png',
          'cache-control': 'private, max-age=31536000, immutable',
        });
  });

  app.post('/api/operator', async (context) => {
    const form = await context.req.parseBody();
    const token = typeof form['token'] === 'string' ? form['token'] : '';
    if (!door.open(context, token, now())) {
      return context.json(
        {
          error:
            'This is not the operator\u2019s token; it is OPERATOR_TOKEN of the bot\u2019s environment, or printed where the bot was started.',
        },
        403,
      );
    }
    return context.json({ isOperator: true });
  });
  app.delete('/api/operator', (context) => {
    door.close(context);
    return context.json({ isOperator: false });
  });
  app.get('/api/admin', async (context) => {
    if (!door.isOpenFor(context)) {
      return context.json({ error: 'The admin panel needs the operator\u2019s token.' }, 403);
    }
    return context.json(await ports.admin.overview(chat.server));
  });

  app.onError((error, context) => {
    if (error instanceof UserError) {
      return context.json({ error: errorText(actorOf(context).locale, error) }, 400);
    }
    return context.json({ error: ports.fault(error) }, 500);
  });
  return app;
}

async function pageFile(context: Context, name: string): Promise<Response> {
  const contentType = PAGE_FILES[name];
  if (contentType === undefined) {
    return context.notFound();
  }
  return context.body(await readFile(join(PAGE_FOLDER, name), 'utf8'), 200, {
    'content-type': contentType,
    'cache-control': 'no-cache',
  });
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
