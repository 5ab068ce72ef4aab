/** The admin's panel behind the operator's token: live tables of what runs, and the doors to settings and styles. */
import { closeOperator, getJson, openOperator } from './api.js';

const REFRESH_MS = 2000;
const SECTIONS = ['styles', 'queue', 'devices', 'quotas', 'audit'];
/** The commands of admins, one press away. */
const DOORS = ['settings', 'style add', 'style edit', 'style default', 'style rename', 'style remove'];
const dialog = document.getElementById('panel');

export function createPanel({ words, commands, send, openForm, signedIn }) {
  let timer;

  function heading(text) {
    const title = document.createElement('h2');
    title.textContent = text;
    return title;
  }

  function button(text, run) {
    const element = document.createElement('button');
    element.type = 'button';
    element.textContent = text;
    element.addEventListener('click', run);
    return element;
  }

  function table(rows) {
    if (rows.length === 0) {
      const nothing = document.createElement('p');
      nothing.className = 'quiet';
      nothing.textContent = words['panel.empty'];
      return nothing;
    }
    const element = document.createElement('table');
    for (const row of rows) {
      const line = element.insertRow();
      for (const cell of row) {
        line.insertCell().textContent = cell;
      }
    }
    return element;
  }

  function askToken(fault) {
    const form = document.createElement('form');
    const label = document.createElement('label');
    const caption = document.createElement('span');
    caption.textContent = words['panel.token'];
    const input = document.createElement('input');
    input.type = 'password';
    input.autocomplete = 'current-password';
    input.required = true;
    label.append(caption, input);
    const submit = document.createElement('button');
    submit.className = 'primary';
    submit.textContent = words['panel.enter'];
    const message = document.createElement('p');
    message.setAttribute('role', 'alert');
    message.textContent = fault;
    form.append(
      heading(words.panel),
      label,
      submit,
      button(words.close, () => dialog.close()),
      message,
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

  async function show() {
    const overview = await getJson('/api/admin');
    const top = document.createElement('div');
    top.className = 'row';
    const run = (name) => () => {
      dialog.close();
      const spec = commands.find((entry) => entry.name === name);
      if (spec.options.length === 0) {
        send({ kind: 'command', name, options: {} });
      } else {
        openForm(spec);
      }
    };
    const leave = button(words['panel.leave'], async () => {
      await closeOperator();
      signedIn(false);
      dialog.close();
    });
    const doors = DOORS.map((name) => button(name === 'settings' ? words['panel.settings'] : `/${name}`, run(name)));
    top.append(
      ...doors,
      leave,
      button(words.close, () => dialog.close()),
    );
    const sections = SECTIONS.map((name) => {
      const section = document.createElement('section');
      section.append(heading(words[`panel.${name}`]), table(overview[name] ?? []));
      return section;
    });
    const focused = [...dialog.querySelectorAll('button')].indexOf(document.activeElement);
    dialog.replaceChildren(top, ...sections);
    dialog.querySelectorAll('button')[Math.max(focused, 0)]?.focus();
  }

  async function showLive() {
    await show();
    clearInterval(timer);
    timer = setInterval(() => void show().catch(() => undefined), REFRESH_MS);
  }

  dialog.addEventListener('close', () => clearInterval(timer));

  return {
    async open(isOperator) {
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
