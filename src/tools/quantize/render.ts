/** What `fourstep quantize --report` found, in words. */
import type { PeerReport } from './beside-peer.ts';
import type { LayerReport } from './layers.ts';
import { type Likeness, type Spread, TURNED_PSNR } from './pictures.ts';

const SHOWN_LAYERS = 12;

export type Flip = { readonly median: number; readonly worst: number };

export type Whole = Likeness & {
  readonly model: string;
  readonly style: string | undefined;
  readonly flip: Flip | undefined;
  /** Relative L2 of a call in 8 bits from the call in fp32. */
  readonly difference: number;
  readonly peer: PeerReport | undefined;
  readonly sweep: LayerReport | undefined;
};

export function render(whole: Whole): string {
  const { model, style, pictures, psnr, flip, difference, denoiseMs, peer, sweep } = whole;
  return [
    `${model}${style === undefined ? '' : ` in ${style}`} in 8 bits against fp32, ${pictures} pictures: PSNR ${spread(psnr)}:`,
    ...psnr.lowest.map((each) => `    ${each.psnr.toFixed(1).padStart(5)} ("${each.prompt}")`),
    ...(flip === undefined
      ? []
      : [`  FLIP ${flip.median.toFixed(4)} in the median, ${flip.worst.toFixed(4)} at worst`]),
    `  a call of the UNet differs by ${percent(difference).trim()} (relative L2)`,
    `  denoising one picture: ${denoiseMs.int8.toFixed(0)} ms, in fp32 ${denoiseMs.fp32.toFixed(0)}`,
    ...(peer === undefined ? [] : renderPeer(peer)),
    ...(sweep === undefined ? [] : renderSweep(sweep)),
  ].join('\n');
}

function spread({ median, tenthLowest, turned, lowest }: Spread): string {
  const [worst] = lowest;
  return `${median.toFixed(1)} dB in the median, the tenth lowest ${tenthLowest.toFixed(1)}, at worst ${worst?.psnr.toFixed(1)}, ${turned} below ${TURNED_PSNR}`;
}

function renderPeer({ fp32, ...forms }: PeerReport): readonly string[] {
  return [
    '  the same pictures with the same weights in OpenVINO, against its own fp32:',
    ...(['bf16', 'int8'] as const).map(
      (form) => `    ${form}: ${spread(forms[form].psnr)}; a call differs by ${percent(forms[form].difference).trim()}`,
    ),
    `    its fp32 against ours: ${spread(fp32)}`,
  ];
}

const percent = (ratio: number): string => `${(100 * ratio).toFixed(2)} %`.padStart(8);

function renderSweep({ all, kinds, layers }: LayerReport): readonly string[] {
  const row = (kind: string, count: number, cells: readonly number[]): string =>
    `    ${kind.padEnd(32)} ${String(count).padStart(4)} ${cells.map(percent).join(' ')}`;
  return [
    '  a call of the UNet by kind of layer: relative L2 with the whole kind in 8 bits, with its worst layer, time saved:',
    ...kinds.map(({ kind, count, difference, worst, gain }) => row(kind, count, [difference, worst, gain])),
    row('all', all.count, [all.difference, layers[0]?.difference ?? 0, all.gain]),
    '  the layers that cost most:',
    ...layers.slice(0, SHOWN_LAYERS).map(({ layer, difference }) => `    ${percent(difference)}   ${layer}`),
  ];
}
