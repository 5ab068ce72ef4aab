/**
 * The same pictures with a UNet of OpenVINO's in the engine's place, in fp32, bf16 and 8 bits: what of a difference is the
 * form's, and what any rounding brings about. Knows nothing of our own 8 bits.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Picture } from '../../core/picture.ts';
import type { GenerationRequest } from '../../core/request.ts';
import type { Feeds } from '../../engine/ort/index.ts';
import { meanDifference } from './layers.ts';
import { openPeer, type Peer, type PeerForm } from './peer.ts';
import { psnrOf, spreadOf, type Spread } from './pictures.ts';
import type { WatchedModel } from './watched-model.ts';

export type PeerLikeness = {
  readonly psnr: Spread;
  /** Mean over the calls of ‖y − y₃₂‖ / ‖y₃₂‖, of the peer's own fp32. */
  readonly difference: number;
};

export type PeerReport = {
  /** Its fp32 against ours: the same numbers, rounded in another order. */
  readonly fp32: Spread;
  /** Each against its own fp32. */
  readonly bf16: PeerLikeness;
  readonly int8: PeerLikeness;
};

type PeerComparison = {
  readonly model: WatchedModel;
  /** Without styles: a peer has none. */
  readonly requests: readonly GenerationRequest[];
  /** Over which a call's difference is measured. */
  readonly calls: readonly Feeds[];
  readonly python: string;
  /** The net's config.json. */
  readonly config: string;
  readonly say: (line: string) => void;
};

/** Throws `UserError` `quantize.python`. */
export async function drawBesidePeer({
  model,
  requests,
  calls,
  python,
  config,
  say,
}: PeerComparison): Promise<PeerReport> {
  const folder = await mkdtemp(join(tmpdir(), 'fourstep-peer-'));
  try {
    const peer = await openPeer({ python, config, weights: model.weights, folder });
    try {
      const drawn = async (form: PeerForm | undefined): Promise<readonly Picture[]> => {
        say(form === undefined ? 'drawing in fp32 …' : `drawing in OpenVINO's ${form} …`);
        return drawAll(model, requests, form === undefined ? undefined : { peer, form });
      };
      const own = await drawn(undefined);
      const exact = await drawn('fp32');
      const exactCalls = await answers(peer, 'fp32', calls);
      const likeness = async (form: PeerForm): Promise<PeerLikeness> => ({
        psnr: compared(requests, await drawn(form), exact),
        difference: meanDifference(await answers(peer, form, calls), exactCalls),
      });
      return { fp32: compared(requests, exact, own), bf16: await likeness('bf16'), int8: await likeness('int8') };
    } finally {
      await peer.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function drawAll(
  model: WatchedModel,
  requests: readonly GenerationRequest[],
  by: { readonly peer: Peer; readonly form: PeerForm } | undefined,
): Promise<readonly Picture[]> {
  const pictures: Picture[] = [];
  for (const request of requests) {
    const picture = await model.draw(request, async (feeds, own) =>
      by === undefined ? own() : { out_sample: { data: await by.peer.call(by.form, feeds), shape: [] } },
    );
    pictures.push(picture);
  }
  return pictures;
}

async function answers(peer: Peer, form: PeerForm, calls: readonly Feeds[]): Promise<readonly Float32Array[]> {
  const given: Float32Array[] = [];
  for (const feeds of calls) {
    given.push(await peer.call(form, feeds));
  }
  return given;
}

function compared(
  requests: readonly GenerationRequest[],
  given: readonly Picture[],
  exact: readonly Picture[],
): Spread {
  const psnr = (k: number) => psnrOf(given[k]?.data ?? new Uint8Array(), exact[k]?.data ?? new Uint8Array());
  return spreadOf(requests.map(({ prompt }, k) => ({ prompt, psnr: psnr(k) })));
}
