/** Pictures over HTTP: those that follow the typing, as lines of JSON while they are drawn, and the finished ones. */
import { stream } from 'hono/streaming';

import { errorText } from '../../bot/texts/index.ts';
import { CancelledError, UserError } from '../../core/errors.ts';
import { parseLive } from './parse.ts';
import type { Site } from './server.ts';

export function addDrawingRoutes({ app, chat, ports, actorOf, countOnce }: Site): void {
  app.post('/api/live', async (context) => {
    countOnce(context, 'live');
    const actor = actorOf(context);
    const request = parseLive(await context.req.json().catch(() => undefined));
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
          const sentence = error instanceof UserError ? errorText(actor.locale, error) : ports.fault(error);
          await out.write(`${JSON.stringify({ error: sentence })}\n`);
        }
      }
    });
  });

  app.get('/api/gallery', async (context) => context.json(await ports.gallery.list(60)));
  app.get('/gallery/:job/:index', async (context) => {
    const { job, index } = context.req.param();
    const png = /^\d{1,3}$/.test(index) ? await ports.gallery.read(job, Number(index)) : undefined;
    return png === undefined
      ? context.notFound()
      : context.body(Buffer.from(png), 200, {
          'content-type': 'image/png',
          'cache-control': 'private, max-age=31536000, immutable',
        });
  });
}
