/** What one calls oneself here: shown in a button, asked for in a form, kept in a cookie that the server reads. */
import { byId } from './dom.js';

const shown = byId('name');

/** Gives what asks for the name. */
export function createName({ words, hello, forms }) {
  function call(name) {
    shown.textContent = name;
    shown.title = words.name;
    shown.setAttribute('aria-label', `${words.name}: ${name}`);
  }
  function ask() {
    const field = { id: 'name', label: words['name.ask'], value: hello.name, isRequired: true, maxLength: 40 };
    forms.askForm({ title: words.name, submit: words.run, fields: [field] }, ({ name }) => {
      document.cookie = `fourstep_name=${encodeURIComponent(name.trim())}; path=/; max-age=31536000; SameSite=Strict`;
      hello.name = name.trim();
      call(hello.name);
    });
  }
  call(hello.name);
  shown.addEventListener('click', ask);
  return ask;
}
