/** Wires the page: asks the bot who it is, then connects the chat, the composer, the live picture, gallery and panel. */
import { act, getJson, listen } from './api.js';
import { createChat } from './chat.js';
import { createComposer } from './composer.js';
import { createGallery, createViewer } from './gallery.js';
import { createLive } from './live.js';
import { createPanel } from './panel.js';

const byId = (id) => document.getElementById(id);
const announcer = byId('announcer');
const announce = (text) => {
  announcer.textContent = text;
};

const hello = await getJson('/api/hello');
const { words, commands } = hello;
/** Filled anew in place when styles change: all parts hold this one list. */
const styles = [];
let isOperator = hello.isOperator;

// ── words in the reader's language ──
document.documentElement.lang = hello.locale;
for (const element of document.querySelectorAll('[data-word]')) {
  element.textContent = words[element.dataset.word];
}
for (const element of document.querySelectorAll('[data-title]')) {
  element.title = words[element.dataset.title];
  element.setAttribute('aria-label', words[element.dataset.title]);
}
for (const element of document.querySelectorAll('[data-label]')) {
  element.setAttribute('aria-label', words[element.dataset.label]);
}
byId('prompt').placeholder = words.prompt;

// ── style mixer ──
const [first, second, mix] = [byId('style-a'), byId('style-b'), byId('mix')];
function takeStyles(fresh) {
  if (styles.length > 0 && JSON.stringify(styles) === JSON.stringify(fresh)) {
    return;
  }
  styles.splice(0, styles.length, ...fresh);
  for (const select of [first, second]) {
    const chosen = select.value;
    select.replaceChildren(
      new Option(words['style.none'], ''),
      ...styles.map(({ value }) => new Option(value, value, false, value === chosen)),
    );
  }
}
takeStyles(hello.styles);

/** The mixer's presets with their shares: at the slider's left end the first alone, at its right end the second alone. */
function mixedStyles() {
  const share = mix.disabled ? 0 : Number(mix.value) / 100;
  const mixed = [
    { name: first.value, weight: 1 - share },
    { name: second.value, weight: share },
  ];
  return mixed.filter((style) => style.name !== '' && style.weight > 0);
}

// ── parts ──
const fault = (error) =>
  chat.show({
    id: 'page-fault',
    isThinking: false,
    isPrivate: true,
    lines: [[{ kind: 'plain', text: error.message }]],
    picture: null,
    files: [],
    rows: [],
  });
const view = createViewer(words);
const gallery = createGallery({ view });
const live = createLive({ words, announce });

async function send(action, files = {}) {
  try {
    chat.remove('page-fault');
    const { form } = await act(action.kind === 'imagine' ? imagineOf(action) : action, files);
    if (form) {
      askForm(form.title, form.submit, form.fields.map(fieldOf), (fields) =>
        send({ kind: 'form', id: form.id, message: action.message ?? null, fields }),
      );
    }
  } catch (error) {
    fault(error);
  }
}

/** An option's names in a prompt: its own and the short ones. */
function namesOf(option) {
  const { aliases } = commands.find((spec) => spec.name === 'imagine');
  return [option, ...Object.keys(aliases).filter((alias) => aliases[alias] === option)].join('|');
}

function imagineOf({ prompt, seed, count }) {
  const style = mixedStyles()
    .map(({ name, weight }) => (weight === 1 ? name : `${name}:${weight}`))
    .join('+');
  // What is typed goes before what stands in the fields.
  const typed = (name) => new RegExp(`(^|\\s)(--|[–—])(${namesOf(name)})(\\s|=|$)`, 'i').test(prompt);
  const fields = Object.entries({ seed, count, style }).filter(([name, value]) => value !== '' && !typed(name));
  return { kind: 'command', name: 'imagine', options: { prompt, ...Object.fromEntries(fields) } };
}

const chat = createChat({
  words,
  view,
  announce,
  press: (id, message) => send({ kind: 'button', id, message }),
  choose: (id, message, values) => send({ kind: 'select', id, message, values }),
});
const composer = createComposer({ commands, styles, send, openForm, changed: follow });
const panel = createPanel({
  words,
  commands,
  send,
  openForm,
  signedIn: (state) => {
    isOperator = state;
  },
});

function follow() {
  const { prompt, seed, count } = composer.state();
  live.follow({ prompt, seed, count, styles: mixedStyles() });
}

for (const control of [first, second, mix]) {
  control.addEventListener('input', () => {
    mix.disabled = first.value === second.value || second.value === '';
    if (control === second && second.value !== '' && mix.value === '0') {
      mix.value = '50';
    }
    follow();
  });
}
byId('open-panel').addEventListener('click', () => void panel.open(isOperator).catch(fault));

// ── forms: a command's options, or a modal of the bot's ──
function fieldOf(field) {
  return {
    name: field.id,
    caption: field.label,
    element: field.isMultiline ? 'textarea' : 'input',
    value: field.value,
    required: field.isRequired,
    maxLength: field.maxLength,
  };
}

function optionOf(option) {
  const caption = `${option.name} — ${option.description}`;
  const common = { name: option.name, caption, required: option.isRequired, value: '' };
  switch (option.kind) {
    case 'image':
      return { ...common, element: 'input', type: 'file', accept: 'image/*' };
    case 'file':
      return { ...common, element: 'input', type: 'file', accept: option.endings.join() };
    case 'integer':
    case 'number':
      return {
        ...common,
        element: 'input',
        type: 'number',
        min: option.min,
        max: option.max,
        step: option.kind === 'integer' ? 1 : 'any',
      };
    case 'choice':
      return { ...common, element: 'select', choices: option.choices };
    case 'boolean':
      return { ...common, element: 'input', type: 'checkbox' };
    default:
      return {
        ...common,
        element: option.suggests === 'style' ? 'select' : 'input',
        choices: option.suggests === 'style' ? styles.map((style) => style.value) : undefined,
        maxLength: option.maxLength,
      };
  }
}

function openForm(spec) {
  askForm(`/${spec.name}`, words.run, spec.options.map(optionOf), (fields, files) =>
    send({ kind: 'command', name: spec.name, options: fields }, files),
  );
}

function askForm(title, submitText, fields, submit) {
  const dialog = byId('form-dialog');
  const form = document.createElement('form');
  const heading = document.createElement('h2');
  heading.textContent = title;
  const inputs = fields.map((field) => {
    const input = document.createElement(field.element);
    input.name = field.name;
    for (const key of ['type', 'accept', 'min', 'max', 'step', 'maxLength']) {
      if (field[key] !== undefined) {
        input[key] = field[key];
      }
    }
    for (const choice of field.choices ? ['', ...field.choices] : []) {
      input.add(new Option(choice, choice));
    }
    if (field.element === 'textarea') {
      input.rows = 4;
    }
    if (field.type !== 'file') {
      input.value = field.value;
    }
    input.required = field.required;
    const label = document.createElement('label');
    const caption = document.createElement('span');
    caption.textContent = field.caption;
    label.append(caption, input);
    return label;
  });
  const run = document.createElement('button');
  run.className = 'primary';
  run.textContent = submitText;
  const cancel = document.createElement('button');
  cancel.type = 'button';
  cancel.textContent = words.cancel;
  cancel.addEventListener('click', () => dialog.close());
  const row = document.createElement('div');
  row.className = 'row';
  row.append(run, cancel);
  form.append(heading, ...inputs, row);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const values = {};
    const files = {};
    for (const input of form.querySelectorAll('input, textarea, select')) {
      if (input.type === 'file') {
        if (input.files.length > 0) {
          files[input.name] = input.files[0];
        }
      } else if (input.type === 'checkbox') {
        values[input.name] = input.checked;
      } else {
        values[input.name] = input.value;
      }
    }
    dialog.close();
    submit(values, files);
  });
  dialog.replaceChildren(form);
  dialog.showModal();
}

// ── begin ──
for (const message of hello.messages) {
  chat.show(message);
}
let heard = 0;
/** What was said while nobody listened: asked for when the stream opens, and again where it speaks meanwhile. */
async function catchUp() {
  for (let before = -1; before !== heard;) {
    before = heard;
    const now = await getJson('/api/hello').catch(() => undefined);
    if (now !== undefined && before === heard) {
      isOperator = now.isOperator;
      takeStyles(now.styles);
      chat.keepOnly(now.messages);
    }
  }
  await gallery.refresh();
}
listen({
  message: (message) => {
    heard += 1;
    chat.show(message);
    void gallery.refresh();
    if (message.isPrivate && !message.isThinking) {
      // Styles are changed by commands that are answered privately.
      void getJson('/api/suggest?command=imagine&option=style').then(takeStyles, () => undefined);
    }
  },
  remove: (id) => {
    heard += 1;
    chat.remove(id);
  },
  state: (isOnline) => {
    byId('offline').hidden = isOnline;
    if (isOnline) {
      void catchUp();
    }
  },
});
await gallery.refresh();
document.body.dataset.ready = 'true';
