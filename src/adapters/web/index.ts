/** The page's public face. */
export { needsVisitorToken, type Access } from './access.ts';
export { createWebAdapter, type WebAdapter, type WebOptions } from './adapter.ts';
export type { PageLimits } from './limits.ts';
export type { AdminView } from './ports.ts';
