/**
 * The nets that draw in a style whose changes are merged: for each such style at its weights a UNet and text encoders over
 * the model's own files and a cached file of what the style changes. The ones used last stay open. Styles of low-rank
 * pairs run beside the layers of whatever nets these are.
 */
import { access } from 'node:fs/promises';

import { LeaseCache, type Lease } from '../cache/lease-cache.ts';
import {
  derivedFiles,
  mergeLoras,
  openAddProduct,
  withoutStaleForms,
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
};

export class DenseStyles {
  readonly #options: DenseStylesOptions;
  readonly #entries: LeaseCache<Entry>;

  constructor(options: DenseStylesOptions) {
    this.#options = options;
    this.#entries = new LeaseCache<Entry>({
      maxCost: KEPT_STYLES,
      costOf: () => 1,
      free: async ({ own }) => {
        await Promise.all(own.map(async (net) => net.release()));
      },
    });
  }

  /** Runs with the nets of these styles, which stay open meanwhile. Throws `UserError` as `mergeLoras`. */
  async use<Result>({ dense }: Pick<StyleSet, 'dense'>, run: (nets: Nets) => Promise<Result>): Promise<Result> {
    if (dense === undefined) {
      return run(this.#options.own);
    }
    const { value, release } = await this.#lease(dense);
    try {
      return await run(value.nets);
    } finally {
      release();
    }
  }

  release(): Promise<void> {
    return this.#entries.close();
  }

  /** Made anew where its file is gone: they are only a cache. */
  async #lease(dense: DenseStyle): Promise<Lease<Entry>> {
    const lend = (): Promise<Lease<Entry>> => this.#entries.lease(dense.key, () => this.#make(dense));
    const lease = await lend();
    const missing = await Promise.allSettled(lease.value.files.map(async (file) => access(file)));
    if (missing.every(({ status }) => status === 'fulfilled')) {
      return lease;
    }
    this.#entries.retire(lease.value);
    lease.release();
    return lend();
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
      return withoutStaleForms(source, drawn);
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
      const nets = { unet: unet === undefined ? own.unet : keep(await own.unet.over(unet)), encoders };
      return { nets, own: opened, files };
    } finally {
      await (await multiplier)?.release();
    }
  }
}
