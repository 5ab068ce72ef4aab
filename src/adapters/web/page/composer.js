/**
 * The line where one writes: prompt, seed, count, a picture to start from, and the palette of commands that `/` opens.
 * Sends what is written; knows nothing of how it is answered.
 */
import { getJson } from './api.js';

const form = document.getElementById('composer');
const prompt = document.getElementById('prompt');
const seed = document.getElementById('seed');
const palette = document.getElementById('palette');
const startImage = document.getElementById('start-image');

const randomSeed = () => Math.floor(Math.random() * 1_000_000);

export function createComposer({ commands, styles, changed, send, openForm }) {
  let image = null;
  let choices = [];
  let chosen = 0;

  seed.value = String(randomSeed());

  const count = () => Number(form.elements.count.value);
  const state = () => ({ prompt: prompt.value, seed: Number(seed.value) || 0, count: count(), image });

  // ── palette ──
  function offer(items) {
    choices = items;
    chosen = 0;
    palette.hidden = items.length === 0;
    prompt.setAttribute('aria-expanded', String(items.length > 0));
    palette.replaceChildren(
      ...items.map((item, index) => {
        const entry = document.createElement('li');
        entry.id = `choice-${index}`;
        entry.setAttribute('role', 'option');
        const name = document.createElement('strong');
        name.textContent = item.label;
        const help = document.createElement('span');
        help.className = 'quiet';
        help.textContent = item.help;
        entry.append(name, help);
        entry.addEventListener('mousedown', (event) => {
          event.preventDefault();
          pick(index);
        });
        return entry;
      }),
    );
    mark();
  }

  function mark() {
    [...palette.children].forEach((entry, index) => entry.setAttribute('aria-selected', String(index === chosen)));
    palette.children[chosen]?.scrollIntoView({ block: 'nearest' });
    if (choices.length > 0) {
      prompt.setAttribute('aria-activedescendant', `choice-${chosen}`);
    } else {
      prompt.removeAttribute('aria-activedescendant');
    }
  }

  function pick(index) {
    const choice = choices[index];
    offer([]);
    choice?.pick();
  }

  async function updatePalette() {
    const text = prompt.value;
    const command = /^\/([a-z ]*)$/.exec(text);
    if (command) {
      const partial = command[1].trim();
      const found = commands.filter((spec) => spec.name.includes(partial));
      offer(
        found.map((spec) => ({
          label: `/${spec.name}`,
          help: spec.description,
          pick: () => {
            if (spec.name === 'imagine') {
              replace('');
            } else if (spec.options.length === 0) {
              replace('');
              send({ kind: 'command', name: spec.name, options: {} });
            } else {
              replace('');
              openForm(spec);
            }
          },
        })),
      );
      return;
    }
    const option = /(^|\s)--([a-z]*)$/.exec(text);
    if (option) {
      const imagine = commands.find((spec) => spec.name === 'imagine');
      const found = imagine.options.filter(
        (spec) => spec.name.startsWith(option[2]) && !['prompt', 'image'].includes(spec.name),
      );
      offer(
        found.map((spec) => ({
          label: `--${spec.name}`,
          help: spec.description,
          pick: () => replace(`${text.slice(0, text.length - option[2].length)}${spec.name} `),
        })),
      );
      return;
    }
    const style = /(^|\s)--style (\S*)$/.exec(text);
    if (style) {
      const found =
        style[2] === ''
          ? styles
          : await getJson(`/api/suggest?command=imagine&option=style&partial=${encodeURIComponent(style[2])}`);
      offer(
        found.map((entry) => ({
          label: entry.value,
          help: entry.label,
          pick: () => replace(`${text.slice(0, text.length - style[2].length)}${entry.value} `),
        })),
      );
      return;
    }
    offer([]);
  }

  function replace(text) {
    prompt.value = text;
    prompt.dispatchEvent(new Event('input'));
    prompt.focus();
  }

  // ── picture to start from ──
  function setImage(file) {
    image = file;
    startImage.hidden = file === null;
    if (file !== null) {
      startImage.querySelector('img').src = URL.createObjectURL(file);
    }
  }
  startImage.querySelector('button').addEventListener('click', () => setImage(null));
  document.addEventListener('dragover', (event) => {
    event.preventDefault();
    form.classList.add('dropping');
  });
  document.addEventListener('dragleave', () => form.classList.remove('dropping'));
  document.addEventListener('drop', (event) => {
    event.preventDefault();
    form.classList.remove('dropping');
    const file = [...event.dataTransfer.files].find((entry) => entry.type.startsWith('image/'));
    if (file) {
      setImage(file);
    }
  });
  prompt.addEventListener('paste', (event) => {
    const file = [...event.clipboardData.files].find((entry) => entry.type.startsWith('image/'));
    if (file) {
      setImage(file);
    }
  });

  // ── keys ──
  prompt.addEventListener('keydown', (event) => {
    if (!palette.hidden && ['ArrowDown', 'ArrowUp'].includes(event.key)) {
      event.preventDefault();
      chosen = (chosen + (event.key === 'ArrowDown' ? 1 : choices.length - 1)) % choices.length;
      mark();
    } else if (!palette.hidden && (event.key === 'Enter' || event.key === 'Tab')) {
      event.preventDefault();
      pick(chosen);
    } else if (event.key === 'Escape') {
      offer([]);
    } else if (event.key === 'Enter' && !event.shiftKey) {
      event.preventDefault();
      form.requestSubmit();
    }
  });
  prompt.addEventListener('input', () => {
    prompt.style.height = 'auto';
    prompt.style.height = `${prompt.scrollHeight}px`;
    changed(state());
    void updatePalette();
  });
  prompt.addEventListener('blur', () => offer([]));
  seed.addEventListener('input', () => changed(state()));
  form.addEventListener('change', () => changed(state()));
  document.getElementById('dice').addEventListener('click', () => {
    seed.value = String(randomSeed());
    changed(state());
  });

  form.addEventListener('submit', (event) => {
    event.preventDefault();
    offer([]);
    const text = prompt.value.trim();
    if (text.startsWith('/')) {
      send({ kind: 'text', text });
      replace('');
    } else if (text !== '') {
      const { seed: number, count: many } = state();
      send({ kind: 'imagine', prompt: text, seed: number, count: many }, image === null ? {} : { image });
      setImage(null);
    }
  });

  return { state };
}
