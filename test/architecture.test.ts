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

function sourcesUnder(folder: string, endings = /\.ts$/): readonly Source[] {
  return readdirSync(join(packageFolder, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && endings.test(entry.name))
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

/** Folder → what it may import from this repository (its own folder always). The first that fits a file counts. */
const ARROWS: readonly (readonly [from: string, mayImport: readonly string[]])[] = [
  ['src/core/', []],
  ['commands/', ['src/core/']],
  ['config/', ['src/core/']],
  ['models/', ['src/core/', 'commands/', 'src/engine/model/', 'src/engine/weights/index.ts']],
  ['src/engine/cache/', ['src/core/']],
  ['src/engine/sampling/', ['src/core/']],
  ['src/engine/onnx/', ['src/core/']],
  ['src/engine/weights/', ['src/core/', 'src/engine/cache/', 'src/engine/ort/', 'src/engine/onnx/']],
  ['src/engine/nets/', ['src/core/', 'src/engine/onnx/', 'src/engine/weights/']],
  ['src/engine/ort/', ['src/core/', 'src/engine/onnx/']],
  ['src/engine/tokenizer/', ['src/core/']],
  ['src/engine/words/', ['src/core/']],
  ['src/engine/prompt/', ['src/core/']],
  [
    'src/engine/model/',
    [
      'src/core/',
      'src/engine/cache/',
      'src/engine/sampling/',
      'src/engine/onnx/',
      'src/engine/weights/',
      'src/engine/nets/',
      'src/engine/ort/',
      'src/engine/tokenizer/',
      'src/engine/words/',
      'src/engine/prompt/',
    ],
  ],
  ['src/engine/', ['src/core/']],
  ['src/train/', ['src/core/', 'src/engine/']],
  ['src/queue/', ['src/core/']],
  ['src/store/', ['src/core/']],
  ['src/image/', ['src/core/']],
  ['src/health/', ['src/core/']],
  ['src/runner/', ['src/core/']],
  ['src/bot/', ['src/core/', 'src/store/index.ts', 'src/image/index.ts', 'commands/']],
  ['src/adapters/shared/', ['src/core/', 'src/bot/', 'src/image/index.ts']],
  ['src/adapters/discord/', ['src/core/', 'src/bot/', 'src/adapters/shared/', 'commands/']],
  ['src/adapters/slack/', ['src/core/', 'src/bot/', 'src/adapters/shared/', 'commands/']],
  ['src/adapters/web/', ['src/core/', 'src/bot/', 'src/adapters/shared/', 'commands/', 'config/paths.ts']],
  ['src/adapters/cli/', ['src/core/', 'src/bot/', 'src/image/index.ts']],
  [
    'src/start/',
    [
      'config/',
      'commands/',
      'models/',
      'src/core/',
      'src/bot/',
      'src/adapters/',
      'src/engine/',
      'src/store/',
      'src/image/',
      'src/runner/',
      'src/queue/',
      'src/health/',
      'src/train/',
    ],
  ],
  [
    'src/tools/',
    [
      'config/',
      'commands/',
      'models/',
      'src/core/',
      'src/adapters/',
      'src/engine/',
      'src/store/',
      'src/image/',
      'src/runner/',
      'src/queue/',
      'src/start/',
      'src/train/',
    ],
  ],
  ['src/main.ts', ['config/', 'src/core/', 'src/adapters/cli/', 'src/start/', 'src/tools/']],
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
    return [`${source.path} lies in a folder that no arrow knows`];
  }
  const [from, allowed] = rule;
  return importsOf(source)
    .filter((target) => /^(src|commands|config|models|test)\//.test(target))
    .filter((target) => !target.startsWith(from) && !allowed.some((prefix) => target.startsWith(prefix)))
    .map((target) => `${source.path} imports ${target}`);
}

/** Arrows that no file uses: what is allowed is what is. */
function unusedArrows(sources: readonly Source[]): readonly string[] {
  return ARROWS.flatMap(([from, allowed]) => {
    const own = sources.filter(({ path }) => ARROWS.find(([folder]) => path.startsWith(folder))?.[0] === from);
    const targets = own.flatMap(importsOf);
    return allowed
      .filter((prefix) => !targets.some((target) => target.startsWith(prefix)))
      .map((prefix) => `${from} may import ${prefix} and does not`);
  });
}

/** Files that import one another in a circle, if only for types: the strongly connected parts of what imports what. */
function circles(sources: readonly Source[]): readonly (readonly string[])[] {
  const imports = new Map(sources.map((source) => [source.path, importsOf(source)]));
  const reach = (start: string): ReadonlySet<string> => {
    const seen = new Set<string>();
    const open = [...(imports.get(start) ?? [])];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      if (imports.has(next) && !seen.has(next)) {
        seen.add(next);
        open.push(...(imports.get(next) ?? []));
      }
    }
    return seen;
  };
  const reached = new Map([...imports.keys()].map((path) => [path, reach(path)]));
  const groups = [...imports.keys()]
    .filter((path) => reached.get(path)?.has(path) === true)
    .map((path) =>
      [...imports.keys()].filter((other) => reached.get(path)?.has(other) && reached.get(other)?.has(path)),
    );
  return [...new Map(groups.map((group) => [group.join(' '), group])).values()];
}

function libraryFaults(source: Source): readonly string[] {
  return importsOf(source).flatMap((target) =>
    LIBRARIES.filter(([library, home]) => library.test(target) && !source.path.startsWith(home)).map(
      () => `${source.path} imports ${target}`,
    ),
  );
}

function lengthFaults({ path, text }: Source): readonly string[] {
  const lines = text.trimEnd().split('\n').length;
  return lines > 250 ? [`${path} has ${lines} lines, and 250 at most are one idea: which second one lives in it?`] : [];
}

function shapeFaults(source: Source): readonly string[] {
  const faults: string[] = [];
  faults.push(...lengthFaults(source));
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

const program = ['src', 'commands', 'config', 'models'].flatMap((folder) => sourcesUnder(folder));

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

  it('allows no arrow that is not used', () => {
    expect(unusedArrows(program)).toEqual([]);
    expect(unusedArrows([])).toContain('commands/ may import src/core/ and does not');
  });

  it('refuses circles, of types as well', () => {
    expect(circles(program)).toEqual([]);
    const [a, b] = [
      { path: 'src/bot/a.ts', text: "import type { B } from './b.ts';" },
      { path: 'src/bot/b.ts', text: "import type { A } from './a.ts';" },
    ];
    expect(circles([a, b])).toEqual([['src/bot/a.ts', 'src/bot/b.ts']]);
    expect(circles([a, { ...b, text: '' }])).toEqual([]);
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

  it('is at most 250 lines long, the page’s too', () => {
    expect(sourcesUnder('src', /\.(js|css|html)$/).flatMap(lengthFaults)).toEqual([]);
    const lines = (count: number): string => '// what it is\n'.repeat(count);
    expect(shapeFaults({ path: 'src/bot/x.ts', text: lines(250) })).toEqual([]);
    expect(shapeFaults({ path: 'src/bot/x.ts', text: lines(251) })).toHaveLength(1);
  });
});
