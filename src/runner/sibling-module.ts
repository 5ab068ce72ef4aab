/**
 * The URL of a module beside the asking one, with the ending that the asking one has: `.ts` from sources, `.js` once
 * compiled. For programs and threads, which are started by URL and not imported.
 */
export function siblingModule(name: string, askingUrl: string): URL {
  return new URL(`./${name}${askingUrl.endsWith('.ts') ? '.ts' : '.js'}`, askingUrl);
}
