/** Elements made in one expression. Text is set as text, never as HTML. */
export const byId = (id) => document.getElementById(id);

/** `make('button', { type: 'button', className: 'plain', onclick: press, aria: { label } }, 'Save')` */
export function make(tag, { aria = {}, data = {}, ...properties } = {}, ...children) {
  const element = document.createElement(tag);
  Object.assign(element, properties);
  for (const [name, value] of Object.entries(aria)) {
    element.setAttribute(name === 'role' ? 'role' : `aria-${name}`, value);
  }
  Object.assign(element.dataset, data);
  element.append(...children.filter((child) => child !== undefined && child !== null));
  return element;
}

export const button = (text, run, more = {}) => make('button', { type: 'button', onclick: run, ...more }, text);

/** What is kept in this browser alone; a browser that keeps nothing loses nothing but that. */
export const kept = {
  read(key, otherwise) {
    try {
      return JSON.parse(localStorage.getItem(`fourstep.${key}`)) ?? otherwise;
    } catch {
      return otherwise;
    }
  },
  write(key, value) {
    try {
      localStorage.setItem(`fourstep.${key}`, JSON.stringify(value));
    } catch {
      // Full or forbidden: it is forgotten when the page is closed.
    }
  },
};

/** One stop for Tab in a grid or row; arrows, Home and End move inside it. */
export function roveFocus(list, selector) {
  const items = () => [...list.querySelectorAll(selector)];
  const columns = () => {
    const all = items();
    const top = all[0]?.getBoundingClientRect().top;
    const next = all.findIndex((item) => Math.abs(item.getBoundingClientRect().top - top) > 4);
    return next < 1 ? all.length : next;
  };
  list.addEventListener('keydown', (event) => {
    const all = items();
    const at = all.indexOf(event.target.closest(selector));
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns(), ArrowUp: -columns() }[event.key];
    const to = event.key === 'Home' ? 0 : event.key === 'End' ? all.length - 1 : step === undefined ? -1 : at + step;
    if (at >= 0 && to >= 0 && to < all.length) {
      event.preventDefault();
      all[to].focus();
    }
  });
  list.addEventListener('focusin', (event) => {
    const chosen = event.target.closest(selector);
    if (chosen) {
      items().forEach((item) => (item.tabIndex = item === chosen ? 0 : -1));
    }
  });
  return () => {
    const all = items();
    const current = all.find((item) => item.tabIndex === 0 && item === document.activeElement) ?? all[0];
    all.forEach((item) => (item.tabIndex = item === current ? 0 : -1));
  };
}

/** A picture file as a PNG of at most `side` pixels: what is sent is what was drawn from. */
export async function asPng(blob, side = 1024) {
  const bitmap = await createImageBitmap(blob);
  const scale = Math.min(1, side / Math.max(bitmap.width, bitmap.height));
  const canvas = make('canvas', {
    width: Math.max(1, Math.round(bitmap.width * scale)),
    height: Math.max(1, Math.round(bitmap.height * scale)),
  });
  const pen = canvas.getContext('2d');
  pen.fillStyle = '#fff';
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve) => canvas.toBlob(resolve, 'image/png'));
}

/** The picture at an address onto the clipboard, as a PNG of at most `side` pixels. */
export async function copyPicture(url, side) {
  const blob = await asPng(await (await fetch(url)).blob(), side);
  await navigator.clipboard.write([new ClipboardItem({ [blob.type]: blob })]);
}
