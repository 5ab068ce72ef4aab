/**
 * `npm run bench:page [-- --json]`: how well the page keeps up with the hand, measured in a browser on the built program.
 * A picture counts when a finished one of another state is in the page. Times are given in units of one warm drawing of
 * the recipe used, as the engine itself reports it in the same run, so that they mean the same on every machine.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { type BarePage, openBarePage } from '../support/web/bare-browser.ts';
import { noBrowser } from '../support/web/browser.ts';
import { startBot } from '../support/web/started-bot.ts';

const SENTENCE = 'a red fox beside a blue tree at dawn'.slice(0, 35);
const KEY_MS = 120;
const DRAG_MS = 2000;
/** A frame: a browser takes what a hand does together up to then. */
const MOVE_MS = 16;
const WARM_DRAWINGS = 15;

type Shown = { readonly state: string; readonly atMs: number };
type Asked = { readonly state: string; readonly atMs: number };
type Follow = {
  readonly p50: number;
  readonly p95: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly shown: number;
  readonly possible: number;
  readonly share: number;
};

async function main(): Promise<void> {
  if (noBrowser !== undefined) {
    throw new Error(noBrowser);
  }
  const folder = mkdtempSync(join(tmpdir(), 'fourstep-bench-page-'));
  const bot = await startBot(folder);
  let page: BarePage | undefined;
  try {
    page = await openBarePage(bot.url, { width: 1280, height: 860 });
    await sleep(3000); // the styles' own pictures are drawn
    await watch(page);
    const unitMs = await warmDrawingMs(page, {});
    const typing = follow(await type(page), unitMs);
    await page.evaluate(`document.querySelector('#styles [data-style=neon]').click()`);
    await page.evaluate(`document.querySelector('#styles [data-style=ink]').click()`);
    await page.until(`document.querySelector('#canvas[data-kind=final][data-state*="+ink"]') !== null`);
    const mixedMs = await warmDrawingMs(page, { style: 'neon:0.5+ink:0.5' });
    const dragging = follow(await drag(page), mixedMs);
    print({ unitMs: round(unitMs), mixedMs: round(mixedMs), typing, dragging });
  } finally {
    await page?.close();
    await bot.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Notes in the page when each state is asked for and when a picture of it is there. */
async function watch(page: BarePage): Promise<void> {
  await page.evaluate(`(() => {
    window.shown = [];
    window.asked = [];
    const canvas = document.getElementById('canvas');
    new MutationObserver(() => {
      if (window.shown.at(-1)?.state !== canvas.dataset.state) {
        window.shown.push({ state: canvas.dataset.state, atMs: performance.now() });
      }
    }).observe(canvas, { attributes: true, attributeFilter: ['data-state'] });
    const note = () => window.asked.push({
      state: document.getElementById('prompt').value.trim() + '|' + document.getElementById('mix').value,
      atMs: performance.now(),
    });
    document.getElementById('prompt').addEventListener('input', note);
    document.getElementById('mix').addEventListener('input', note);
  })()`);
}

/** Median of the engine's own time for a draft, each of other words, one after the other. */
async function warmDrawingMs(page: BarePage, more: Record<string, string>): Promise<number> {
  const times: number[] = [];
  for (let index = 0; index < WARM_DRAWINGS; index += 1) {
    const request = { isDraft: true, options: { prompt: `a fox ${index}`, seed: 7, ...more } };
    const ms = await page.evaluate(`(async () => {
      const body = new FormData();
      body.set('request', ${JSON.stringify(JSON.stringify(request))});
      const text = await (await fetch('/api/live', { method: 'POST', body })).text();
      const picture = text.trim().split('\\n').find((line) => line.includes('"picture"'));
      if (picture === undefined) {
        throw new Error('no picture came: ' + text);
      }
      return JSON.parse(picture).ms;
    })()`);
    times.push(Number(ms));
  }
  return median(times.slice(3));
}

async function type(page: BarePage): Promise<readonly [readonly Asked[], readonly Shown[]]> {
  await page.evaluate(`document.getElementById('prompt').focus()`);
  await page.evaluate('window.shown.length = window.asked.length = 0');
  for (const letter of SENTENCE) {
    page.press(letter);
    await sleep(KEY_MS);
  }
  return notes(page);
}

async function drag(page: BarePage): Promise<readonly [readonly Asked[], readonly Shown[]]> {
  const box = await page.evaluate(`(() => {
    const { x, y, width, height } = document.getElementById('mix').getBoundingClientRect();
    return { x, y, width, height };
  })()`);
  const { x, y, width, height } = box as { x: number; y: number; width: number; height: number };
  const at = (share: number, type: 'mousePressed' | 'mouseMoved' | 'mouseReleased'): void =>
    page.move({ type, x: x + width * share, y: y + height / 2 });
  at(0.5, 'mousePressed');
  await page.evaluate('window.shown.length = window.asked.length = 0');
  const began = performance.now();
  for (let share = 0; share < 1; share = (performance.now() - began) / DRAG_MS) {
    at(0.5 + 0.45 * Math.sin(share * 2 * Math.PI), 'mouseMoved'); // a hand does not wait for the page
    await sleep(MOVE_MS);
  }
  at(0.5, 'mouseReleased');
  return notes(page);
}

async function notes(page: BarePage): Promise<readonly [readonly Asked[], readonly Shown[]]> {
  await page.until(`document.querySelector('#canvas[data-kind=final]') !== null`);
  await sleep(600);
  const noted = await page.evaluate('({ asked: window.asked, shown: window.shown })');
  const { asked, shown } = noted as { readonly asked: Asked[]; readonly shown: Shown[] };
  return [asked, shown];
}

/** Key to picture: until a picture of this state, or of a later one, is there. */
function follow([asked, shown]: readonly [readonly Asked[], readonly Shown[]], unitMs: number): Follow {
  const states = asked.filter((each, index) => each.state !== asked[index - 1]?.state);
  const times = shown.map(({ state, atMs }) => ({ at: lastAskedBefore(states, state, atMs), atMs }));
  const latencies = states.map(({ atMs }, index) => {
    const picture = times.find((each) => each.at >= index && each.atMs >= atMs);
    return (picture?.atMs ?? Number.POSITIVE_INFINITY) - atMs;
  });
  const last = states.at(-1)?.atMs ?? 0;
  const count = shown.filter(({ atMs }) => atMs <= last + unitMs).length;
  const possible = drawnAlone(states, unitMs);
  const [p50Ms, p95Ms] = [quantile(latencies, 0.5), quantile(latencies, 0.95)];
  return {
    p50: round(p50Ms / unitMs),
    p95: round(p95Ms / unitMs),
    p50Ms: round(p50Ms),
    p95Ms: round(p95Ms),
    shown: count,
    possible: round(possible),
    share: round(count / possible),
  };
}

/** Pictures that an engine without anything around it draws until a drawing after the last state: the newest one each time. */
function drawnAlone(states: readonly Asked[], unitMs: number): number {
  const end = (states.at(-1)?.atMs ?? 0) + unitMs;
  let pictures = 0;
  let drawn = -1;
  for (let atMs = states[0]?.atMs ?? end; atMs + unitMs <= end; pictures += 1) {
    drawn = states.findLastIndex((each) => each.atMs <= atMs);
    atMs = Math.max(atMs + unitMs, states[drawn + 1]?.atMs ?? Number.POSITIVE_INFINITY);
  }
  return pictures;
}

/** Which of the states that were asked for a picture is of: the newest one with its words and mix. */
function lastAskedBefore(states: readonly Asked[], state: string, atMs: number): number {
  const [options] = JSON.parse(state) as [{ readonly prompt: string; readonly style?: string }];
  return states.findLastIndex((each) => each.atMs <= atMs && matches(each.state, options));
}

function matches(asked: string, { prompt, style = '' }: { readonly prompt: string; readonly style?: string }): boolean {
  const [words, mix = '50'] = asked.split('|');
  const share = Number(mix) / 100;
  const second = /\+ink(?::([\d.]+))?$/.exec(style);
  const drawn = style === 'neon' ? 0 : style === 'ink' || style === '' ? 1 : Number(second?.[1] ?? 1);
  return words === prompt && (style === '' || Math.abs(drawn - share) < 0.005);
}

function print(result: {
  readonly unitMs: number;
  readonly mixedMs: number;
  readonly typing: Follow;
  readonly dragging: Follow;
}): void {
  if (process.argv.includes('--json')) {
    say(JSON.stringify(result));
    return;
  }
  const line = (name: string, each: Follow, unitMs: number): string =>
    `${name}: key to picture p50 ${each.p50}, p95 ${each.p95} drawings (${each.p50Ms}, ${each.p95Ms} ms; one is ${unitMs} ms); ` +
    `${each.shown} pictures of ${each.possible} possible (${Math.round(each.share * 100)} %)`;
  say(line('typing', result.typing, result.unitMs));
  say(line('dragging', result.dragging, result.mixedMs));
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

await main();
