/** One browser at the page, over HTTP as its scripts speak it: acts, fills forms, presses, and sees what is there for it. */
import { vi } from 'vitest';

import { pictureFiles } from '../style-pictures.ts';
import { ask, cookiesOf, formOf, openedCookies } from './stub-page.ts';

const PATIENCE = { timeout: 40_000, interval: 20 };

export type Shown = {
  readonly id: string;
  readonly lines: readonly (readonly { readonly text?: string }[])[];
  readonly picture: { readonly url: string } | null;
  readonly rows: readonly (readonly { readonly kind: string; readonly id: string; readonly label: string }[])[];
};
type Form = { readonly id: string };

export const wordsOf = ({ lines }: Shown): string =>
  lines.map((line) => line.map(({ text = '' }) => text).join('')).join('\n');
export const labelsOf = ({ rows }: Shown): string =>
  rows
    .flat()
    .map(({ label }) => label)
    .join(' | ');

export class Visitor {
  readonly #url: () => string;
  readonly #cookie: string;

  /** `url`: of the page, which may have moved since. */
  constructor(url: () => string, cookie: string) {
    this.#url = url;
    this.#cookie = cookie;
  }

  async act(action: unknown, files: Readonly<Record<string, Buffer>> = {}) {
    const { body, headers } = formOf(action, files);
    const sent = { method: 'POST', headers: { ...headers, cookie: this.#cookie }, body };
    return ask(this.#url(), '/api/act', sent);
  }

  async form(action: unknown): Promise<Form> {
    return (JSON.parse((await this.act(action)).body) as { readonly form: Form }).form;
  }

  async sees(): Promise<readonly Shown[]> {
    const { body } = await ask(this.#url(), '/api/hello', { headers: { cookie: this.#cookie } });
    return (JSON.parse(body) as { readonly messages: readonly Shown[] }).messages;
  }

  async shown(part: string, id?: string, patience = PATIENCE): Promise<Shown> {
    return vi.waitFor(async () => {
      const all = await this.sees();
      const found = all.findLast((message) => wordsOf(message).includes(part) && (id ?? message.id) === message.id);
      if (found === undefined) {
        throw new Error(
          `"${part}" is in none of these:\n${all.map((each) => `${wordsOf(each)} [${labelsOf(each)}]`).join('\n')}`,
        );
      }
      return found;
    }, patience);
  }

  async press(label: string, message: Shown) {
    const button = message.rows.flat().find((each) => each.label === label);
    if (button === undefined) {
      throw new Error(`There is no ${label} among ${labelsOf(message)}.`);
    }
    return this.act({ kind: 'button', id: button.id, message: message.id });
  }

  async submit({ id }: Form, message: string | null, count: number, from = 0, sidePx = 48): Promise<void> {
    const files = (await pictureFiles(count, from, sidePx)).map(
      ({ data }, k) => [`pictures.${k}`, Buffer.from(data)] as const,
    );
    await this.act({ kind: 'form', id, message, fields: { word: 'mine, use them' } }, Object.fromEntries(files));
  }
}

/** Somebody who has shown the operator's token. */
export async function operatorAt(url: () => string, token: string): Promise<Visitor> {
  const cookie = await openedCookies(url());
  const body = `token=${encodeURIComponent(token)}`;
  const headers = {
    cookie,
    'content-type': 'application/x-www-form-urlencoded',
    'content-length': String(body.length),
  };
  const opened = await ask(url(), '/api/operator', { method: 'POST', headers, body });
  return new Visitor(url, `${cookie}; ${cookiesOf(opened.headers)}`);
}
