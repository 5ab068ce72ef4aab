/** A report of `fourstep bench unet` as lines for a person. */
import type { BenchUnetReport } from './bench-unet.ts';

export function renderBenchUnet(report: BenchUnetReport): string {
  const { floorSeconds, stepSeconds } = report;
  const row = (name: string, seconds: number): string =>
    `  ${name.padEnd(34)} ${seconds.toFixed(2).padStart(7)} s   ${(seconds / floorSeconds).toFixed(2)} × floor`;
  return [
    `${report.arch} at ${report.side}²: ${(report.parameters / 1e6).toFixed(1)} M parameters, ${report.gflop.toFixed(0)} GFLOP a call`,
    ...report.kernels.map(
      ({ name, gflopPerSecond }) => `  ${name.padEnd(34)} ${gflopPerSecond.toFixed(0).padStart(7)} GFLOP/s`,
    ),
    row('floor (best kernel)', floorSeconds),
    row(`fourstep, ${report.precision}`, stepSeconds.throughput),
    row('fourstep, fast start', stepSeconds.fast),
    ...Object.entries(report.peers)
      .filter(([name]) => !isPicture(name))
      .map(([name, { seconds }]) => row(name, seconds)),
    ...differences(report),
    `  session start                      ${report.sessionStartSeconds.throughput.toFixed(2).padStart(7)} s   fast: ${report.sessionStartSeconds.fast.toFixed(2)} s, its first step ${report.firstStepAfterFastStartSeconds.toFixed(2)} s`,
    `  preparing weights, once            ${report.transformSeconds.toFixed(1).padStart(7)} s`,
    ...report.styles.overhead.map(
      ({ rank, ratio }) =>
        `  LoRA rank ${String(rank).padEnd(24)} ${(ratio * 100).toFixed(1).padStart(7)} %${report.styles.startup === 'fast' ? ' (both started fast)' : ''}`,
    ),
    `  style switch                       ${report.styles.styleSwitch.warmMs.toFixed(2).padStart(7)} ms  one that was not used yet: ${report.styles.styleSwitch.firstMs.toFixed(0)} ms, of them merging ${report.styles.styleSwitch.mergeMs.toFixed(0)} ms`,
    `  decoding a picture                 ${report.decoderSeconds.throughput.toFixed(2).padStart(7)} s   direct convolutions: ${report.decoderSeconds.direct.toFixed(2)} s`,
    ...pictures(report),
    `  peak memory                        ${report.peakMemoryGb.toFixed(1).padStart(7)} GB`,
  ].join('\n');
}

/** As peers.py calls them. */
function isPicture(peer: string): boolean {
  return peer.startsWith('picture ');
}

function pictures({ pictureSeconds, precision, peers }: BenchUnetReport): readonly string[] {
  const theirs = Object.entries(peers).flatMap(([name, { seconds }]) =>
    isPicture(name) ? [[name.replace('picture', 'OpenVINO'), seconds] as const] : [],
  );
  const all = pictureSeconds === undefined ? [] : [[`fourstep, ${precision}`, pictureSeconds] as const, ...theirs];
  return all.map(([name, seconds]) => `  ${`a picture, four steps: ${name}`.padEnd(45)} ${seconds.toFixed(2)} s`);
}

function differences({ difference, peers, precision }: BenchUnetReport): readonly string[] {
  const all = [
    ...(difference === undefined ? [] : [[`fourstep, ${precision}`, difference] as const]),
    ...Object.entries(peers).flatMap(([name, { difference: theirs }]) =>
      theirs === undefined ? [] : [[name, theirs] as const],
    ),
  ];
  return all.map(([name, l2]) => `  ${`${name}: from fp32`.padEnd(34)} ${l2.toFixed(4).padStart(7)} relative L2`);
}
