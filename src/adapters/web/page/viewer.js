/** The dialog that shows one picture large, over everything else; who opens it says what can be done there. */
import { button, byId, copyPicture, make } from './dom.js';

export const viewer = byId('viewer');

export function showLarge({ url, title, caption = title, buttons, focus }) {
  delete viewer.dataset.at;
  viewer.setAttribute('aria-label', title);
  viewer.replaceChildren(
    make('img', { src: url, alt: title }),
    make('p', { dir: 'auto' }, caption),
    make('div', { className: 'row' }, ...buttons),
  );
  if (!viewer.open) {
    viewer.showModal();
  }
  focus.focus();
}

/** Opens any one picture large: one of a message, which may be a grid. */
export function createViewer({ words }) {
  return ({ url, name, title }) => {
    const copying = button(words.copy, async () => {
      await copyPicture(url, 4096);
      copying.textContent = words.copied;
    });
    const close = button(words.close, () => viewer.close());
    const save = make('a', { href: url, download: name, className: 'button' }, words.save);
    showLarge({ url, title, buttons: [save, copying, close], focus: close });
  };
}
