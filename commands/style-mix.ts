/**
 * One style or several at their shares: `neon`, `neon:0.6`, `neon:0.6+ink:0.4`. A share multiplies the preset's own
 * weight. `formatStyleMix` is the inverse. Knows no presets.
 */
import { UserError } from '../src/core/errors.ts';

export type StyleShare = { readonly name: string; readonly share: number };

const MAX_STYLES = 4;

/** Throws `UserError` `style.mix` for what is no mix; '' gives none. */
export function parseStyleMix(text: string): readonly StyleShare[] {
  const parts = text.trim() === '' ? [] : text.split('+').map((part) => part.trim());
  const shares = parts.map((part) => {
    const match = /^(.+?)(?::(-?(?:\d+\.?\d*|\.\d+)))?$/u.exec(part);
    const share = Number(match?.[2] ?? 1);
    return { name: match?.[1]?.trim() ?? '', share };
  });
  if (shares.length > MAX_STYLES || shares.some(({ name, share }) => name === '' || Math.abs(share) > 2)) {
    throw new UserError(
      'style.mix',
      `Expected a style, or up to ${MAX_STYLES} like neon:0.6+ink:0.4 with shares up to 2; you wrote “${text}”.`,
      {
        params: { given: text, max: MAX_STYLES },
      },
    );
  }
  return shares;
}

export function formatStyleMix(shares: readonly StyleShare[]): string {
  return shares.map(({ name, share }) => (share === 1 ? name : `${name}:${share}`)).join('+');
}
