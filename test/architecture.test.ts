/**
 * The arrows of the design, held: who may import whom, who alone may import a library, and the shape of a file. Reads
 * the sources as text; a rule that no file could break would be worthless, so each is tried on a made-up offence too.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';

import { describe, expect, it } from 'vitest';

import { packageFolder } from '../config/paths.ts';

type Source = { readonly path: string; readonly text: string };

const IMPORT =
  /(?:^|\n)\s*(?:import|export)\s(?:[^'";]*?\sfrom\s)?['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)|\brequire\(\s*['"]([^'"]+)['"]\s*\)/g;

function sourcesUnder(folder: string): readonly Source[] {
  return readdirSync(join(packageFolder, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => {
      const file = join(entry.parentPath, entry.name);
      return { path: relative(packageFolder, file).split(sep).join('/'), text: readFileSync(file, 'utf8') };
    });
}

/** What a file imports: package names as they are, files as paths from the package's folder. */
function importsOf(source: Source): readonly string[] {
  return [...source.text.matchAll(IMPORT)].map((match) => {
    const target = match[1] ?? match[2] ?? match[3] ?? '';
    return target.startsWith('.')
      ? relative(packageFolder, resolve(packageFolder, dirname(source.path), target))
          .split(sep)
          .join('/')
      : target;
  });
}

/** Folder → what it may import from this repository (its own folder always). */
const ARROWS: readonly (readonly [from: string, mayImport: readonly string[]])[] = [
  ['src/core/', []],
  ['commands/', ['src/core/']],
  ['config/', ['src/core/']],
  ['src/engine/sampling/', ['src/core/']],
  ['src/engine/onnx/', ['src/core/', 'src/engine/weights/tensor-source.ts']],
  ['src/engine/cache/', []],
  ['src/engine/weights/', ['src/core/', 'src/engine/cache/', 'src/engine/ort/', 'src/engine/onnx/']],
  ['src/engine/nets/', ['src/core/', 'src/engine/onnx/', 'src/engine/weights/']],
  ['src/engine/ort/', ['src/core/', 'src/engine/onnx/']],
  ['src/engine/tokenizer/', ['src/core/']],
  ['src/engine/', ['src/core/']],
  ['src/train/', ['src/core/', 'src/engine/']],
  ['src/queue/', ['src/core/']],
  ['src/store/', ['src/core/']],
  ['src/image/', ['src/core/']],
  ['src/runner/', ['src/core/', 'src/engine/index.ts']],
  ['src/bot/', ['src/core/', 'src/queue/', 'src/store/', 'src/image/', 'commands/']],
  ['src/adapters/shared/', ['src/core/', 'src/bot/', 'src/image/']],
  ['src/adapters/discord/', ['src/core/', 'src/bot/', 'src/adapters/shared/', 'commands/']],
  ['src/adapters/slack/', ['src/core/', 'src/bot/', 'src/adapters/shared/', 'commands/']],
  [
    'src/adapters/web/',
    ['src/core/', 'src/bot/', 'src/image/', 'src/adapters/shared/', 'commands/', 'config/paths.ts'],
  ],
  ['src/adapters/cli/', ['src/core/', 'src/bot/', 'src/image/', 'commands/']],
];

/** Library → the only folder that imports it. */
const LIBRARIES: readonly (readonly [library: RegExp, home: string])[] = [
  [/^onnxruntime-/, 'src/engine/ort/'],
  [/^@huggingface\/tokenizers/, 'src/engine/tokenizer/'],
  [/^p-queue/, 'src/queue/'],
  [/^(keyv|@keyv\/|lmdb)/, 'src/store/'],
  [/^sharp/, 'src/image/'],
  [/^discord\.js|^@discordjs\//, 'src/adapters/discord/'],
  [/^@slack\//, 'src/adapters/slack/'],
  [/^(bullmq|ioredis)/, 'src/runner/'],
];

function arrowFaults(source: Source): readonly string[] {
  const rule = ARROWS.find(([from]) => source.path.startsWith(from));
  if (rule === undefined) {
    return [];
  }
  const [from, allowed] = rule;
  return importsOf(source)
    .filter((target) => /^(src|commands|config|models|test)\//.test(target))
    .filter((target) => !target.startsWith(from) && !allowed.some((prefix) => target.startsWith(prefix)))
    .map((target) => `${source.path} imports ${target}`);
}

function libraryFaults(source: Source): readonly string[] {
  return importsOf(source).flatMap((target) =>
    LIBRARIES.filter(([library, home]) => library.test(target) && !source.path.startsWith(home)).map(
      () => `${source.path} imports ${target}`,
    ),
  );
}

function shapeFaults(source: Source): readonly string[] {
  const faults: string[] = [];
  const lines = source.text.split('\n').length;
  if (lines > 401) {
    faults.push(`${source.path} has ${lines} lines: which second idea lives in it?`);
  }
  if (!/^(#![^\n]*\n)?\s*(\/\*\*|\/\/)/.test(source.text)) {
    faults.push(`${source.path} does not open with what it is and what it refuses to know`);
  }
  if (/(^|\/)(utils|misc|helpers|types)\.ts$/.test(source.path)) {
    faults.push(`${source.path} is a drawer: give it the name of the one thing in it`);
  }
  for (const target of source.text.matchAll(/from\s+['"](\.[^'"]*)['"]/g)) {
    if (!/\.(ts|json)$/.test(target[1] ?? '')) {
      faults.push(`${source.path} imports ${target[1]} without .ts`);
    }
  }
  return faults;
}

function environmentFaults(source: Source): readonly string[] {
  const isAllowed = source.path === 'config/load.ts' || source.path.startsWith('src/engine/ort/');
  return /process\.env\b/.test(source.text) && !isAllowed
    ? [`${source.path} reads process.env; config/load.ts alone does`]
    : [];
}

const program = ['src', 'commands', 'config'].flatMap(sourcesUnder);

describe('the arrows of the design', () => {
  it('lets a folder import only what the design allows it', () => {
    expect(program.flatMap(arrowFaults)).toEqual([]);
    expect(arrowFaults({ path: 'src/core/x.ts', text: "import { y } from '../bot/y.ts';" })).toHaveLength(1);
    expect(arrowFaults({ path: 'src/adapters/slack/x.ts', text: "import { y } from '../discord/y.ts';" })).toHaveLength(
      1,
    );
    expect(arrowFaults({ path: 'src/bot/x.ts', text: "const y = await import('../engine/index.ts');" })).toHaveLength(
      1,
    );
  });

  it('keeps each library behind the one folder that knows it', () => {
    expect(program.flatMap(libraryFaults)).toEqual([]);
    expect(libraryFaults({ path: 'src/engine/nets/x.ts', text: "import ort from 'onnxruntime-node';" })).toHaveLength(
      1,
    );
    expect(libraryFaults({ path: 'src/bot/x.ts', text: "import sharp from 'sharp';" })).toHaveLength(1);
  });

  it('keeps tensors out of the step scheduler', () => {
    const scheduler = program.find((source) => source.path === 'src/engine/scheduler.ts');
    expect(scheduler?.text).toBeDefined();
    expect(scheduler?.text).not.toMatch(/Float32Array|Tensor/);
  });

  it('reads the environment in one place', () => {
    expect(program.flatMap(environmentFaults)).toEqual([]);
    expect(environmentFaults({ path: 'src/bot/x.ts', text: 'const t = process.env.TOKEN;' })).toHaveLength(1);
  });
});

describe('the shape of a file', () => {
  it('is one idea that says what it is, under a name of its own', () => {
    expect(program.flatMap(shapeFaults)).toEqual([]);
    expect(shapeFaults({ path: 'src/bot/utils.ts', text: "import { a } from './a';" })).toHaveLength(3);
  });
});
