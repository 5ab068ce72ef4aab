/** How the page is for its reader: the words in their language wherever the markup names one, light or dark as they chose. */
import { byId, kept } from './dom.js';

export function translate({ words, locale, model }) {
  document.documentElement.lang = locale;
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
  byId('gallery-search').placeholder = words.search;
  byId('start-image').dataset.fault = words['image.unreadable'];
  byId('model-line').textContent = model;
}

export function wearTheme() {
  const themes = ['', 'light', 'dark'];
  const wear = (theme) => {
    document.documentElement.dataset.theme = theme;
  };
  wear(kept.read('theme', ''));
  byId('theme').addEventListener('click', () => {
    const next = themes[(themes.indexOf(kept.read('theme', '')) + 1) % themes.length];
    kept.write('theme', next);
    wear(next);
  });
}
