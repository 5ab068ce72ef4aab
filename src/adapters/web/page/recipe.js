/**
 * What is drawn besides the words: the fields under the prompt, kept in step with the flags typed in it. A flag goes
 * before its field: the field shows it, and changing the field changes the flag where it stands. What a field takes is the
 * command's own grammar, as everywhere.
 */
import { byId, kept } from './dom.js';

const prompt = byId('prompt');
const seed = byId('seed');
const lock = byId('lock');
const randomSeed = () => Math.floor(Math.random() * 1_000_000);

/** Gives a field the bounds of its option. */
function bound(field, { kind, min, max, maxLength, choices = [], description }) {
  if (field === undefined) {
    return;
  }
  field.title = description;
  if (field.tagName === 'SELECT') {
    const values = kind === 'integer' ? Array.from({ length: max - min + 1 }, (_, k) => String(min + k)) : choices;
    field.append(...values.map((value) => new Option(value)));
  } else if (kind === 'text') {
    field.maxLength = maxLength;
  } else if (kind !== 'boolean' && field !== seed) {
    Object.assign(field, { min, max });
  }
}

/** What a field says as a flag's value: of a box, `yes` or nothing. */
const valueOf = (field) => (field.type === 'checkbox' ? (field.checked ? 'yes' : '') : field.value);

function showIn(field, value) {
  if (field.type === 'checkbox') {
    field.checked = /^(?:yes|true|on|1)$/i.test(value);
  } else if (field.value !== value) {
    field.value = value;
  }
}

export function createRecipe({ commands, changed }) {
  const { aliases, options: specs } = commands.find((spec) => spec.name === 'imagine');
  const fields = new Map([...document.querySelectorAll('[data-option]')].map((field) => [field.dataset.option, field]));
  fields.set('seed', seed);
  for (const spec of specs) {
    bound(fields.get(spec.name), spec);
  }
  /** What stands in the fields themselves, without what is typed. */
  const own = { seed: String(randomSeed()), ...kept.read('recipe', {}) };
  let isLocked = kept.read('locked', true);

  const namesOf = (option) => [option, ...Object.keys(aliases).filter((alias) => aliases[alias] === option)].join('|');
  const switches = new Set(specs.filter(({ kind }) => kind === 'boolean').map(({ name }) => name));
  const flagOf = (option) =>
    switches.has(option)
      ? new RegExp(
          `((?:^|\\s)(?:--|[–—])(?:${namesOf(option)}))(?:(?:\\s+|=)(yes|no|true|false|on|off|1|0))?(?=\\s|$)`,
          'i',
        )
      : new RegExp(`((?:^|\\s)(?:--|[–—])(?:${namesOf(option)})(?:\\s+|=))("[^"]*"|\\S+)`, 'i');
  /** A switch without a word is on. */
  const typed = (option) => {
    const found = flagOf(option).exec(prompt.value);
    return found === null ? undefined : (found[2] ?? 'yes').replaceAll('"', '');
  };

  /** Shows in every field what counts: the flag, else the field's own. */
  function show() {
    for (const [option, field] of fields) {
      const flag = typed(option);
      const value = flag ?? own[option] ?? field.defaultValue ?? '';
      if (field !== document.activeElement || field.type === 'checkbox') {
        showIn(field, value);
      }
      field.classList.toggle('typed', flag !== undefined);
    }
    lock.setAttribute('aria-pressed', String(isLocked));
    lock.textContent = isLocked ? '🔒' : '🔓';
  }

  function set(option, value) {
    if (typed(option) === undefined) {
      own[option] = value;
      kept.write('recipe', own);
    } else if (value === '') {
      if (switches.has(option)) {
        own[option] = '';
        kept.write('recipe', own);
      }
      prompt.value = prompt.value.replace(flagOf(option), '');
    } else if (switches.has(option)) {
      prompt.value = prompt.value.replace(flagOf(option), '$1');
    } else {
      const quoted = /\s/.test(value) ? `"${value}"` : value;
      prompt.value = prompt.value.replace(flagOf(option), (_, head) => head + quoted);
    }
    show();
    changed();
  }

  for (const [option, field] of fields) {
    field.addEventListener('input', () => set(option, valueOf(field)));
  }
  byId('dice').addEventListener('click', () => set('seed', String(randomSeed())));
  lock.addEventListener('click', () => {
    isLocked = !isLocked;
    kept.write('locked', isLocked);
    show();
  });
  show();

  return {
    show,
    set,
    seed: () => Number(typed('seed') ?? own.seed) || 0,
    /** After Send: another picture next, unless the seed is locked. */
    advance() {
      if (!isLocked && typed('seed') === undefined) {
        set('seed', String(randomSeed()));
      }
    },
    /** What /imagine is given: the words as they are, and the fields that no flag speaks for. */
    options({ styles, hasImage }) {
      const options = { prompt: prompt.value.trim(), style: styles, ...own };
      if (!hasImage) {
        delete options.strength;
      } else {
        options.strength ??= fields.get('strength').defaultValue;
      }
      const given = Object.entries(options).filter(
        ([name, value]) => name === 'prompt' || (value !== '' && value !== undefined && typed(name) === undefined),
      );
      const asSent = (name, value) =>
        name === 'seed' ? Number(value) || 0 : switches.has(name) ? value === 'yes' : value;
      return Object.fromEntries(given.map(([name, value]) => [name, asSent(name, value)]));
    },
  };
}
