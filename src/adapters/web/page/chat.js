/**
 * The messages: what everybody sees in the log, what one person sees as a note above the composer until it is dismissed.
 * Draws each as text and elements (never as HTML), and hands presses on.
 */
import { button, byId, make } from './dom.js';

const log = byId('messages');
const notes = byId('notes');
const TAGS = { bold: 'strong', italic: 'em', code: 'code', small: 'small' };

export function createChat({ words, press, choose, view, announce, dismiss, place }) {
  const known = new Map();
  /** What each message was drawn from, to leave alone what has not changed. */
  const shown = new Map();

  function spanOf(span) {
    switch (span.kind) {
      case 'user':
        return make('strong', { dir: 'auto' }, span.name);
      case 'time': {
        const at = new Date(span.atMs);
        return make('time', { dateTime: at.toISOString() }, at.toLocaleString(document.documentElement.lang));
      }
      case 'channel':
        return document.createTextNode(span.id);
      default:
        return make(TAGS[span.kind] ?? 'span', { dir: 'auto' }, span.text);
    }
  }

  function pictureOf(picture, title) {
    const image = make('img', { src: picture.url, alt: picture.alt, className: picture.isSpoiler ? 'spoiler' : '' });
    image.addEventListener('load', () => image.classList.toggle('tiny', image.naturalWidth < 256));
    const open = () => {
      if (image.classList.contains('spoiler')) {
        image.classList.remove('spoiler');
      } else {
        view({ url: picture.url, name: picture.name, title });
      }
    };
    return make('button', { type: 'button', className: 'picture', onclick: open }, image);
  }

  function controlOf(control, message) {
    if (control.kind === 'select') {
      const select = make('select', {
        aria: { label: control.placeholder },
        onchange: () => choose(control.id, message.id, [select.value]),
      });
      if (!control.choices.some((choice) => choice.isSelected)) {
        select.add(new Option(control.placeholder, '', true, true));
      }
      for (const choice of control.choices) {
        select.add(new Option(choice.label, choice.value, choice.isSelected, choice.isSelected));
      }
      return select;
    }
    const label = control.emoji ? `${control.emoji} ${control.label}` : control.label;
    return button(label, () => press(control.id, message.id), {
      disabled: control.isDisabled,
      className: control.tone === 'normal' ? '' : control.tone,
      data: { action: control.id },
    });
  }

  function contentOf(message) {
    if (message.isThinking) {
      return [make('p', { className: 'quiet' }, words.thinking)];
    }
    const parts = message.lines.map((line) => {
      const spans = line.flatMap((span, index) => (index === 0 ? [spanOf(span)] : [' ', spanOf(span)]));
      return make('p', { dir: 'auto' }, ...spans);
    });
    const title = message.lines[0]?.map((span) => span.text ?? span.name ?? '').join(' ') ?? '';
    if (message.picture) {
      parts.splice(1, 0, pictureOf(message.picture, title));
    }
    for (const file of message.files) {
      const link = make('a', { href: file.url, download: file.name }, `⬇ ${file.name}`);
      parts.push(file.url.match(/\.(png|jpg|webp)$/) ? pictureOf(file, file.alt) : link);
    }
    for (const row of message.rows) {
      parts.push(make('div', { className: 'row' }, ...row.map((control) => controlOf(control, message))));
    }
    if (message.isPrivate) {
      const away = button(words.dismiss, () => dismiss(message.id), { className: 'plain' });
      parts.push(make('div', { className: 'row foot' }, make('small', {}, words.private), away));
    }
    return parts;
  }

  const chat = {
    /** Shows these and nothing else but what the page itself has said. */
    keepOnly(messages) {
      const ids = new Set(messages.map(({ id }) => id));
      for (const id of [...known.keys()].filter((each) => !each.startsWith('page-') && !ids.has(each))) {
        chat.remove(id);
      }
      for (const message of messages.filter((each) => shown.get(each.id) !== JSON.stringify(each))) {
        chat.show(message);
      }
    },
    show(message) {
      shown.set(message.id, JSON.stringify(message));
      const item = known.get(message.id) ?? make('li', { tabIndex: -1 });
      if (!known.has(message.id)) {
        known.set(message.id, item);
        if (message.isPrivate) {
          (place() ?? notes).append(item);
        } else {
          log.prepend(item); // the newest first, to the eye and to whoever listens
        }
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
      if (message.isPrivate) {
        item.scrollIntoView({ block: 'nearest' });
      }
    },
    /** Brings one to a message; false where it is no longer kept. */
    reveal(id) {
      const item = known.get(id);
      item?.scrollIntoView({ block: 'center' });
      item?.focus({ preventScroll: true });
      return item !== undefined;
    },
    remove(id) {
      known.get(id)?.remove();
      known.delete(id);
      shown.delete(id);
    },
  };
  return chat;
}
