/**
 * The picture that follows the hand. Latest wins: what is being drawn is drawn to its end, the newest state waits and is
 * next, everything between is passed over. While something moves these are drafts; once it rests, the very pictures that
 * Send gives take their place, and only they are let go of when it moves again. The next draft is asked for when the last
 * step of one is done: while that one is decoded, sent and shown, the device has work already.
 */
import { drawLive } from './api.js';
import { byId, make } from './dom.js';

const REST_MS = 250;
const canvas = byId('canvas');
const pictures = byId('live-pictures');
const hint = byId('live-hint');
const bar = byId('live-step');
const note = byId('live-note');
const draftMark = byId('live-draft');
/** This window among those of one person: what is drawn in another one goes on. */
const here = String(Math.random()).slice(2);

export function createLive({ words, announce, onShown }) {
  /** The newest state, and the one whose final pictures stand. */
  let wanted = null;
  let settled = '';
  let drafted = '';
  let isDrawing = false;
  let final = new AbortController();
  let rest;
  /** The draft begun last; what rests is drawn once that one is there. */
  let drafting = Promise.resolve();
  /** Pictures are shown in the order in which they were asked for. */
  let shown = Promise.resolve();

  async function draw(request, { isDraft, signal, stepped = () => undefined }) {
    const drawn = [];
    const notices = [];
    let images;
    for await (const event of drawLive({ ...request, isDraft, canvas: here }, signal)) {
      if (event.error) {
        note.textContent = event.error;
        note.classList.add('fault');
        return;
      }
      if (event.preparing) {
        note.textContent = event.preparing;
        note.classList.remove('fault');
      } else if (event.picture) {
        drawn.push(event);
      } else if (event.notice) {
        notices.push(event.notice);
      } else if (event.enlarged) {
        images ??= await show(request, { drawn, notices, isDraft });
        await sharpen(images[event.index], event.enlarged);
      } else {
        // A bar of one step would only blink, and cost the window a frame while the picture is made.
        if (event.steps > 1) {
          bar.max = event.steps;
          bar.value = event.step;
        }
        if (event.step === event.steps) {
          stepped();
        }
      }
    }
    if (drawn.length > 0 && images === undefined && !signal.aborted) {
      await show(request, { drawn, notices, isDraft });
    }
  }

  /** The same picture in more pixels, for the eye: what is saved, copied and started from stays in `data-drawn`. */
  async function sharpen(image, url) {
    const large = make('img', { src: url });
    await large.decode().catch(() => undefined);
    image.src = url;
    image.dataset.sharp = 'true';
  }

  function show(request, drawing) {
    const before = shown;
    const showing = place(request, drawing, before);
    shown = showing.catch(() => undefined);
    return showing;
  }

  async function place(request, { drawn, notices, isDraft }, before) {
    const images = drawn.map((event) =>
      make('img', {
        width: event.width,
        height: event.height,
        src: event.picture,
        alt: request.options.prompt,
        data: { drawn: event.picture },
      }),
    );
    await Promise.all([before, ...images.map((image) => image.decode().catch(() => undefined))]);
    pictures.className = images.length > 1 ? 'grid' : '';
    pictures.style.setProperty('--ratio', drawn[0].width / drawn[0].height);
    pictures.replaceChildren(...images);
    canvas.dataset.state = request.key;
    canvas.dataset.kind = isDraft ? 'draft' : 'final';
    draftMark.hidden = !isDraft;
    hint.hidden = true;
    bar.value = 0;
    note.classList.remove('fault');
    const seconds = (drawn.at(-1).ms / 1000).toLocaleString(document.documentElement.lang, {
      minimumFractionDigits: 1,
      maximumFractionDigits: 2,
    });
    note.textContent = [`${words.seed} ${request.seed}`, `${seconds} s`, ...notices].join(' · ');
    onShown(isDraft ? [] : images);
    if (!isDraft) {
      announce([words['live.drawn'].replace('{prompt}', request.options.prompt), ...notices].join(' '));
    }
    return images;
  }

  async function pump() {
    clearTimeout(rest);
    if (isDrawing || wanted === null) {
      return;
    }
    if (wanted.key === drafted) {
      rest = setTimeout(() => void drafting.then(finish), REST_MS);
      return;
    }
    const request = wanted;
    isDrawing = true;
    drafted = request.key;
    settled = ''; // a draft stands in its place
    let isNext = false;
    const next = () => {
      if (!isNext) {
        isNext = true;
        isDrawing = false;
        void pump();
      }
    };
    drafting = draw(request, { isDraft: true, signal: new AbortController().signal, stepped: next }).catch((error) => {
      note.textContent = error.message;
    });
    await drafting;
    next();
  }

  async function finish() {
    const request = wanted;
    if (isDrawing || request === null || request.key === settled) {
      return;
    }
    isDrawing = true;
    final = new AbortController();
    const { signal } = final;
    try {
      await draw(request, { isDraft: false, signal });
      if (!signal.aborted) {
        settled = request.key;
      }
    } catch (error) {
      if (!signal.aborted) {
        settled = request.key; // said once, not for ever
        note.textContent = error.message;
      }
    }
    isDrawing = false;
    if (wanted?.key !== request.key) {
      void pump();
    }
  }

  return {
    /** Call on every change: `{ options, image, seed, key }`; `key` names the state. Draws only what is another one. */
    follow(request) {
      if (request.key === wanted?.key) {
        return;
      }
      const isNothing = request.options.prompt.trim() === '' || request.options.prompt.startsWith('/');
      wanted = isNothing ? null : request;
      final.abort();
      void pump();
    },
    words: () => note.textContent,
  };
}
