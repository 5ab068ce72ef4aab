/** One line of `fourstep doctor`. */
export type Finding = { readonly mark: 'ok' | 'off' | 'warn' | 'BAD'; readonly what: string; readonly detail: string };

export function finding(mark: Finding['mark'], what: string, detail: string): Finding {
  return { mark, what, detail };
}

export function failed(what: string, error: unknown): Finding {
  return finding('BAD', what, error instanceof Error ? error.message : String(error));
}
