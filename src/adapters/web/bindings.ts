/** Node's own two streams of a request, as the listener of @hono/node-server hands them to every route. */
import type { HttpBindings } from '@hono/node-server';
import type { Context } from 'hono';

export function incomingOf(context: Context): HttpBindings['incoming'] {
  return bindingsOf(context).incoming;
}

export function outgoingOf(context: Context): HttpBindings['outgoing'] {
  return bindingsOf(context).outgoing;
}

function bindingsOf(context: Context): HttpBindings {
  return context.env as HttpBindings;
}
