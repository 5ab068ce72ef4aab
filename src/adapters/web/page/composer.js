/**
 * The line where one writes: the words, a picture to start from, what was sent before. Sends what is written; knows nothing
 * of how it is answered.
 */
import { asPng, byId, kept } from './dom.js';
import { isSeveral, picturesIn } from './dropped.js';
import { createPalette } from './palette.js';

const form = byId('composer');
const prompt = byId('prompt');
const startImage = byId('start-image');

export function createComposer({ commands, styles, changed, send, sendImagine, openForm, takeSeveral, fault }) {
  let image = null;
  let imageKey = '';
  const sent = kept.read('sent', []);
  /** Where one is in what was sent, and what stood before one went there. */
  let back = 0;
  let written = '';

  prompt.maxLength = commands
    .find((spec) => spec.name === 'imagine')
    .options.find((option) => option.name === 'prompt').maxLength;
  prompt.value = kept.read('prompt', '');

  const palette = createPalette({ prompt, commands, styles, replace, pickCommand });

  function pickCommand(spec) {
    replace('');
    if (spec.name === 'imagine') {
      return;
    }
    if (spec.options.length === 0) {
      send({ kind: 'command', name: spec.name, options: {} });
    } else {
      openForm(spec);
    }
  }

  function replace(text) {
    prompt.value = text;
    prompt.dispatchEvent(new Event('input'));
    prompt.focus();
  }

  // ── picture to start from ──
  /** `key` names its state: another one is another picture. */
  function setImage(blob, key) {
    if (image !== null) {
      URL.revokeObjectURL(startImage.querySelector('img').src);
    }
    image = blob;
    imageKey = blob === null ? '' : key;
    startImage.hidden = blob === null;
    if (blob !== null) {
      startImage.querySelector('img').src = URL.createObjectURL(blob);
    }
    changed();
  }

  async function takeFile(file) {
    try {
      setImage(await asPng(file), `file ${file.name} ${file.size} ${file.lastModified ?? ''}`);
    } catch {
      fault(new Error(startImage.dataset.fault));
    }
  }
  const pictureIn = (files) => [...files].find((entry) => entry.type.startsWith('image/'));

  /** A button and the field that it stands for. */
  const opens = (button, field) => {
    button.addEventListener('click', () => field.click());
    field.addEventListener('change', () => {
      const file = pictureIn(field.files);
      if (file) {
        void takeFile(file);
      }
      field.value = '';
    });
  };
  opens(byId('attach'), byId('attach-file'));
  opens(byId('camera'), byId('camera-file'));
  document.addEventListener('dragover', (event) => {
    event.preventDefault();
    form.classList.add('dropping');
  });
  document.addEventListener('dragleave', () => form.classList.remove('dropping'));
  document.addEventListener('drop', (event) => {
    event.preventDefault();
    form.classList.remove('dropping');
    if (isSeveral(event.dataTransfer)) {
      void picturesIn(event.dataTransfer).then(takeSeveral);
      return;
    }
    const file = pictureIn(event.dataTransfer.files);
    if (file) {
      void takeFile(file);
    }
  });
  document.addEventListener('paste', (event) => {
    const file = pictureIn(event.clipboardData.files);
    if (file) {
      void takeFile(file);
    }
  });

  // ── what was sent before ──
  function recall(step) {
    const to = back + step;
    if (to < 0 || to > sent.length) {
      return false;
    }
    if (back === 0) {
      written = prompt.value;
    }
    back = to;
    prompt.value = back === 0 ? written : sent[sent.length - back];
    prompt.dispatchEvent(new CustomEvent('input', { detail: 'recalled' }));
    return true;
  }

  function remember(text) {
    if (sent.at(-1) !== text) {
      sent.push(text);
      sent.splice(0, sent.length - 100);
      kept.write('sent', sent);
    }
    back = 0;
  }

  // ── keys ──
  prompt.addEventListener('keydown', (event) => {
    const isAtEdge =
      event.key === 'ArrowUp'
        ? !prompt.value.slice(0, prompt.selectionStart).includes('\n') && (back > 0 || prompt.value === '')
        : event.key === 'ArrowDown' && back > 0;
    if (palette.press(event.key)) {
      event.preventDefault();
    } else if (event.key === 'Escape') {
      palette.close();
    } else if (isAtEdge && recall(event.key === 'ArrowUp' ? 1 : -1)) {
      event.preventDefault();
    } else if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      form.requestSubmit();
    }
  });
  prompt.addEventListener('input', (event) => {
    if (event.detail !== 'recalled') {
      back = 0;
      void palette.update();
    }
    grow();
    kept.write('prompt', prompt.value);
    changed();
  });
  prompt.addEventListener('blur', palette.close);

  function grow() {
    prompt.style.height = 'auto';
    prompt.style.height = `${prompt.scrollHeight}px`;
  }

  form.addEventListener('submit', (event) => {
    event.preventDefault();
    palette.close();
    const text = prompt.value.trim();
    if (text === '') {
      return;
    }
    remember(text);
    if (text.startsWith('/')) {
      send({ kind: 'text', text });
      replace('');
    } else {
      sendImagine();
    }
  });
  grow();
  // The picture gives way to what grows here: nothing is covered.
  new ResizeObserver(() => document.body.style.setProperty('--composer', `${form.offsetHeight}px`)).observe(form);

  return { replace, setImage, takeFile, image: () => image, imageKey: () => imageKey };
}
