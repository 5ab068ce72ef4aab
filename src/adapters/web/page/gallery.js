/** The finished pictures as a grid, a card each with what can be done to it, searched and marked; the viewer opens one large. */
import { getJson } from './api.js';
import { button, byId, copyPicture, kept, make, roveFocus } from './dom.js';
import { showLarge, viewer } from './viewer.js';

const list = byId('gallery');
const empty = byId('gallery-empty');
const search = byId('gallery-search');
const onlyFavourites = byId('gallery-favourites');
const UNDO_MS = 6000;

const urlOf = ({ job, index }) => `/gallery/${job}/${index}`;
const keyOf = ({ job, index }) => `${job}/${index}`;
const nameOf = ({ job, index }) => `${job}-${index}.png`;

export function createGallery({ words, press, use, remix, showMessage, note }) {
  let items = [];
  let shown = '';
  const favourites = new Set(kept.read('favourites', []));
  const going = new Map();
  const rove = roveFocus(list, '.card > button');

  const visible = () => {
    const wanted = search.value.trim().toLowerCase();
    return items.filter(
      (item) =>
        !going.has(keyOf(item)) &&
        (wanted === '' || `${item.prompt} ${item.seed} ${item.style}`.toLowerCase().includes(wanted)) &&
        (onlyFavourites.getAttribute('aria-pressed') !== 'true' || favourites.has(keyOf(item))),
    );
  };

  function mark(item) {
    const key = keyOf(item);
    if (!favourites.delete(key)) {
      favourites.add(key);
    }
    kept.write('favourites', [...favourites]);
    draw();
  }

  /** Gone at once to the eye, and from the disk when nobody took it back. */
  function drop(item) {
    const key = keyOf(item);
    const gone = () => {
      if (going.delete(key)) {
        removeEventListener('pagehide', gone);
        clearTimeout(timer);
        items = items.filter((each) => each.job !== item.job);
        press(item.actions.delete, item.message);
        note(undefined);
        draw();
      }
    };
    const timer = setTimeout(gone, UNDO_MS);
    going.set(key, timer);
    addEventListener('pagehide', gone);
    note(words['gallery.deleted'].replace('{prompt}', item.prompt), {
      [words.undo]: () => {
        clearTimeout(timer);
        removeEventListener('pagehide', gone);
        going.delete(key);
        note(undefined);
        draw();
      },
    });
    draw();
  }

  function actionsOf(item, close = () => undefined) {
    const act = (label, run, more) =>
      button(
        label,
        () => {
          close();
          run();
        },
        more,
      );
    const copying = button(words.copy, async () => {
      await copyPicture(urlOf(item));
      copying.textContent = words.copied;
    });
    return [
      act(words.use, () => use(urlOf(item), nameOf(item))),
      act(words.vary, () => press(item.actions.vary, item.message)),
      act(words.upscale, () => press(item.actions.upscale, item.message)),
      act(words.remix, () => remix(item)),
      copying,
      make('a', { href: urlOf(item), download: nameOf(item), className: 'button' }, words.save),
      act(words.message, () => showMessage(item.message)),
      act(words.delete, () => drop(item), { className: 'danger' }),
    ];
  }

  function open(at) {
    const all = visible();
    const item = all[at];
    if (item === undefined) {
      return;
    }
    const step = (by) => open((at + by + all.length) % all.length);
    const star = button(favourites.has(keyOf(item)) ? '★' : '☆', () => {
      mark(item);
      open(at);
    });
    star.setAttribute('aria-label', words.favourite);
    star.setAttribute('aria-pressed', String(favourites.has(keyOf(item))));
    const caption = [item.prompt, `${words.seed} ${item.seed}`, item.style].filter((part) => part !== '').join(' · ');
    const back = button('‹', () => step(-1), { aria: { label: words.previous } });
    showLarge({
      url: urlOf(item),
      title: item.prompt,
      caption,
      buttons: [
        back,
        button('›', () => step(1), { aria: { label: words.next } }),
        star,
        ...actionsOf(item, () => viewer.close()),
        button(words.close, () => viewer.close()),
      ],
      focus: back,
    });
    viewer.dataset.at = String(at);
  }

  function draw() {
    const all = visible();
    const focused = document.activeElement?.closest('#gallery li')?.dataset.key;
    empty.hidden = all.length > 0;
    list.replaceChildren(
      ...all.map((item, at) => {
        const isFavourite = favourites.has(keyOf(item));
        return make(
          'li',
          { className: 'card', data: { key: keyOf(item) } },
          make(
            'button',
            { type: 'button', onclick: () => open(at) },
            make('img', {
              src: urlOf(item),
              alt: `${item.prompt} (${item.seed})`,
              loading: 'lazy',
              width: 128,
              height: 128,
            }),
          ),
          make(
            'div',
            { className: 'acts' },
            button(isFavourite ? '★' : '☆', () => mark(item), {
              tabIndex: -1,
              aria: { label: words.favourite, pressed: String(isFavourite) },
            }),
            button('⟲', () => use(urlOf(item), nameOf(item)), {
              tabIndex: -1,
              title: words.use,
              aria: { label: words.use },
            }),
            button('✕', () => drop(item), { tabIndex: -1, title: words.delete, aria: { label: words.delete } }),
          ),
        );
      }),
    );
    rove();
    if (focused) {
      list.querySelector(`[data-key="${CSS.escape(focused)}"] > button`)?.focus();
    }
  }

  viewer.addEventListener('keydown', (event) => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const { at } = viewer.dataset;
    const count = visible().length;
    if (by && at !== undefined && count > 0) {
      event.preventDefault();
      open((Number(at) + by + count) % count);
    }
  });
  search.addEventListener('input', draw);
  onlyFavourites.addEventListener('click', () => {
    const isOn = onlyFavourites.getAttribute('aria-pressed') === 'true';
    onlyFavourites.setAttribute('aria-pressed', String(!isOn));
    draw();
  });
  byId('gallery-all').addEventListener('click', () => {
    for (const item of visible()) {
      make('a', { href: urlOf(item), download: nameOf(item) }).click();
    }
  });

  return {
    async refresh() {
      // A bot that is away is said by the chat's stream; the gallery just stays as it is.
      const fresh = await getJson('/api/gallery').catch(() => undefined);
      const key = JSON.stringify(fresh);
      if (fresh !== undefined && key !== shown) {
        shown = key;
        items = fresh;
        draw();
      }
    },
  };
}
