/** What is nicer on a terminal, and not there in a pipe: progress, colours, pictures by three protocols. */
import { describe, expect, it } from 'vitest';

import { pictureShower, progressLine, tinted } from '../../../src/adapters/cli/terminal.ts';
import { kittyPicture, sixelPicture, terminalKind } from '../../../src/adapters/cli/terminal-picture.ts';
import { encodePng } from '../../../src/image/index.ts';

const traits = { term: 'xterm-256color', program: '', isKitty: false };
function terminal(isTTY: boolean) {
  const written: string[] = [];
  return { isTTY, written, write: (text: string) => written.push(text) };
}
const red = { width: 7, height: 8, data: new Uint8Array(7 * 8 * 3).map((_, at) => (at % 3 === 0 ? 255 : 0)) };

describe('a terminal', () => {
  it.each([
    [{ isKitty: true }, 'kitty'],
    [{ term: 'xterm-ghostty' }, 'kitty'],
    [{ program: 'WezTerm' }, 'iterm2'],
    [{ program: 'iTerm.app' }, 'iterm2'],
    [{ term: 'foot' }, 'sixel'],
    [{}, undefined],
  ])('that says %j shows pictures by %s', (more, kind) => {
    expect(terminalKind({ ...traits, ...more })).toBe(kind);
  });

  it('has a line of progress that is taken away again; a pipe has none', () => {
    const stream = terminal(true);
    const progress = progressLine(stream);
    progress?.('step 1 of 4');
    progress?.(undefined);
    expect(stream.written).toEqual(['\r\u001b[Kstep 1 of 4', '\r\u001b[K']);
    expect(progressLine(terminal(false))).toBeUndefined();
    expect(tinted('fox.png  seed 7')).toBe('fox.png\u001b[2m  seed 7\u001b[22m');
  });

  it('that shows none is said to, before anything is drawn', () => {
    expect(() => pictureShower(traits, terminal(true))).toThrow(/Leave --show out/);
    expect(() => pictureShower({ ...traits, isKitty: true }, terminal(false))).toThrow(/Leave --show out/);
  });

  it('is handed the very PNG, or its pixels as sixels', async () => {
    const { data } = await encodePng(red);
    const stream = terminal(true);
    await pictureShower({ ...traits, isKitty: true }, stream)(data);
    const payload = stream.written
      .join('')
      .split('\u001b_G')
      .map((part) => part.slice(part.indexOf(';') + 1).replace('\u001b\\', ''))
      .join('');
    expect(Buffer.from(payload, 'base64').equals(Buffer.from(data))).toBe(true);
    await pictureShower({ ...traits, program: 'WezTerm' }, stream)(data);
    expect(stream.written.at(-1)).toContain(`inline=1;size=${data.length}:${Buffer.from(data).toString('base64')}`);
    await pictureShower({ ...traits, term: 'foot' }, stream)(data);
    expect(stream.written.at(-1)).toBe(sixelPicture(red));
  });

  it('gets a long picture in chunks of which only the last says that it is', () => {
    const parts = kittyPicture(new Uint8Array(10_000)).match(/m=\d/g);
    expect(parts).toEqual(['m=1', 'm=1', 'm=1', 'm=0']);
  });

  it('gets six rows of red above two, in the sixels of its colour', () => {
    const text = sixelPicture(red);
    expect(text).toContain('"1;1;7;8');
    expect(text).toContain('#180;2;100;0;0');
    expect(text.endsWith('#180!7~-#180!7B\u001b\\\n')).toBe(true);
  });
});
