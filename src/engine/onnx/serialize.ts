/**
 * A finished graph as the bytes that onnxruntime loads. Weights stay in their files: onnxruntime takes only paths
 * below one folder it is told, follows symbolic links first, and refuses absolute paths and `..`. So the real paths
 * are taken here and the folder is their deepest common one. Knows no net.
 */
import { realpathSync } from 'node:fs';
import path from 'node:path';

import { UserError } from '../../core/errors.ts';
import { ModelProto, type Graph, type Initializer } from './model-proto.ts';

export type SerializedModel = {
  readonly bytes: Uint8Array;
  /** Where the locations in `bytes` start; `undefined` where no weight lies in a file. */
  readonly folder: string | undefined;
};

export type SerializeOptions = {
  /**
   * How far a tensor's memory may be handed on to a later one of its shape. 'everywhere' (default): what is held for that
   * on a net's way down until it is wanted on its way up is 0.2 GB of SD 1.5 at 512², 0.4 at 768². 'nearby': a quarter
   * of that. A net opens as fast either way: told no shapes, onnxruntime compares each tensor with all before it, which
   * takes 0.5 s for SD 1.5. 'nowhere': no shapes are told, for a net that would hold more than it computes with.
   */
  readonly reuse?: 'everywhere' | 'nearby' | 'nowhere';
};

/** Of a net, in which memory is handed on: of more of them less is held, and more is compared. */
const PARTS = 24;

/** Throws `UserError` `model.files` where the files have no folder in common (two drives). */
export function serialize(graph: Graph, { reuse = 'everywhere' }: SerializeOptions = {}): SerializedModel {
  const real = new Map<string, string>();
  for (const { data } of graph.initializers) {
    if (data.kind === 'external' && !real.has(data.location)) {
      real.set(data.location, realpathSync(data.location));
    }
  }
  const folder = commonFolder([...real.values()]);
  const relocated = (initializer: Initializer): Initializer => {
    const { data } = initializer;
    if (data.kind === 'raw' || folder === undefined) {
      return initializer;
    }
    const location = path.relative(folder, real.get(data.location) ?? data.location).replaceAll(path.sep, '/');
    return { ...initializer, data: { ...data, location } };
  };
  const initializers = graph.initializers.map(relocated);
  const values = reuse === 'everywhere' ? graph.values : reuse === 'nearby' ? partedValues(graph) : [];
  return { bytes: ModelProto({ ...graph, initializers, values }), folder };
}

/** With a name for each length that is another in each part: onnxruntime goes by names of shapes. */
function partedValues({ nodes, values }: Graph): Graph['values'] {
  const parts = new Map(nodes.flatMap(({ outputs }, k) => outputs.map((name) => [name, (k * PARTS) / nodes.length])));
  return values.map((value) => {
    const part = Math.floor(parts.get(value.name) ?? 0);
    return { ...value, shape: value.shape.map((dim) => (typeof dim === 'number' ? dim : `${dim} in ${part}`)) };
  });
}

function commonFolder(files: readonly string[]): string | undefined {
  const [first, ...rest] = files;
  if (first === undefined) {
    return undefined;
  }
  let folder = path.dirname(first);
  for (const file of rest) {
    while (!isBelow(folder, file)) {
      const parent = path.dirname(folder);
      if (parent === folder) {
        throw new UserError(
          'model.files',
          `Expected a model's files on one drive, got ${first} and ${file}; move them together.`,
        );
      }
      folder = parent;
    }
  }
  return folder;
}

function isBelow(folder: string, file: string): boolean {
  const relative = path.relative(folder, file);
  return relative !== '' && relative.split(path.sep)[0] !== '..' && !path.isAbsolute(relative);
}
