/** The report of `bench device` as lines for people. */
import { hasFailed, STYLINGS, type DeviceReport, type Figures } from './report.ts';

export function printReport(report: DeviceReport): readonly string[] {
  const { device, card, forms, model, width, height, unet, decode, text, pictures, memory, torch } = report;
  const calls: readonly (readonly [string, readonly Figures[]])[] = [
    ...STYLINGS.map((styling) => [`UNet, ${styling}`, unet[styling]] as const),
    ['decoder, full', decode.full],
    ['decoder, tiny', decode.tiny],
  ];
  return [
    `${model} at ${width}x${height} on ${device}${card === undefined ? '' : ` (${card})`}: ${forms}`,
    ...table([
      ['call', 'rows', 'median ms', 'ms a row', 'best', 'worst', 'first', 'sent MB'],
      ...calls.flatMap(([name, all]) => all.map((figures) => callRow(name, figures))),
    ]),
    text === undefined || hasFailed(text)
      ? `  text: ${text?.error ?? 'left out'}`
      : `  text: ${text.medianMs.toFixed(1)} ms a prompt, the first ${text.firstMs.toFixed(0)} ms`,
    ...pictures.map((figures) =>
      hasFailed(figures)
        ? `  pictures, ${figures.rows} at once: ${figures.error}`
        : `  pictures, ${figures.rows} at once: ${figures.picturesPerSecond.toFixed(2)} a second`,
    ),
    `  memory (${memory.source}): ${mb(memory.usedBytes)} MB, of them weights ${mb(memory.weightBytes)} MB; room for ${rowsWords(report.mostRows)} a call`,
    ...(torch === undefined ? [] : torchLines(report, torch)),
    report.rowsWorthTheirWait === undefined
      ? '  no count of rows could be measured'
      : `  ${rowsWords(report.rowsWorthTheirWait)} a call are worth their wait${report.curveFile === undefined ? '' : `; drawing goes by ${report.curveFile}`}`,
    ...(report.leftOut.length === 0 ? [] : [`  left out, for the time was over: ${report.leftOut.join('; ')}`]),
  ];
}

function torchLines(
  { differenceFromTorch }: DeviceReport,
  torch: NonNullable<DeviceReport['torch']>,
): readonly string[] {
  const calls = Object.entries(torch.unet).flatMap(([numbers, byRows]) =>
    Object.entries(byRows).map(([rows, figures]) =>
      'error' in figures
        ? `  torch ${numbers}, ${rows} rows: ${figures.error}`
        : `  torch ${numbers}, ${rows} rows: ${figures.medianMs.toFixed(1)} ms`,
    ),
  );
  return [
    `  torch ${torch.torch} on ${torch.device}; our UNet differs from its fp32 by ${differenceFromTorch?.toExponential(1) ?? '?'} (relative L2)`,
    ...calls,
    ...Object.entries(torch.pictures).map(
      ([rows, each]) => `  torch, pictures, ${rows} at once: ${each.toFixed(2)} a second`,
    ),
  ];
}

function callRow(name: string, figures: Figures): readonly string[] {
  if (hasFailed(figures)) {
    return [name, String(figures.rows), figures.error, '', '', '', '', ''];
  }
  const { rows, medianMs, bestMs, worstMs, firstMs, uploadedBytes } = figures;
  const ms = [medianMs, medianMs / rows, bestMs, worstMs, firstMs].map((each) => each.toFixed(1));
  return [name, String(rows), ...ms, (uploadedBytes / 1e6).toFixed(2)];
}

/** Of a small model; nobody asks for so many. */
const MANY_ROWS = 64;

function rowsWords(rows: number): string {
  return rows > MANY_ROWS ? `more than ${MANY_ROWS} rows` : rows === 1 ? '1 row' : `${rows} rows`;
}

function mb(bytes: number): string {
  return (bytes / 1e6).toFixed(0);
}

function table(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => Math.min(row[column]?.length ?? 0, 16))),
  );
  return rows.map(
    (row) =>
      `  ${row
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
        .join('  ')
        .trimEnd()}`,
  );
}
