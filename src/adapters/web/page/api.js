/** Talks to the bot and nothing else: every call gives data or throws an Error whose message is fit to be shown. */

async function answerOf(response) {
  const body = await response.json().catch(() => ({}));
  if (!response.ok) {
    throw new Error(body.error ?? `${response.status} ${response.statusText}`);
  }
  return body;
}

export async function getJson(path) {
  return answerOf(await fetch(path, { headers: { accept: 'application/json' } }));
}

/** Sends an action (a command, a press, a form) with files by option name; gives `{ form }`. */
export async function act(action, files = {}) {
  const body = new FormData();
  body.set('action', JSON.stringify(action));
  for (const [name, file] of Object.entries(files)) {
    body.set(name, file);
  }
  return answerOf(await fetch('/api/act', { method: 'POST', body }));
}

export async function openOperator(token) {
  const body = new FormData();
  body.set('token', token);
  return answerOf(await fetch('/api/operator', { method: 'POST', body }));
}

export async function closeOperator() {
  return answerOf(await fetch('/api/operator', { method: 'DELETE' }));
}

/** Draws while somebody types: yields `{step, steps}` and `{picture}` until it is done or `signal` aborts. */
export async function* drawLive(request, signal) {
  const response = await fetch('/api/live', {
    method: 'POST',
    signal,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(request),
  });
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
