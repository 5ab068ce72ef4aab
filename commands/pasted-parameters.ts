/**
 * A picture's parameters as the web UIs write them beside it, pasted into a prompt: the words, `Negative prompt: …`, then
 * `Steps: 20, Sampler: …, CFG scale: 7, Seed: 5, Size: 512x768, …`. Chats may have made one line of it. Pure.
 */
export type PastedParameters = {
  readonly prompt: string;
  readonly negative: string | undefined;
  readonly seed: number | undefined;
  readonly steps: number | undefined;
  readonly guidance: number | undefined;
  readonly size: { readonly width: number; readonly height: number } | undefined;
};

const NEGATIVE = /(?:^|\s)Negative prompt:\s*/u;
const SETTINGS = /(?:^|\s)(?=Steps: *\d+ *,)/u;
/** What people can ask for elsewhere, too. */
const LARGEST_SEED = 4_294_967_295;

/** Undefined for words that only look like words. */
export function parsePastedParameters(text: string): PastedParameters | undefined {
  const [words = '', ...settingsParts] = text.split(SETTINGS);
  const [prompt = '', ...negativeParts] = words.split(NEGATIVE);
  if (settingsParts.length === 0 && negativeParts.length === 0) {
    return undefined;
  }
  const settings = settingsOf(settingsParts.join(' '));
  const [width, height] = (settings.get('size')?.match(/^(\d+)x(\d+)$/u) ?? []).slice(1).map(Number);
  const seed = wholeNumber(settings.get('seed'));
  const guidance = Number(settings.get('cfg scale') ?? NaN);
  return {
    prompt: prompt.trim(),
    negative: negativeParts.length === 0 ? undefined : negativeParts.join(' ').trim(),
    seed: seed !== undefined && seed <= LARGEST_SEED ? seed : undefined,
    steps: wholeNumber(settings.get('steps')),
    guidance: Number.isFinite(guidance) ? guidance : undefined,
    size: width === undefined || height === undefined ? undefined : { width, height },
  };
}

/** `Key: value` by commas; a value in quotes may hold commas. */
function settingsOf(text: string): ReadonlyMap<string, string> {
  const pairs = text.matchAll(/\s*(?<key>[\w ]+):\s*(?<value>"(?:\\.|[^"\\])*"|[^,]*)(?:,|$)/gu);
  return new Map(
    Array.from(pairs, ({ groups }) => [groups?.['key']?.trim().toLowerCase() ?? '', groups?.['value']?.trim() ?? '']),
  );
}

function wholeNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\d+$/u.test(text) ? Number(text) : undefined;
}
