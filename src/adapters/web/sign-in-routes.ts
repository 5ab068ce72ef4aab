/** Signing in on the page: with the visitor's token, where one is asked for, and with the operator's, for the panel. */
import { refusal } from '../../bot/refusal.ts';
import type { Context } from 'hono';
import type { Site } from './site.ts';

export function addSignInRoutes({ app, chat, ports, operators, visitors, actorOf }: Site): void {
  // A plain form: it works before any script is there.
  app.post('/api/visitor', async (context) => {
    const isIn = visitors === undefined || visitors.open(context, await tokenOf(context));
    return context.redirect(isIn ? '/' : '/?token=wrong', 303);
  });
  app.post('/api/operator', async (context) => {
    if (!operators.open(context, await tokenOf(context))) {
      throw refusal('page.token');
    }
    return context.json({ isOperator: true });
  });
  app.delete('/api/operator', (context) => {
    operators.close(context);
    return context.json({ isOperator: false });
  });
  app.get('/api/admin', async (context) => {
    if (!operators.isOpenFor(context)) {
      return context.json({ error: 'The admin panel needs the operator\u2019s token.' }, 403);
    }
    return context.json(await ports.admin.overview(chat.server, actorOf(context).locale));
  });
}

async function tokenOf(context: Context): Promise<string> {
  const form = await context.req.parseBody().catch(() => undefined);
  const token = form?.['token'];
  return typeof token === 'string' ? token : '';
}
