/**
 * The nets that draw in a style whose changes are merged: for each such style at its weights a UNet and text encoders over
 * the model's own files and a cached file of what the style changes. The ones used last stay open. Styles of low-rank
 * pairs run beside the layers of whatever nets these are.
 */
import { access } from 'node:fs/promises';

import {
  derivedFiles,
  LruCache,
  mergeLoras,
  openAddProduct,
  withoutStaleKernels,
  type LoraNet,
  type OpenedAddProduct,
  type TensorSource,
} from '../weights/index.ts';
import { TEXT_NETS, type DenseStyle, type StyleSet } from './style-set.ts';
import type { TextEncoder } from './text-encoder.ts';
import type { UNet } from './unet.ts';

export type Nets = {
  readonly unet: UNet;
  /** In the order in which their outputs are joined. */
  readonly encoders: readonly TextEncoder[];
};

export type DenseStylesOptions = {
  /** Without a style. */
  readonly own: Nets;
  /** Their weights before an accelerator was merged. */
  readonly pristine: { readonly unet: TensorSource; readonly text: readonly TensorSource[] };
  /** Where merged weights go when the model's own folder cannot be written. */
  readonly cacheDir: string;
};

/** Styles that are open at once; each costs sessions of its own over mostly the same memory. */
const KEPT_STYLES = 4;

type Entry = {
  readonly nets: Nets;
  readonly own: readonly (UNet | TextEncoder)[];
  readonly files: readonly string[];
  users: number;
};

export class DenseStyles {
  readonly #options: DenseStylesOptions;
  readonly #entries: LruCache<Entry>;

  constructor(options: DenseStylesOptions) {
    this.#options = options;
    this.#entries = new LruCache<Entry>({
      maxCost: KEPT_STYLES,
      costOf: () => 1,
      isInUse: ({ users }) => users > 0,
      onEvict: (entry) => void releaseEntry(entry),
    });
  }

  /** Runs with the nets of these styles, which stay open meanwhile. Throws `UserError` as `mergeLoras`. */
  async use<Result>({ dense }: Pick<StyleSet, 'dense'>, run: (nets: Nets) => Promise<Result>): Promise<Result> {
    if (dense === undefined) {
      return run(this.#options.own);
    }
    const entry = await this.#whole(dense);
    entry.users += 1;
    try {
      return await run(entry.nets);
    } finally {
      entry.users -= 1;
    }
  }

  async release(): Promise<void> {
    await this.#entries.clear();
  }

  /** Made anew where its file is gone: they are only a cache. */
  async #whole(dense: DenseStyle): Promise<Entry> {
    const entry = await this.#get(dense);
    const missing = await Promise.allSettled(entry.files.map(async (file) => access(file)));
    if (missing.every(({ status }) => status === 'fulfilled')) {
      return entry;
    }
    if (this.#entries.forget(entry) && entry.users === 0) {
      await releaseEntry(entry);
    }
    return this.#get(dense);
  }

  #get(dense: DenseStyle): Promise<Entry> {
    return this.#entries.get(dense.key, () => this.#make(dense));
  }

  async #make(dense: DenseStyle): Promise<Entry> {
    const { own, pristine, cacheDir } = this.#options;
    // Opened for the first product: where the merged files are found, there is none.
    let multiplier: Promise<OpenedAddProduct> | undefined;
    const files: string[] = [];
    const opened: (UNet | TextEncoder)[] = [];
    const merged = async (
      net: LoraNet,
      drawn: TensorSource,
      original: TensorSource,
    ): Promise<TensorSource | undefined> => {
      if (!dense.nets.has(net)) {
        return undefined;
      }
      const source = await mergeLoras({
        base: drawn,
        pristine: original,
        adapters: dense.adapters,
        net,
        cacheDir,
        label: 'style',
        addProduct: async (product) => {
          multiplier ??= openAddProduct();
          return (await multiplier).addProduct(product);
        },
      });
      files.push(...derivedFiles(source, cacheDir));
      return withoutStaleKernels(source, drawn);
    };
    const keep = <Net extends UNet | TextEncoder>(net: Net): Net => {
      opened.push(net);
      return net;
    };
    try {
      const unet = await merged('unet', own.unet.weights, pristine.unet);
      const encoders: TextEncoder[] = [];
      for (const [k, encoder] of own.encoders.entries()) {
        const net = TEXT_NETS[k] ?? 'text_encoder';
        const text = await merged(net, encoder.weights, pristine.text[k] ?? encoder.weights);
        encoders.push(text === undefined ? encoder : keep(encoder.over(text)));
      }
      const nets = { unet: unet === undefined ? own.unet : keep(own.unet.over(unet)), encoders };
      return { nets, own: opened, files, users: 0 };
    } finally {
      await (await multiplier)?.release();
    }
  }
}

async function releaseEntry({ own }: Entry): Promise<void> {
  await Promise.all(own.map(async (net) => net.release()));
}
