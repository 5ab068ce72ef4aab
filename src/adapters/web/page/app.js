/** Wires the page: asks the bot who it is, then connects composer, recipe, live picture, pad, gallery, messages and panel. */
import { getJson, listen, remove } from './api.js';
import { createChat } from './chat.js';
import { createComposer } from './composer.js';
import { button, byId, copyPicture, make } from './dom.js';
import { createHeap } from './dropped.js';
import { createForms } from './forms.js';
import { createGallery } from './gallery.js';
import { createLive } from './live.js';
import { createName } from './name.js';
import { createOutbox } from './outbox.js';
import { createPanel } from './panel.js';
import { translate, wearTheme } from './reader.js';
import { createRecipe } from './recipe.js';
import { createSketch } from './sketch.js';
import { createStyles } from './styles.js';
import { createViewer } from './viewer.js';

const announcer = byId('announcer');
const announce = (text) => {
  announcer.textContent = text;
};

const hello = await getJson('/api/hello');
const { words, commands } = hello;
/** Filled anew in place when styles change: all parts hold this one list. */
const styles = [];
let isOperator = hello.isOperator;

translate(hello);
wearTheme();
for (const text of words.examples.split('|')) {
  const example = button(text, () => composer.replace(text));
  byId('examples').append(make('li', {}, example));
}

// ── notes of the page itself ──
const say = (id, text, choices = {}) => {
  chat.remove(id);
  if (text !== undefined) {
    chat.show({
      id,
      isThinking: false,
      isPrivate: true,
      lines: [[{ kind: 'plain', text }]],
      picture: null,
      files: [],
      rows: [],
    });
    const item = document.querySelector(`[data-id="${id}"]`);
    item.querySelector('small')?.remove();
    item.querySelector('.foot').prepend(...Object.entries(choices).map(([label, run]) => button(label, run)));
  }
};
const fault = (error) => say('page-fault', error.message);

// ── parts ──
const follow = () => {
  const options = recipe.options({ styles: styleBoard.text(), hasImage: composer.image() !== null });
  live.follow({
    options,
    image: composer.image(),
    seed: recipe.seed(),
    key: JSON.stringify([options, composer.imageKey()]),
  });
};
const forms = createForms({ words, styles });
const askName = createName({ words, hello, forms });
const view = createViewer({ words });
const heap = createHeap({
  mayTrain: () => isOperator,
  begin: () => openForm(commands.find(({ name }) => name === 'style train')),
  takeOne: (file) => void composer.takeFile(file),
});
const outbox = createOutbox({
  fault,
  waiting: (count) => say('page-outbox', count === 0 ? undefined : words.waiting.replace('{count}', String(count))),
  answered: (action, { form }) => {
    if (form) {
      heap.fill((pictures) =>
        forms.askForm(
          form,
          (fields, files) => send({ kind: 'form', id: form.id, message: action.message ?? null, fields }, files),
          pictures,
        ),
      );
    }
  },
});
const send = (action, files) => {
  chat.remove('page-fault');
  void outbox.send(action, files);
};
const press = (id, message) => send({ kind: 'button', id, message });
const openForm = (spec, title) =>
  forms.askCommand(spec, title ?? `/${spec.name}`, (fields, files) =>
    send({ kind: 'command', name: spec.name, options: fields }, files),
  );
const panel = createPanel({
  words,
  commands,
  send,
  openForm,
  signedIn: (state) => {
    isOperator = state;
  },
});
const chat = createChat({
  words,
  view,
  announce,
  press,
  place: panel.place,
  choose: (id, message, values) => send({ kind: 'select', id, message, values }),
  dismiss: (id) => {
    chat.remove(id);
    if (!id.startsWith('page-')) {
      void remove(`/api/messages/${id}`).catch(fault);
    }
  },
});
const recipe = createRecipe({ commands, changed: () => follow() });
/** The fields show what is typed. */
const typed = () => {
  recipe.show();
  follow();
};
const styleBoard = createStyles({ words, styles, changed: () => follow() });
const composer = createComposer({
  commands,
  styles,
  send,
  openForm,
  fault,
  changed: typed,
  sendImagine,
  takeSeveral: (pictures) => heap.take(pictures),
});
const sketch = createSketch({ words, changed: (blob, key) => composer.setImage(blob, key) });
const pictures = byId('live-pictures');
const live = createLive({
  words,
  announce,
  onShown: (images) => {
    for (const id of ['live-save', 'live-copy', 'live-start']) {
      byId(id).hidden = images.length !== 1;
    }
  },
});
const gallery = createGallery({
  words,
  press,
  note: (text, choices) => say('page-undo', text, choices),
  use: async (url, name) => composer.takeFile(new File([await (await fetch(url)).blob()], name, { type: 'image/png' })),
  remix: (item) => {
    composer.replace(item.prompt);
    recipe.set('seed', String(item.seed));
    styleBoard.choose(styles.some(({ value }) => value === item.style) ? [item.style] : []);
    follow();
  },
  showMessage: (id) => {
    if (!chat.reveal(id)) {
      say('page-fault', words['message.gone']);
    }
  },
});

function sendImagine() {
  const image = composer.image();
  const options = recipe.options({ styles: styleBoard.text(), hasImage: image !== null });
  send({ kind: 'command', name: 'imagine', options }, image === null ? {} : { image });
  recipe.advance();
  if (hello.mayAskName) {
    hello.mayAskName = false;
    say('page-name', words['name.first'].replace('{name}', hello.name), { [words.name]: askName });
  }
}

byId('image-remove').addEventListener('click', () => {
  sketch.close();
  composer.setImage(null, '');
});
byId('live-save').addEventListener('click', () => {
  make('a', { href: pictures.querySelector('img').dataset.drawn, download: 'fourstep.png' }).click();
});
byId('live-copy').addEventListener('click', async ({ target }) => {
  await copyPicture(pictures.querySelector('img').dataset.drawn);
  target.textContent = words.copied;
  setTimeout(() => (target.textContent = words.copy), 1500);
});
byId('live-start').addEventListener('click', async () => {
  const blob = await (await fetch(pictures.querySelector('img').dataset.drawn)).blob();
  await composer.takeFile(new File([blob], `live-${Date.now()}.png`, { type: 'image/png' }));
});
byId('open-panel').addEventListener('click', () => void panel.open(isOperator).catch(fault));

// ── begin ──
styleBoard.take(hello.styles);
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
      styleBoard.take(now.styles);
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
      void getJson('/api/suggest?command=imagine&option=style').then(
        (fresh) => styleBoard.take(fresh),
        () => undefined,
      );
    }
  },
  remove: (id) => {
    heard += 1;
    chat.remove(id);
    void gallery.refresh();
  },
  state: (isOnline) => {
    byId('offline').hidden = isOnline;
    if (isOnline) {
      void outbox.flush().then(catchUp);
    }
  },
});
await gallery.refresh();
typed(); // what was kept over a reload
document.body.dataset.ready = 'true';
