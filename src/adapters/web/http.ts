/**
 * The page's HTTP application: what every request passes before it reaches an address, and what every fault ends as.
 * Decides who gets in and how often; the addresses themselves are in the files of routes.
 */
import { Hono, type Context } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { compress } from 'hono/compress';
import { secureHeaders } from 'hono/secure-headers';

import { faultSentence } from '../../bot/fault.ts';
import type { Log } from '../../bot/index.ts';
import { refusal } from '../../bot/refusal.ts';
import { UserError } from '../../core/errors.ts';
import { needsVisitorToken, sameSiteOnly, TokenSignIn, type Access } from './access.ts';
import { addChatRoutes } from './chat-routes.ts';
import { addSignInRoutes } from './sign-in-routes.ts';
import { addDrawingRoutes } from './drawing-routes.ts';
import { Identities, nameOf } from './identity.ts';
import { LIMITS } from './limits.ts';
import { readPageFiles, servePageFile } from './page-files.ts';
import { localeOf } from './parse.ts';
import type { WebPorts } from './ports.ts';
import { WindowCounter } from './rates.ts';
import type { Site } from './site.ts';

export type ServerOptions = Pick<Site, 'chat' | 'forms' | 'seats' | 'limits' | 'ports'> & {
  readonly access: Access;
  readonly isBehindProxy: boolean;
  readonly log: Log;
  readonly now: () => number;
};

export function createServerApp(options: ServerOptions): Hono {
  const { access, isBehindProxy, chat, forms, seats, limits, ports, log, now } = options;
  const app = new Hono();
  const identities = new Identities({ isBehindProxy, now });
  const operators = new TokenSignIn({ cookie: 'fourstep_operator', tokens: [access.operatorToken], identities, now });
  const { operatorToken, visitorToken } = access;
  const visitors = needsVisitorToken(access)
    ? new TokenSignIn({
        cookie: 'fourstep_visitor',
        tokens: visitorToken === undefined ? [operatorToken] : [visitorToken, operatorToken],
        identities,
        now,
      })
    : undefined;
  const counters = {
    request: { max: limits.requestsPerMinute, counter: new WindowCounter(60_000, LIMITS.countedAddresses) },
    action: { max: limits.actionsPerMinute, counter: new WindowCounter(60_000, LIMITS.countedAddresses) },
    live: { max: limits.livePerMinute, counter: new WindowCounter(60_000, LIMITS.countedAddresses) },
  };
  const languageOf = (context: Context): string => context.req.header('accept-language') ?? '';
  const site: Site = {
    app,
    chat,
    forms,
    seats,
    limits,
    ports,
    identities,
    operators,
    visitors,
    actorOf: (context) => {
      const { person } = identities.of(context);
      return chat.actor(person, nameOf(context), operators.isOpenFor(context), languageOf(context));
    },
    sentenceOf: (error, locale) => {
      if (error instanceof UserError) {
        ports.onRefused?.(error.code);
      }
      return faultSentence(error, locale, log);
    },
    countOnce: (context, what) => {
      const { address } = identities.of(context);
      const { max, counter } = counters[what];
      if (counter.add(address, now()) > max) {
        throw refusal('page.often', { max }, { retryAfterMs: counter.leftMs(address, now()) });
      }
    },
  };
  const pageFiles = readPageFiles();

  addHealthRoutes(app, ports);
  app.use(sameSiteOnly(access));
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
  // What is somebody's alone stays out of every cache; pictures, named by their content, say otherwise themselves.
  app.use('/api/*', async (context, next) => {
    await next();
    context.header('cache-control', 'no-store');
  });
  for (const path of ['/api/operator', '/api/visitor']) {
    app.use(
      path,
      bodyLimit({
        maxSize: LIMITS.jsonBytes,
        onError: (context) => context.json({ error: 'The request is larger than 64 kB; send less.' }, 413),
      }),
    );
  }
  for (const path of ['/api/hello', '/api/gallery', '/api/admin']) {
    app.use(path, compress());
  }
  app.get('/page/:name', (context) => servePageFile(context, pageFiles, context.req.param('name')));
  app.get('/', (context) => {
    identities.of(context); // who opens the page gets a name of its own before anything is asked
    const isIn = visitors === undefined || visitors.isOpenFor(context) || operators.isOpenFor(context);
    return servePageFile(context, pageFiles, isIn ? 'index.html' : 'sign-in.html');
  });
  app.use(async (context, next) => {
    site.countOnce(context, 'request');
    return next();
  });
  addSignInRoutes(site);
  app.use(async (context, next) => {
    if (visitors !== undefined && !visitors.isOpenFor(context) && !operators.isOpenFor(context)) {
      return context.json({ error: 'This page asks for a token first; open / and give it.' }, 401);
    }
    return next();
  });
  addChatRoutes(site);
  addDrawingRoutes(site);
  app.onError((error, context) => {
    const sentence = site.sentenceOf(error, localeOf(languageOf(context)));
    if (error instanceof UserError) {
      const waitS = error.retryAfterMs === undefined ? undefined : Math.ceil(error.retryAfterMs / 1000);
      return context.json(
        { error: sentence },
        STATUS[error.code] ?? 400,
        waitS === undefined ? {} : { 'retry-after': String(waitS) },
      );
    }
    return context.json({ error: sentence }, 500);
  });
  return app;
}

const STATUS: Readonly<Record<string, 413 | 429 | 503>> = {
  'page.large': 413,
  'page.often': 429,
  'page.guesses': 429,
  'page.streams': 503,
  'page.busy': 503,
  stopping: 503,
};

/** Health is asked for by machines under any name; everything else is the page's alone. */
function addHealthRoutes(app: Hono, { health }: WebPorts): void {
  for (const [path, of] of [['/healthz', 'live'] as const, ['/readyz', 'ready'] as const]) {
    app.get(path, (context) => {
      const { isOk, body } = health[of]();
      return context.json(body, isOk ? 200 : 503);
    });
  }
  app.get('/metrics', async (context) => {
    const { contentType, text } = await health.metrics();
    return context.text(text, 200, { 'content-type': contentType });
  });
}
