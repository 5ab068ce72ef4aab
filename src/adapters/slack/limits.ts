/**
 * What Slack allows, in one table: used by the renderer, the transport and the tests. Numbers are characters unless the
 * name has a unit; from Slack's reference pages on blocks, views, interactivity and the Web API's rate limits.
 */
export const LIMITS = {
  blocksPerMessage: 50,
  blocksPerView: 100,
  elementsPerActions: 25,
  elementsPerContext: 10,
  /** A text object in a section or context block. */
  text: 3000,
  /** The text beside the blocks: notifications and screen readers; `chat.update` refuses more than 4000. */
  fallbackText: 3000,
  buttonText: 75,
  buttonValue: 2000,
  actionId: 255,
  blockId: 255,
  selectPlaceholder: 150,
  selectOptions: 100,
  radioOptions: 10,
  optionText: 75,
  optionValue: 150,
  altText: 2000,
  formFiles: 10,
  viewTitle: 24,
  viewSubmit: 24,
  callbackId: 255,
  privateMetadata: 3000,
  inputLabel: 2000,
  inputHint: 2000,
  /** `plain_text_input`: what a person may type into one field. */
  inputText: 3000,
  responseUrlPosts: 5,
  responseUrlMs: 30 * 60 * 1000,
  /** Signed requests may be this much older or newer than our clock. */
  signatureSkewMs: 5 * 60 * 1000,
  /** The largest event we read over HTTP. */
  bodyBytes: 2 * 1024 * 1024,
  /** One without a signature: `ssl_check=1` and little else. */
  probeBytes: 4096,
  /** Of one file in a form's `file_input`. */
  formFileMb: 10,
  /** What a file may weigh on Slack. */
  fileBytes: 1_000_000_000,
  /** The first part of a slash command's usage hint that the manifest accepts. */
  usageHint: 1000,
  commandDescription: 2000,
  shortcutName: 24,
  shortcutDescription: 150,
} as const;
