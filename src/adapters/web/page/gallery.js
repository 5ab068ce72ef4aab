/** The gallery of finished pictures, and the viewer that opens any picture large, saves it and copies it. */
import { getJson } from './api.js';

const list = document.getElementById('gallery');
const empty = document.getElementById('gallery-empty');
const viewer = document.getElementById('viewer');

export function createViewer(words) {
  return ({ url, name, title }) => {
    const image = document.createElement('img');
    image.src = url;
    image.alt = title;
    const caption = document.createElement('p');
    caption.textContent = title;
    const save = document.createElement('a');
    save.href = url;
    save.download = name;
    save.textContent = words.save;
    const copy = document.createElement('button');
    copy.type = 'button';
    copy.textContent = words.copy;
    copy.addEventListener('click', async () => {
      const blob = await (await fetch(url)).blob();
      await navigator.clipboard.write([new ClipboardItem({ [blob.type]: blob })]);
      copy.textContent = words.copied;
    });
    const close = document.createElement('button');
    close.type = 'button';
    close.textContent = words.close;
    close.addEventListener('click', () => viewer.close());
    const row = document.createElement('div');
    row.className = 'row';
    row.append(save, copy, close);
    viewer.replaceChildren(image, caption, row);
    viewer.showModal();
    close.focus();
  };
}

export function createGallery({ view }) {
  let shown = '';
  return {
    async refresh() {
      // A bot that is away is said by the chat's stream; the gallery just stays as it is.
      const items = await getJson('/api/gallery').catch(() => undefined);
      if (items === undefined) {
        return;
      }
      const key = items.map((item) => `${item.job}/${item.index}`).join();
      if (key === shown) {
        return;
      }
      shown = key;
      empty.hidden = items.length > 0;
      list.replaceChildren(
        ...items.map((item) => {
          const url = `/gallery/${item.job}/${item.index}`;
          const image = document.createElement('img');
          image.src = url;
          image.alt = `${item.prompt} (${item.seed})`;
          image.loading = 'lazy';
          const button = document.createElement('button');
          button.type = 'button';
          button.append(image);
          button.addEventListener('click', () =>
            view({ url, name: `${item.job}-${item.index}.png`, title: `${item.prompt} · ${item.seed}` }),
          );
          const entry = document.createElement('li');
          entry.append(button);
          return entry;
        }),
      );
    },
  };
}
