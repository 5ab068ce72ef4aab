/**
 * The picture that follows the typing: after a pause of 150 ms the newest words are drawn, and whatever was being drawn
 * is let go. The seed stays, so the picture changes only as the words do.
 */
import { drawLive } from './api.js';

const PAUSE_MS = 150;
const pictures = document.getElementById('live-pictures');
const hint = document.getElementById('live-hint');
const bar = document.getElementById('live-step');
const note = document.getElementById('live-note');
const save = document.getElementById('live-save');

export function createLive({ words, announce }) {
  let pause;
  let running = new AbortController();
  let last = '';

  async function draw(request) {
    running.abort();
    running = new AbortController();
    const { signal } = running;
    const drawn = [];
    try {
      for await (const event of drawLive(request, signal)) {
        if (event.error) {
          note.textContent = event.error;
        } else if (event.picture) {
          drawn.push(event);
        } else {
          bar.max = event.steps;
          bar.value = event.step;
        }
      }
    } catch (error) {
      if (!signal.aborted) {
        note.textContent = error.message;
      }
    }
    if (!signal.aborted && drawn.length > 0) {
      show(request, drawn);
    }
  }

  function show(request, drawn) {
    pictures.style.setProperty('--rows', drawn.length > 1 ? 2 : 1);
    pictures.replaceChildren(
      ...drawn.map((event) => {
        const image = new Image(event.width, event.height);
        image.src = event.picture;
        image.alt = request.prompt;
        return image;
      }),
    );
    bar.value = 0;
    hint.hidden = true;
    save.hidden = drawn.length > 1;
    const seconds = (drawn.at(-1).ms / 1000).toLocaleString(document.documentElement.lang, {
      minimumFractionDigits: 1,
      maximumFractionDigits: 1,
    });
    note.textContent = `${words.seed} ${request.seed} · ${seconds} s`;
    announce(words['live.drawn'].replace('{prompt}', request.prompt));
  }

  save.addEventListener('click', () => {
    const link = document.createElement('a');
    link.href = pictures.querySelector('img').src;
    link.download = 'fourstep.png';
    link.click();
  });

  return {
    /** Call on every change; draws only when something that matters to the picture changed. */
    follow(request) {
      const key = JSON.stringify(request);
      if (key === last) {
        return;
      }
      last = key;
      clearTimeout(pause);
      running.abort();
      if (request.prompt.trim() === '' || request.prompt.startsWith('/')) {
        return;
      }
      pause = setTimeout(() => void draw(request), PAUSE_MS);
    },
  };
}
