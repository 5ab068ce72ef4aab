/** Options that people know from other tools, and what comes nearest to each here: an option of ours, or nothing. */

const NEAREST: Readonly<Record<string, string>> = {
  q: 'quality',
  stop: 'steps',
  s: 'guidance',
  stylize: 'guidance',
  cfg_scale: 'guidance',
  iw: 'strength',
  denoise: 'strength',
  sref: 'style',
  p: 'style',
  profile: 'style',
  lora: 'style',
  repeat: 'count',
  r: 'count',
  batch: 'count',
  w: 'size',
  h: 'size',
  width: 'size',
  height: 'size',
  sameseed: 'seed',
};
/** The model is the server's choice, and there is one speed. */
const NOTHING = ['v', 'version', 'niji', 'fast', 'relax', 'turbo', 'draft', 'raw', 'hd', 'test', 'testp', 'beta'];

/** `undefined`: no option of another tool that we know; `nearest` is undefined where there is nothing of the kind here. */
export function foreignOption(name: string): { readonly nearest: string | undefined } | undefined {
  const given = name.toLowerCase();
  if (NOTHING.includes(given)) {
    return { nearest: undefined };
  }
  return Object.hasOwn(NEAREST, given) ? { nearest: NEAREST[given] } : undefined;
}
