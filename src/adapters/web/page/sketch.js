/** A pad beside the picture: brush, colours and shapes; every stroke is a picture to start from. */
import { byId, make } from './dom.js';

const COLOURS = [
  '#1d1b26',
  '#ffffff',
  '#d7263d',
  '#f5a623',
  '#f8e71c',
  '#2e933c',
  '#2274a5',
  '#7b4bd6',
  '#8b5a2b',
  '#ff9ecb',
];
const TOOLS = ['brush', 'line', 'box', 'circle', 'fill'];
const SIGNS = { brush: '✎', line: '╱', box: '▭', circle: '◯', fill: '▨' };

export function createSketch({ words, changed }) {
  const pad = byId('pad');
  const canvas = byId('pad-canvas');
  const toggle = byId('sketch');
  const tools = byId('pad-tools');
  const pen = canvas.getContext('2d', { willReadFrequently: true });
  const past = [];
  let tool = 'brush';
  let colour = COLOURS[0];
  let width = 18;
  let from = null;
  let before = null;
  let version = 0;
  let isSnapping = false;
  /** An empty pad is no picture to start from. */
  let isBlank = true;

  function clear() {
    pen.fillStyle = '#ffffff';
    pen.fillRect(0, 0, canvas.width, canvas.height);
    isBlank = true;
  }
  clear();

  const remember = () => {
    past.push(pen.getImageData(0, 0, canvas.width, canvas.height));
    past.splice(0, past.length - 20);
  };

  /** The pad as a file, made at most once at a time: what was drawn meanwhile is in the next. */
  async function snap() {
    if (isSnapping) {
      return;
    }
    isSnapping = true;
    for (let seen = -1; seen !== version;) {
      seen = version;
      const blob = await new Promise((resolve) => canvas.toBlob(resolve, 'image/png'));
      changed(pad.hidden || isBlank ? null : blob, `pad ${seen}`);
    }
    isSnapping = false;
  }
  const moved = () => {
    version += 1;
    void snap();
  };

  const at = (event) => {
    const box = canvas.getBoundingClientRect();
    return [
      ((event.clientX - box.left) / box.width) * canvas.width,
      ((event.clientY - box.top) / box.height) * canvas.height,
    ];
  };

  function stroke([x, y]) {
    pen.strokeStyle = colour;
    pen.fillStyle = colour;
    pen.lineWidth = width;
    pen.lineCap = 'round';
    pen.lineJoin = 'round';
    pen.beginPath();
    if (tool === 'brush') {
      pen.moveTo(...from);
      pen.lineTo(x, y);
      from = [x, y];
    } else {
      pen.putImageData(before, 0, 0);
      const [left, top] = from;
      if (tool === 'line') {
        pen.moveTo(left, top);
        pen.lineTo(x, y);
      } else if (tool === 'box') {
        pen.fillRect(Math.min(left, x), Math.min(top, y), Math.abs(x - left), Math.abs(y - top));
      } else {
        pen.ellipse((left + x) / 2, (top + y) / 2, Math.abs(x - left) / 2, Math.abs(y - top) / 2, 0, 0, 7);
        pen.fill();
        pen.beginPath();
      }
    }
    pen.stroke();
    isBlank = false;
    moved();
  }

  canvas.addEventListener('pointerdown', (event) => {
    canvas.setPointerCapture(event.pointerId);
    remember();
    if (tool === 'fill') {
      pen.fillStyle = colour;
      pen.fillRect(0, 0, canvas.width, canvas.height);
      isBlank = false;
      moved();
      return;
    }
    from = at(event);
    before = past.at(-1);
    stroke(from);
  });
  canvas.addEventListener('pointermove', (event) => {
    if (from) {
      stroke(at(event));
    }
  });
  for (const end of ['pointerup', 'pointercancel']) {
    canvas.addEventListener(end, () => {
      from = null;
    });
  }

  function undo() {
    const last = past.pop();
    if (last) {
      pen.putImageData(last, 0, 0);
      moved();
    }
  }
  canvas.addEventListener('keydown', (event) => {
    if (event.key === 'z' && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      undo();
    }
  });

  const press = (group, chosen, run) => {
    for (const each of tools.querySelectorAll(`[data-group=${group}]`)) {
      each.setAttribute('aria-pressed', String(each === chosen));
    }
    run();
  };
  const choice = (group, value, { label, text = '', style = '' }, run) => {
    const button = make(
      'button',
      {
        type: 'button',
        title: label,
        data: { group, value },
        aria: { label, pressed: 'false' },
        onclick: () => press(group, button, run),
      },
      text,
    );
    if (style) {
      button.style.background = style;
    }
    return button;
  };
  tools.append(
    ...TOOLS.map((name) =>
      choice('tool', name, { label: words[`sketch.${name}`], text: SIGNS[name] }, () => {
        tool = name;
      }),
    ),
    ...COLOURS.map((value) =>
      choice('colour', value, { label: value, style: value }, () => {
        colour = value;
      }),
    ),
    make('input', {
      type: 'range',
      min: 2,
      max: 80,
      value: width,
      aria: { label: words['sketch.width'] },
      oninput: (event) => {
        width = Number(event.target.value);
      },
    }),
    make('button', { type: 'button', onclick: undo }, words.undo),
    make(
      'button',
      {
        type: 'button',
        onclick: () => {
          remember();
          clear();
          moved();
        },
      },
      words['sketch.clear'],
    ),
  );
  tools.querySelector('[data-value=brush]').setAttribute('aria-pressed', 'true');
  tools.querySelector(`[data-value="${COLOURS[0]}"]`).setAttribute('aria-pressed', 'true');

  toggle.addEventListener('click', () => {
    pad.hidden = !pad.hidden;
    toggle.setAttribute('aria-pressed', String(!pad.hidden));
    const stage = byId('stage');
    stage.classList.toggle('sketching', !pad.hidden);
    stage.scrollIntoView({ block: 'nearest' });
    moved();
  });

  return {
    close() {
      if (!pad.hidden) {
        toggle.click();
      }
    },
  };
}
