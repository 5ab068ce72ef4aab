/** Forms in a dialog: a command's options, or a modal of the bot's. Knows no command by name. */
import { byId, make } from './dom.js';
import { picturesIn } from './dropped.js';

const dialog = byId('form-dialog');

export function createForms({ words, styles }) {
  function ask(title, submitText, fields, submit) {
    const inputs = fields.map(({ caption, element, choices, value, type, max, ...more }) => {
      const input = make(element, { ...(type === undefined ? {} : { type }), ...defined(more) });
      for (const choice of choices ? ['', ...choices] : []) {
        input.add(new Option(choice, choice));
      }
      if (element === 'textarea') {
        input.rows = 4;
      }
      if (element !== 'select') {
        input.dir = 'auto';
      }
      if (type !== 'file') {
        input.value = value;
      } else if (max !== undefined) {
        takeDrops(input, max, value);
      }
      return make('label', {}, make('span', {}, caption), input);
    });
    const row = make(
      'div',
      { className: 'row' },
      make('button', { className: 'primary' }, submitText),
      make('button', { type: 'button', onclick: () => dialog.close() }, words.cancel),
    );
    const heading = make('h2', { id: 'form-title' }, title);
    const form = make('form', {}, heading, ...inputs, row);
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      const values = {};
      const files = {};
      for (const input of form.querySelectorAll('input, textarea, select')) {
        if (input.type === 'file') {
          [...input.files].forEach((file, at) => {
            files[input.multiple ? `${input.name}.${at}` : input.name] = file;
          });
        } else {
          values[input.name] = input.type === 'checkbox' ? input.checked : input.value;
        }
      }
      dialog.close();
      submit(values, files);
    });
    dialog.setAttribute('aria-labelledby', 'form-title');
    dialog.replaceChildren(form);
    dialog.showModal();
  }

  function optionField(option) {
    const common = {
      name: option.name,
      caption: `${option.name} — ${option.description}`,
      required: option.isRequired,
      value: '',
    };
    switch (option.kind) {
      case 'image':
        return { ...common, element: 'input', type: 'file', accept: 'image/*' };
      case 'file':
        return { ...common, element: 'input', type: 'file', accept: option.endings.join() };
      case 'integer':
      case 'number': {
        const step = option.kind === 'integer' ? 1 : 'any';
        return { ...common, element: 'input', type: 'number', min: option.min, max: option.max, step };
      }
      case 'choice':
        return { ...common, element: 'select', choices: option.choices };
      case 'boolean':
        return { ...common, element: 'input', type: 'checkbox' };
      default:
        return {
          ...common,
          element: option.suggests === 'style' ? 'select' : 'input',
          choices: option.suggests === 'style' ? styles.map((style) => style.value) : undefined,
          maxLength: option.maxLength,
        };
    }
  }

  function modalField(field, pictures) {
    const common = { name: field.id, caption: field.label, required: field.isRequired };
    if (field.maxPictures === undefined) {
      const { value, maxLength } = field;
      return { ...common, element: field.isMultiline ? 'textarea' : 'input', value, maxLength };
    }
    const files = { type: 'file', accept: 'image/*', multiple: true, max: field.maxPictures };
    return { ...common, ...files, element: 'input', value: pictures };
  }

  return {
    /** A command's options. */
    askCommand: (spec, title, submit) => ask(title, words.run, spec.options.map(optionField), submit),
    /** A modal of the bot's; `pictures` are put into its field for pictures, and those that found no room come back. */
    askForm: ({ title, submit: submitText, fields }, submit, pictures = []) => {
      const most = fields.find((field) => field.maxPictures !== undefined)?.maxPictures ?? 0;
      ask(
        title,
        submitText,
        fields.map((field) => modalField(field, pictures)),
        submit,
      );
      return pictures.slice(most);
    },
  };
}

/** Pictures and folders that are dropped on the field are added to it; `first` are there from the start. */
function takeDrops(input, max, first) {
  const put = (files) => {
    const transfer = new DataTransfer();
    files.slice(0, max).forEach((file) => transfer.items.add(file));
    input.files = transfer.files;
  };
  put(first);
  input.addEventListener('change', () => put([...input.files]));
  input.addEventListener('drop', (event) => void takeDrop(event, (found) => put([...input.files, ...found])));
}

async function takeDrop(event, add) {
  event.preventDefault();
  event.stopPropagation();
  add(await picturesIn(event.dataTransfer));
}

const defined = (properties) =>
  Object.fromEntries(Object.entries(properties).filter(([, value]) => value !== undefined));
