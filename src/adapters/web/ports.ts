/** What the page shows beside the chat, and who gives it. */
import type { Gallery, LiveDrawing } from '../../core/live.ts';
import type { Locale, ServerKey } from '../../core/people.ts';

export type HealthView = {
  live(): { readonly isOk: boolean; readonly body: Record<string, unknown> };
  ready(): { readonly isOk: boolean; readonly body: Record<string, unknown> };
  metrics(): Promise<{ readonly contentType: string; readonly text: string }>;
};

/** What the admin's panel shows, as JSON rows; the composition root gathers it from store, queue and runners. */
export interface AdminView {
  /** Section → rows of words. */
  overview(server: ServerKey, locale: Locale): Promise<Readonly<Record<string, readonly (readonly string[])[]>>>;
}

export type WebPorts = {
  readonly live: LiveDrawing;
  readonly gallery: Gallery;
  readonly admin: AdminView;
  /** One line on what can be drawn here. */
  readonly modelLine: (server: ServerKey, locale: Locale) => Promise<string>;
  readonly health: HealthView;
  /** Told the code of every refusal, for figures. */
  readonly onRefused?: (code: string) => void;
};
