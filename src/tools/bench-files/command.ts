/**
 * `fourstep bench files`: what full-size files cost. Peak memory of opening each kind of checkpoint, beside an ordinary fp16
 * one, and the time of merging each kind of LoRA, beside an ordinary one.
 */
import type { BenchFilesOptions, Streams } from '../../adapters/cli/actions.ts';
import { measureMerging } from './merging.ts';
import { measureOpening } from './opening.ts';

export async function run({ only, json }: BenchFilesOptions, { print, warn }: Streams): Promise<void> {
  const say = (report: object, words: string): void => print(json === true ? JSON.stringify(report) : words);
  if (only !== 'merging') {
    warn('opening checkpoints of each kind …');
    let ordinary: { readonly opened: number; readonly drawn: number } | undefined;
    for await (const report of measureOpening()) {
      const { opened, drawn } = report.peakMb;
      ordinary ??= report.peakMb;
      say(
        report,
        `${report.name}: opening peaks at ${opened.toFixed(0)} MB (${(opened / ordinary.opened).toFixed(2)} times), drawing at ${drawn.toFixed(0)} MB (${(drawn / ordinary.drawn).toFixed(2)})`,
      );
    }
  }
  if (only !== 'opening') {
    warn('merging LoRAs of each kind …');
    let ordinary: { readonly seconds: number; readonly cpuSeconds: number } | undefined;
    for await (const report of measureMerging()) {
      const { seconds, cpuSeconds } = report;
      ordinary ??= report;
      say(
        report,
        `${report.name}: ${seconds.toFixed(1)} s (${(seconds / ordinary.seconds).toFixed(2)} times), ${cpuSeconds.toFixed(1)} CPU seconds (${(cpuSeconds / ordinary.cpuSeconds).toFixed(2)})`,
      );
    }
  }
}
