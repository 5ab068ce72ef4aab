/** Slack's public face. */
export { createSlackAdapter, type SlackAdapter } from './adapter.ts';
export { checkInstallations, checkSlack } from './check.ts';
export { EVENTS_PATH } from './http.ts';
export { SCOPES, slackManifest } from './manifest.ts';
