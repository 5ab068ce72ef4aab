/** The admin's panel behind the operator's token: what runs, as live tables, and what can be changed, in words and in place. */
import { closeOperator, getJson, openOperator } from './api.js';
import { button, byId, make } from './dom.js';

const REFRESH_MS = 2000;
const SECTIONS = ['styles', 'queue', 'devices', 'quotas', 'audit'];
/** The commands of admins, one press away. */
const COMMANDS = ['settings', 'style add', 'style edit', 'style default', 'style rename', 'style remove'];
const dialog = byId('panel');

export function createPanel({ words, commands, send, openForm, signedIn }) {
  let timer;
  /** Where the answers of commands given here are shown, while it is open. */
  const answers = make('ol', { className: 'answers', aria: { live: 'polite', label: words.notes } });
  const tables = make('div');

  const heading = (text) => make('h2', {}, text);

  function table(name, rows) {
    if (rows.length === 0) {
      return make('p', { className: 'quiet' }, words['panel.empty']);
    }
    const head = (words[`panel.${name}.columns`] ?? '').split('|');
    return make(
      'table',
      {},
      make('thead', {}, make('tr', {}, ...head.map((text) => make('th', { scope: 'col' }, text)))),
      make('tbody', {}, ...rows.map((row) => make('tr', {}, ...row.map((cell) => make('td', { dir: 'auto' }, cell))))),
    );
  }

  function askToken(fault) {
    clearInterval(timer);
    const input = make('input', { type: 'password', autocomplete: 'current-password', required: true });
    const form = make(
      'form',
      {},
      heading(words.panel),
      make('label', {}, make('span', {}, words['panel.token']), input),
      make(
        'div',
        { className: 'row' },
        make('button', { className: 'primary' }, words['panel.enter']),
        button(words.close, () => dialog.close()),
      ),
      make('p', { aria: { role: 'alert' } }, fault),
    );
    form.addEventListener('submit', async (event) => {
      event.preventDefault();
      try {
        await openOperator(input.value);
        signedIn(true);
        await showLive();
      } catch (error) {
        askToken(error.message);
      }
    });
    dialog.replaceChildren(form);
    input.focus();
  }

  function run(name) {
    const spec = commands.find((entry) => entry.name === name);
    if (spec.options.length === 0) {
      send({ kind: 'command', name, options: {} });
    } else {
      openForm(spec, words[`panel.do.${name}`]);
    }
  }

  async function refresh() {
    const overview = await getJson('/api/admin');
    const drawn = SECTIONS.map((name) =>
      make('section', {}, heading(words[`panel.${name}`]), table(name, overview[name] ?? [])),
    );
    tables.replaceChildren(...drawn);
  }

  async function showLive() {
    await refresh();
    const leave = button(words['panel.leave'], async () => {
      await closeOperator();
      signedIn(false);
      dialog.close();
    });
    const buttons = COMMANDS.map((name) => button(words[`panel.do.${name}`], () => run(name)));
    dialog.replaceChildren(
      make(
        'div',
        { className: 'row title' },
        make('h1', { id: 'panel-title' }, words.panel),
        leave,
        button(words.close, () => dialog.close()),
      ),
      make('div', { className: 'row' }, ...buttons),
      answers,
      tables,
    );
    buttons[0].focus();
    clearInterval(timer);
    timer = setInterval(() => void refresh().catch(() => undefined), REFRESH_MS);
  }

  dialog.addEventListener('close', () => {
    clearInterval(timer);
    byId('notes').append(...answers.children);
  });

  return {
    /** Where a private answer belongs while the panel is open. */
    place: () => (dialog.open && answers.isConnected ? answers : undefined),
    async open(isOperator) {
      dialog.setAttribute('aria-label', words.panel);
      dialog.showModal();
      if (!isOperator) {
        askToken('');
        return;
      }
      // The bot may have begun anew with another token.
      await showLive().catch((error) => askToken(error.message));
    },
  };
}
