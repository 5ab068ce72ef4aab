/** The messages: draws each one as text and elements (never as HTML), and hands presses on. */

const list = document.getElementById('messages');

export function createChat({ words, press, choose, view, announce }) {
  const known = new Map();
  /** What each message was drawn from, to leave alone what has not changed. */
  const shown = new Map();

  function spanOf(span) {
    if (span.kind === 'user') {
      const name = document.createElement('strong');
      name.textContent = span.name;
      return name;
    }
    if (span.kind === 'time') {
      const time = document.createElement('time');
      time.dateTime = new Date(span.atMs).toISOString();
      time.textContent = new Date(span.atMs).toLocaleString(document.documentElement.lang);
      return time;
    }
    if (span.kind === 'channel') {
      return document.createTextNode(span.id);
    }
    const tag = { bold: 'strong', italic: 'em', code: 'code', small: 'small' }[span.kind] ?? 'span';
    const element = document.createElement(tag);
    element.textContent = span.text;
    return element;
  }

  function pictureOf(picture, title) {
    const image = document.createElement('img');
    image.src = picture.url;
    image.alt = picture.alt;
    image.className = picture.isSpoiler ? 'spoiler' : '';
    image.addEventListener('load', () => image.classList.toggle('tiny', image.naturalWidth < 256));
    image.addEventListener('click', () => {
      if (image.classList.contains('spoiler')) {
        image.classList.remove('spoiler');
      } else {
        view({ url: picture.url, name: picture.name, title });
      }
    });
    return image;
  }

  function controlOf(control, message) {
    if (control.kind === 'select') {
      const select = document.createElement('select');
      select.setAttribute('aria-label', control.placeholder);
      if (!control.choices.some((choice) => choice.isSelected)) {
        select.add(new Option(control.placeholder, '', true, true));
      }
      for (const choice of control.choices) {
        select.add(new Option(choice.label, choice.value, choice.isSelected, choice.isSelected));
      }
      select.addEventListener('change', () => choose(control.id, message.id, [select.value]));
      return select;
    }
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = control.emoji ? `${control.emoji} ${control.label}` : control.label;
    button.disabled = control.isDisabled;
    button.className = control.tone === 'normal' ? '' : control.tone;
    button.dataset.action = control.id;
    button.addEventListener('click', () => press(control.id, message.id));
    return button;
  }

  function contentOf(message) {
    if (message.isThinking) {
      const thinking = document.createElement('p');
      thinking.className = 'quiet';
      thinking.textContent = words.thinking;
      return [thinking];
    }
    const parts = message.lines.map((line) => {
      const paragraph = document.createElement('p');
      paragraph.append(...line.flatMap((span, index) => (index === 0 ? [spanOf(span)] : [' ', spanOf(span)])));
      return paragraph;
    });
    const title = message.lines[0]?.map((span) => span.text ?? span.name ?? '').join(' ') ?? '';
    if (message.picture) {
      parts.splice(1, 0, pictureOf(message.picture, title));
    }
    for (const file of message.files) {
      const link = document.createElement('a');
      link.href = file.url;
      link.download = file.name;
      link.textContent = `⬇ ${file.name}`;
      parts.push(file.url.match(/\.(png|jpg|webp)$/) ? pictureOf(file, file.alt) : link);
    }
    for (const row of message.rows) {
      const element = document.createElement('div');
      element.className = 'row';
      element.append(...row.map((control) => controlOf(control, message)));
      parts.push(element);
    }
    if (message.isPrivate) {
      const note = document.createElement('small');
      note.textContent = words.private;
      parts.push(note);
    }
    return parts;
  }

  const chat = {
    /** Shows these and nothing else but what the page itself has said. */
    keepOnly(messages) {
      const ids = new Set(messages.map(({ id }) => id));
      for (const id of [...known.keys()].filter((each) => each !== 'page-fault' && !ids.has(each))) {
        chat.remove(id);
      }
      for (const message of messages.filter((each) => shown.get(each.id) !== JSON.stringify(each))) {
        chat.show(message);
      }
    },
    show(message) {
      shown.set(message.id, JSON.stringify(message));
      const item = known.get(message.id) ?? document.createElement('li');
      if (!known.has(message.id)) {
        known.set(message.id, item);
        list.append(item);
      }
      item.className = message.isPrivate ? 'message private' : 'message';
      item.dataset.id = message.id;
      item.setAttribute('aria-busy', String(message.isThinking));
      const focused = item.contains(document.activeElement) ? document.activeElement.dataset.action : undefined;
      item.replaceChildren(...contentOf(message));
      if (focused) {
        item.querySelector(`[data-action="${CSS.escape(focused)}"]`)?.focus();
      }
      if (message.picture && !message.isThinking) {
        announce(message.picture.alt);
      }
    },
    remove(id) {
      known.get(id)?.remove();
      known.delete(id);
      shown.delete(id);
    },
  };
  return chat;
}
