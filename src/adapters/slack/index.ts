/** Slack's public face. */
export { createSlackAdapter, type SlackAdapter, type SlackAdapterOptions } from './adapter.ts';
export { EVENTS_PATH } from './http.ts';
export { type ManifestTransport, OPTIONAL_SCOPES, SCOPES, slackManifest } from './manifest.ts';
