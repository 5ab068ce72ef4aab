/** One line of `fourstep doctor`. */
export type Finding = { readonly mark: 'ok' | 'off' | 'warn' | 'BAD'; readonly what: string; readonly detail: string };

export function failed(what: string, error: unknown): Finding {
  return { mark: 'BAD', what, detail: error instanceof Error ? error.message : String(error) };
}
