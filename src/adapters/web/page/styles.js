/** The styles as pictures to press: the first pressed is the style, a second one mixes in, and the slider is their shares. */
import { byId, kept, make, roveFocus } from './dom.js';

const list = byId('styles');
const line = byId('mix-line');
const mix = byId('mix');
const mixWords = byId('mix-words');

export function createStyles({ words, styles, changed }) {
  let chosen = kept.read('styles', []);
  mix.value = String(kept.read('mix', 50));
  const rove = roveFocus(list, 'button');

  function press(name) {
    chosen = chosen.includes(name) ? chosen.filter((each) => each !== name) : [...chosen.slice(-1), name];
    kept.write('styles', chosen);
    show();
    changed();
  }

  function show() {
    for (const button of list.children) {
      button.setAttribute('aria-pressed', String(chosen.includes(button.dataset.style)));
    }
    line.hidden = chosen.length < 2;
    explain();
  }

  function explain() {
    const share = Number(mix.value);
    mixWords.textContent = words['mix.words']
      .replace('{first}', chosen[0] ?? '')
      .replace('{a}', String(100 - share))
      .replace('{second}', chosen[1] ?? '')
      .replace('{b}', String(share));
    mix.setAttribute('aria-valuetext', mixWords.textContent);
  }

  mix.addEventListener('input', () => {
    explain();
    changed();
  });
  mix.addEventListener('change', () => kept.write('mix', Number(mix.value)));

  return {
    /** Draws the list anew where it is another one. */
    take(fresh) {
      if (list.childElementCount > 0 && JSON.stringify(styles) === JSON.stringify(fresh)) {
        return;
      }
      styles.splice(0, styles.length, ...fresh);
      chosen = chosen.filter((name) => styles.some(({ value }) => value === name));
      list.replaceChildren(
        ...styles.map(({ value, label }) =>
          make(
            'button',
            { type: 'button', title: label, data: { style: value }, onclick: () => press(value) },
            make('img', {
              src: `/api/styles/${encodeURIComponent(value)}/picture`,
              alt: '',
              loading: 'lazy',
              width: 96,
              height: 96,
              onerror: (event) => event.target.classList.add('missing'),
            }),
            make('span', { dir: 'auto' }, value),
          ),
        ),
      );
      rove();
      show();
    },
    /** As /imagine takes it: `neon`, `neon:0.7+ink:0.3`, '' for the usual one. */
    text() {
      if (chosen.length < 2) {
        return chosen[0] ?? '';
      }
      const share = Number(mix.value) / 100;
      return [
        [chosen[0], 1 - share],
        [chosen[1], share],
      ]
        .filter(([, weight]) => weight > 0)
        .map(([name, weight]) => (weight === 1 ? name : `${name}:${Math.round(weight * 100) / 100}`))
        .join('+');
    },
    choose(names) {
      chosen = names;
      show();
    },
  };
}
