/** What the local page allows: one table, used by the parser, the renderer and the tests. */
export const LIMITS = {
  /** One request with its files, in bytes. */
  bodyBytes: 300 * 1024 * 1024,
  /** What one answer's picture may weigh. */
  pictureBytes: 25 * 1024 * 1024,
  /** Messages kept, the oldest forgotten first. */
  messages: 200,
  promptCharacters: 2000,
  idCharacters: 100,
  /** Browsers that listen at the same time. */
  listeners: 64,
} as const;
