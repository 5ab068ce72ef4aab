/**
 * Pictures in a terminal: the protocols of kitty, iTerm2 and sixel, and which of them a terminal speaks by what it says of
 * itself. Pure but for decoding the PNG for sixel, which is pixels. Writes nothing.
 *
 * Formats: kitty graphics protocol (transmit and display, PNG); iTerm2 inline images; DEC sixel as in VT340.
 */
import type { Picture } from '../../core/picture.ts';

export type TerminalKind = 'kitty' | 'iterm2' | 'sixel';

/** What a terminal puts into the environment. */
export type TerminalTraits = {
  readonly term: string;
  readonly program: string;
  readonly isKitty: boolean;
};

/** Undefined for a terminal that is not known to show pictures. */
export function terminalKind({ term, program, isKitty }: TerminalTraits): TerminalKind | undefined {
  if (isKitty || /kitty|ghostty/.test(term) || program === 'ghostty') {
    return 'kitty';
  }
  if (['iTerm.app', 'WezTerm', 'vscode', 'mintty'].includes(program)) {
    return 'iterm2';
  }
  return /sixel|^(foot|mlterm|contour)/.test(term) ? 'sixel' : undefined;
}

const ESC = '\u001b';
const CHUNK = 4096;

export function kittyPicture(png: Uint8Array): string {
  const text = Buffer.from(png).toString('base64');
  const parts = text.match(new RegExp(`.{1,${CHUNK}}`, 'g')) ?? [];
  const commands = parts.map((part, index) => {
    const more = index < parts.length - 1 ? 1 : 0;
    return `${ESC}_G${index === 0 ? 'f=100,a=T,' : ''}m=${more};${part}${ESC}\\`;
  });
  return `${commands.join('')}\n`;
}

export function iterm2Picture(png: Uint8Array): string {
  return `${ESC}]1337;File=inline=1;size=${png.length}:${Buffer.from(png).toString('base64')}\u0007\n`;
}

/** Six levels a channel: 216 colours, as many as a VT340's registers have room for in practice. */
const LEVELS = 6;

/** Six rows of pixels a band: for each colour in it a line of characters, each of which is six pixels above one another. */
export function sixelPicture({ width, height, data }: Picture): string {
  const level = (at: number): number => Math.round(((data[at] ?? 0) / 255) * (LEVELS - 1));
  const colourAt = (x: number, y: number): number => {
    const at = (y * width + x) * 3;
    return (level(at) * LEVELS + level(at + 1)) * LEVELS + level(at + 2);
  };
  const percent = (value: number): number => Math.round((value / (LEVELS - 1)) * 100);
  const palette = Array.from({ length: LEVELS ** 3 }, (_, colour) => {
    const [red, green, blue] = [
      Math.floor(colour / LEVELS ** 2),
      Math.floor(colour / LEVELS) % LEVELS,
      colour % LEVELS,
    ];
    return `#${colour};2;${percent(red)};${percent(green)};${percent(blue)}`;
  });
  const bands: string[] = [];
  for (let top = 0; top < height; top += 6) {
    const masks = new Map<number, Uint8Array>();
    for (let y = top; y < Math.min(top + 6, height); y += 1) {
      for (let x = 0; x < width; x += 1) {
        const colour = colourAt(x, y);
        const mask = masks.get(colour) ?? new Uint8Array(width);
        masks.set(colour, mask);
        mask[x] = (mask[x] ?? 0) | (1 << (y - top));
      }
    }
    bands.push([...masks].map(([colour, mask]) => `#${colour}${runs(mask)}`).join('$'));
  }
  return `${ESC}P0;1q"1;1;${width};${height}${palette.join('')}${bands.join('-')}${ESC}\\\n`;
}

function runs(mask: Uint8Array): string {
  let text = '';
  for (let x = 0; x < mask.length;) {
    let end = x + 1;
    while (end < mask.length && mask[end] === mask[x]) {
      end += 1;
    }
    const sixel = String.fromCharCode(63 + (mask[x] ?? 0));
    text += end - x > 3 ? `!${end - x}${sixel}` : sixel.repeat(end - x);
    x = end;
  }
  return text;
}
