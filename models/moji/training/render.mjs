/**
 * Draws a set of SVG files: node render.mjs SOURCE OUT
 *
 * SOURCE: the folder of an Iconify set (icons.json) or a folder of .svg files. Writes OUT.raw, every drawing as 128 × 128
 * RGBA bytes (not premultiplied), and OUT.json, their names in the same order. librsvg draws, through this repository's sharp.
 */
import { existsSync } from 'node:fs';
import { open, readFile, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';

import sharp from 'sharp';

const SIDE = 128;
const [source, out] = process.argv.slice(2);
sharp.concurrency(1);

async function iconify(folder) {
  const set = JSON.parse(await readFile(path.join(folder, 'icons.json'), 'utf8'));
  return Object.entries(set.icons)
    .filter(([, icon]) => icon.hidden !== true)
    .map(([name, icon]) => {
      const [width, height] = [icon.width ?? set.width ?? 16, icon.height ?? set.height ?? 16];
      const box = `${icon.left ?? 0} ${icon.top ?? 0} ${width} ${height}`;
      return [name, `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="${box}" width="${SIDE}" height="${SIDE}">${icon.body}</svg>`];
    });
}

async function files(folder) {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.svg')).sort();
  return Promise.all(names.map(async (name) => [name.slice(0, -4).replaceAll('-', ' '), await readFile(path.join(folder, name), 'utf8')]));
}

const drawings = existsSync(path.join(source, 'icons.json')) ? await iconify(source) : await files(source);
const names = [];
const failed = [];
const raw = await open(`${out}.raw`, 'w');
for (const [name, svg] of drawings) {
  try {
    const pixels = await sharp(Buffer.from(svg)).resize(SIDE, SIDE, { fit: 'contain', background: { r: 0, g: 0, b: 0, alpha: 0 } }).ensureAlpha().raw().toBuffer();
    await raw.write(pixels);
    names.push(name);
  } catch (error) {
    failed.push(`${name}: ${error.message}`);
  }
}
await raw.close();
await writeFile(`${out}.json`, JSON.stringify(names));
process.stdout.write(`${path.basename(out)}: ${names.length} drawings${failed.length > 0 ? `, not drawn: ${failed.join('; ')}` : ''}\n`);
