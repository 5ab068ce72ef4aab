/**
 * What is nicer on a terminal than in a pipe: a line of progress that is written over, quiet colours, and the picture
 * itself. In a pipe nothing of it is there.
 */
import { UserError } from '../../core/errors.ts';
import { iterm2Picture, kittyPicture, sixelPicture, terminalKind, type TerminalTraits } from './terminal-picture.ts';

export type OutputStream = { readonly isTTY?: boolean; write(text: string): unknown };

/** Writes over itself; `undefined` takes the line away. Undefined where the stream is no terminal. */
export function progressLine(stream: OutputStream): ((words: string | undefined) => void) | undefined {
  if (stream.isTTY !== true) {
    return undefined;
  }
  return (words) => stream.write(`\r\u001b[K${words ?? ''}`);
}

/** `fox.png` as it is, what follows in a quieter colour. */
export function tinted(line: string): string {
  const end = line.indexOf('  ');
  return end < 0 ? line : `${line.slice(0, end)}\u001b[2m${line.slice(end)}\u001b[22m`;
}

/** Throws `UserError` `usage.show` for a terminal that is not known to show pictures. */
export function pictureShower(traits: TerminalTraits, stream: OutputStream): (png: Uint8Array) => Promise<void> {
  const kind = stream.isTTY === true ? terminalKind(traits) : undefined;
  if (kind === undefined) {
    throw new UserError(
      'usage.show',
      'Expected a terminal that shows pictures (kitty, Ghostty, iTerm2, WezTerm, VS Code, foot, mlterm) for --show; this is none. Leave --show out.',
    );
  }
  return async (png) => {
    switch (kind) {
      case 'kitty':
        stream.write(kittyPicture(png));
        return;
      case 'iterm2':
        stream.write(iterm2Picture(png));
        return;
      case 'sixel': {
        const { openOwnPicture } = await import('../../image/index.ts');
        stream.write(sixelPicture(await openOwnPicture(png)));
        return;
      }
      default:
        kind satisfies never;
    }
  };
}
