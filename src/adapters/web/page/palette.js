/** The palette over the line where one writes: what `/`, `--` and `--style` can become there, chosen by keys or by hand. */
import { getJson } from './api.js';
import { byId, make } from './dom.js';

const list = byId('palette');

export function createPalette({ prompt, commands, styles, replace, pickCommand }) {
  let choices = [];
  let chosen = 0;

  function offer(items) {
    choices = items;
    chosen = 0;
    list.hidden = items.length === 0;
    list.replaceChildren(
      ...items.map((item, index) =>
        make(
          'li',
          {
            id: `choice-${index}`,
            aria: { role: 'option' },
            onmousedown: (event) => {
              event.preventDefault();
              pick(index);
            },
          },
          make('strong', {}, item.label),
          make('span', { className: 'quiet' }, item.help),
        ),
      ),
    );
    mark();
  }

  function mark() {
    [...list.children].forEach((entry, index) => entry.setAttribute('aria-selected', String(index === chosen)));
    list.children[chosen]?.scrollIntoView({ block: 'nearest' });
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

  /** What the words become when `name` stands in the place of the `partial` they end with. */
  const completed = (partial, name) => {
    const before = prompt.value.slice(0, prompt.value.length - partial.length);
    return () => replace(`${before}${name} `);
  };

  const commandsLike = (partial) =>
    commands
      .filter((spec) => spec.name.includes(partial))
      .map((spec) => ({ label: `/${spec.name}`, help: spec.description, pick: () => pickCommand(spec) }));

  const optionsLike = (partial) =>
    commands
      .find((spec) => spec.name === 'imagine')
      .options.filter((spec) => spec.name.startsWith(partial) && !['prompt', 'image', 'mask'].includes(spec.name))
      .map((spec) => ({ label: `--${spec.name}`, help: spec.description, pick: completed(partial, spec.name) }));

  async function stylesLike(partial) {
    const ask = `/api/suggest?command=imagine&option=style&partial=${encodeURIComponent(partial)}`;
    const found = partial === '' ? styles : await getJson(ask).catch(() => []);
    return found.map(({ value, label }) => ({ label: value, help: label, pick: completed(partial, value) }));
  }

  async function update() {
    const text = prompt.value;
    const command = /^\/([a-z ]*)$/.exec(text);
    const option = /(?:^|\s)--([a-z]*)$/.exec(text);
    const style = /(?:^|\s)--style (\S*)$/.exec(text);
    if (command) {
      offer(commandsLike(command[1].trim()));
    } else if (option) {
      offer(optionsLike(option[1]));
    } else {
      offer(style ? await stylesLike(style[1]) : []);
    }
  }

  return {
    update,
    close: () => offer([]),
    /** Whether the key was the palette's. */
    press(key) {
      const step = { ArrowDown: 1, ArrowUp: choices.length - 1 }[key];
      if (list.hidden || (step === undefined && !['Enter', 'Tab'].includes(key))) {
        return false;
      }
      if (step === undefined) {
        pick(chosen);
      } else {
        chosen = (chosen + step) % choices.length;
        mark();
      }
      return true;
    },
  };
}
