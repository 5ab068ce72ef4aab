/** The page's chat over HTTP: who one is and what was said, the stream of what is said, and what one does. */
import { streamSSE } from 'hono/streaming';

import { refusal } from '../../bot/refusal.ts';
import { incomingOf, outgoingOf } from './bindings.ts';
import { PAGE_TEXTS } from './commands.ts';
import { nameOf } from './identity.ts';
import { LIMITS } from './limits.ts';
import { jsonOf } from '../../core/parsed.ts';
import { parseEvent, parsePageAction } from './parse.ts';
import { shownTo } from './render.ts';
import type { Site } from './site.ts';

const BEAT_MS = 20_000;

export function addChatRoutes(site: Site): void {
  const { app, chat, forms, seats, limits, ports, identities, operators, actorOf, countOnce } = site;

  app.get('/files/:key/:name', async (context) => {
    const file = await chat.readFile(identities.of(context).person, context.req.param('key'));
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
    const { person } = identities.of(context);
    return context.json({
      locale: actor.locale,
      isOperator: actor.isAdmin,
      name: actor.name,
      /** Nobody has asked them yet what they want to be called. */
      mayAskName: nameOf(context) === '',
      model: await ports.modelLine(chat.server, actor.locale),
      ...PAGE_TEXTS[actor.locale],
      messages: chat.visibleTo(person).map(shownTo),
      styles: await chat.suggest(actor, 'imagine', 'style', ''),
    });
  });

  app.get('/api/events', (context) => {
    const { person, address } = identities.of(context);
    if (context.req.method === 'HEAD') {
      return context.body(null, 200, { 'content-type': 'text/event-stream' });
    }
    const giveBack = seats.take([
      { key: 'all', max: limits.streams },
      { key: `address ${address}`, max: limits.streamsPerAddress },
      { key: `person ${person}`, max: LIMITS.streamsPerPerson },
    ]);
    if (giveBack === undefined) {
      throw refusal('page.streams', {}, { retryAfterMs: 10_000 });
    }
    // Whatever becomes of the stream, its connection ends.
    outgoingOf(context).once('close', giveBack);
    return streamSSE(context, async (sse) => {
      // A browser that does not read is let go, for what it is told would pile up here; it comes back and asks anew.
      let waiting = 0;
      const tell = async (event: string, data: string): Promise<void> => {
        waiting += data.length;
        if (waiting > LIMITS.streamBacklogBytes) {
          outgoingOf(context).destroy();
          return;
        }
        await sse.writeSSE({ event, data });
        waiting -= data.length;
      };
      const ended = new Promise<void>((resolve) => sse.onAbort(resolve));
      const unsubscribe = chat.listen((change) => {
        const onlyFor = change.kind === 'message' ? change.message.onlyFor : change.onlyFor;
        if (onlyFor === null || onlyFor === person) {
          const said = change.kind === 'message' ? shownTo(change.message) : { id: change.id };
          void tell(change.kind, JSON.stringify(said));
        }
      });
      const heartbeat = setInterval(() => void tell('beat', ''), BEAT_MS);
      try {
        await tell('beat', '');
        await Promise.race([ended, chat.stopped]);
      } finally {
        clearInterval(heartbeat);
        unsubscribe();
        giveBack();
      }
    });
  });

  app.post('/api/act', async (context) => {
    countOnce(context, 'action');
    const { person, address } = identities.of(context);
    const maxBytes = operators.isOpenFor(context) ? limits.operatorBytes : limits.visitorBytes;
    const { fields, files, release } = await forms.receive(incomingOf(context), { address, maxBytes });
    try {
      const action = parsePageAction(jsonOf(fields.get('action') ?? ''));
      const event = parseEvent(fields.get('event'));
      return context.json(await chat.act(actorOf(context), person, action, { event, files, release }));
    } catch (error) {
      await release();
      throw error;
    }
  });

  app.delete('/api/messages/:id', async (context) => {
    const isGone = await chat.dismiss(identities.of(context).person, context.req.param('id'));
    return context.json({ isGone });
  });

  app.get('/api/suggest', async (context) => {
    const { command = '', option = '', partial = '' } = context.req.query();
    return context.json(await chat.suggest(actorOf(context), command, option, partial));
  });
}
