/** Pictures over HTTP: those that follow the typing, as lines of JSON while they are drawn, and the finished ones. */
import { stream } from 'hono/streaming';

import { noticeText, text } from '../../bot/texts/index.ts';
import { CancelledError } from '../../core/errors.ts';
import type { LiveEvent } from '../../core/live.ts';
import type { Locale } from '../../core/people.ts';
import { incomingOf } from './bindings.ts';
import { LIMITS } from './limits.ts';
import { jsonOf } from '../../core/parsed.ts';
import { parseLive } from './parse.ts';
import { StylePictures } from './style-pictures.ts';
import type { Site } from './site.ts';

export function addDrawingRoutes(site: Site): void {
  const { app, chat, forms, limits, ports, identities, actorOf, sentenceOf, countOnce } = site;
  const styles = new StylePictures(ports.live, chat);
  app.post('/api/live', async (context) => {
    countOnce(context, 'live');
    const actor = actorOf(context);
    const { address } = identities.of(context);
    const { fields, files, release } = await forms.receive(incomingOf(context), {
      address,
      maxBytes: limits.visitorBytes,
    });
    const request = await readOr(release, () => parseLive(jsonOf(fields.get('request') ?? ''), files));
    const abort = new AbortController();
    context.header('content-type', 'application/x-ndjson');
    return stream(context, async (out) => {
      out.onAbort(() => abort.abort());
      // Whoever does not take what is written is given up. One listener for the stream, for each stays until its end.
      const left = new Promise((resolve) => abort.signal.addEventListener('abort', resolve, { once: true }));
      try {
        for await (const event of ports.live.draw(actor, chat.place(actor), request, abort.signal)) {
          const timer = setTimeout(() => abort.abort(), LIMITS.liveStallMs);
          await Promise.race([out.write(`${JSON.stringify(lineOf(event, actor.locale))}\n`), left]);
          clearTimeout(timer);
        }
      } catch (error) {
        if (!(error instanceof CancelledError)) {
          await out.write(`${JSON.stringify({ error: sentenceOf(error, actor.locale) })}\n`);
        }
      } finally {
        await release();
      }
    });
  });

  app.get('/api/gallery', async (context) =>
    context.json(await ports.gallery.list(LIMITS.gallery, actorOf(context).user)),
  );
  app.get('/api/styles/:name/picture', async (context) => {
    countOnce(context, 'live'); // it is drawn when nobody has looked at it before
    const picture = await styles.picture(context.req.param('name'));
    return picture === undefined
      ? context.notFound()
      : context.body(Buffer.from(picture), 200, { 'content-type': 'image/png' });
  });
  app.get('/gallery/:job/:index', async (context) => {
    const { job, index } = context.req.param();
    const png = /^\d{1,3}$/.test(index)
      ? await ports.gallery.read(job, Number(index), actorOf(context).user)
      : undefined;
    return png === undefined
      ? context.notFound()
      : context.body(Buffer.from(png), 200, {
          'content-type': 'image/png',
          'cache-control': 'private, max-age=31536000, immutable',
        });
  });
}

function lineOf(event: LiveEvent, locale: Locale): unknown {
  switch (event.kind) {
    case 'step':
      return { step: event.step, steps: event.steps };
    case 'preparing':
      return { preparing: text(locale, 'wait.preparing') };
    case 'picture':
      return { picture: dataUrl(event), width: event.width, height: event.height, ms: event.ms };
    case 'enlarged':
      return { enlarged: dataUrl({ data: event.png, contentType: 'image/png' }), index: event.index };
    case 'notice':
      return { notice: noticeText(locale, event) };
    default:
      return event satisfies never;
  }
}

function dataUrl({ data, contentType }: { readonly data: Uint8Array; readonly contentType: string }): string {
  return `data:${contentType};base64,${Buffer.from(data).toString('base64')}`;
}

/** What `read` gives; where it throws, nobody reads the files any more. */
async function readOr<T>(release: () => Promise<void>, read: () => T): Promise<T> {
  try {
    return read();
  } catch (error) {
    await release();
    throw error;
  }
}
