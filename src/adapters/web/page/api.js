/**
 * Talks to the bot and nothing else: every call gives data or throws an Error whose message is fit to be shown. An error
 * with `isAway` means that nobody answered: the same may succeed later.
 */

async function answerOf(response) {
  const body = await response.json().catch(() => ({}));
  if (response.status === 401) {
    location.assign('/');
  }
  if (!response.ok) {
    const error = new Error(body.error ?? `${response.status} ${response.statusText}`);
    error.isAway = response.status === 503;
    throw error;
  }
  return body;
}

async function call(path, options) {
  let response;
  try {
    response = await fetch(path, options);
  } catch (cause) {
    const error = new Error(cause.message);
    error.isAway = cause.name !== 'AbortError';
    throw error;
  }
  return response;
}

export async function getJson(path) {
  return answerOf(await call(path, { headers: { accept: 'application/json' } }));
}

export async function remove(path) {
  return answerOf(await call(path, { method: 'DELETE' }));
}

function formOf(name, value, files) {
  const body = new FormData();
  body.set(name, JSON.stringify(value));
  for (const [key, file] of Object.entries(files)) {
    body.set(key, file);
  }
  return body;
}

/** Sends an action (a command, a press, a form) with files by option name; gives `{ form }`. The same `event` is done once. */
export async function act(action, files, event) {
  const body = formOf('action', action, files);
  body.set('event', event);
  return answerOf(await call('/api/act', { method: 'POST', body }));
}

export async function openOperator(token) {
  const body = new FormData();
  body.set('token', token);
  return answerOf(await call('/api/operator', { method: 'POST', body }));
}

export const closeOperator = () => remove('/api/operator');

/** Draws what is not sent yet: yields `{step, steps}`, `{picture}`, `{enlarged, index}`, `{notice}` and `{error}` until it is done or `signal` aborts. */
export async function* drawLive({ options, isDraft, canvas, image }, signal) {
  const body = formOf('request', { options, isDraft, canvas }, image ? { image } : {});
  const response = await call('/api/live', { method: 'POST', signal, body });
  if (!response.ok || response.body === null) {
    await answerOf(response);
    return;
  }
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) {
      return;
    }
    const lines = (rest + value).split('\n');
    rest = lines.pop();
    for (const line of lines) {
      yield JSON.parse(line);
    }
  }
}

/** The chat's stream; reconnects by itself. `handlers`: message, remove, state(isOnline). */
export function listen(handlers) {
  const source = new EventSource('/api/events');
  source.addEventListener('message', (event) => handlers.message(JSON.parse(event.data)));
  source.addEventListener('remove', (event) => handlers.remove(JSON.parse(event.data).id));
  source.addEventListener('open', () => handlers.state(true));
  source.addEventListener('error', () => handlers.state(false));
}
