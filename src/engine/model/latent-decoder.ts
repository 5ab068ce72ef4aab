/**
 * The half of an autoencoder that makes planes of pixels of latents, several of them in a call; its graph is opened when first
 * needed. Knows neither how latents are scaled nor what the planes say: colours, or how solid a pixel is.
 */
import type { Graph } from '../onnx/index.ts';
import type { Decoding, LatentSize } from './denoiser.ts';
import { LazySessions } from './lazy-sessions.ts';
import { areNumbers, notNumbers } from './numbers.ts';
import { RowCounts } from './row-counts.ts';
import { isSmall, type SessionOpener } from './session-opener.ts';

/** Pictures of a call on the device of a bot that is busy, where nobody says (scheduler.ts); more are met when they come. */
const MOST_DECODES = 4;

export class LatentDecoder {
  readonly #graph: () => Graph;
  readonly #sessions: LazySessions;
  /** For a hand that still moves. */
  readonly #passing: LazySessions;
  readonly #rowCounts: RowCounts;
  #isSmall: boolean | undefined;

  /** `graph`: `latents` [rows, channels, h, w] → `image` [rows, planes, H, W]. */
  constructor(graph: () => Graph, open: SessionOpener) {
    this.#graph = graph;
    this.#sessions = new LazySessions(open.lean);
    this.#passing = new LazySessions(open.besideWindow);
    this.#rowCounts = new RowCounts(open.target.provider);
  }

  /**
   * Each of `latents`, [channels · height · width] as the net takes them, to its planes, [planes · H · W], in one call, which
   * has as many rows as the device has met. For a hand that still moves, a small net leaves room to the window. Throws
   * `UserError` `model.nan`.
   */
  async decode(
    latents: readonly Float32Array[],
    size: LatentSize,
    { isPassing = false, most = MOST_DECODES }: Partial<Decoding> = {},
  ): Promise<readonly Float32Array[]> {
    const call = (called: readonly Float32Array[]) => this.decodeOnce(called, size, isPassing);
    await this.#rowCounts.meet(latents, `${size.height}×${size.width}`, call, most);
    return (await call(this.#rowCounts.padded(latents))).slice(0, latents.length);
  }

  /** The same in a call of just these. */
  async decodeOnce(
    latents: readonly Float32Array[],
    { channels, height, width }: LatentSize,
    isPassing = false,
  ): Promise<readonly Float32Array[]> {
    const leavesRoom = isPassing && (this.#isSmall ??= isSmall(this.#graph()));
    const session = await (leavesRoom ? this.#passing : this.#sessions).get('decoder', this.#graph);
    const length = channels * height * width;
    const data = new Float32Array(latents.length * length);
    latents.forEach((each, k) => data.set(each, k * length));
    const { image } = await session.run({ latents: { data, shape: [latents.length, channels, height, width] } });
    if (image === undefined) {
      throw new Error('the decoder gave no image');
    }
    if (!areNumbers(image.data)) {
      throw notNumbers();
    }
    const values = image.data.length / latents.length;
    return latents.map((_, k) => image.data.subarray(k * values, (k + 1) * values));
  }

  async release(): Promise<void> {
    await this.#sessions.release();
    await this.#passing.release();
  }
}
