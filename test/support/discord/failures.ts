/**
 * What the stand-in answers when it refuses: HTTP status, Discord's own error code and sentence. Knows no route.
 */
import type { z } from 'zod';

export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly status: number;
  readonly code: number;
  readonly details: unknown;

  constructor(status: number, code: number, message: string, details?: unknown) {
    super(message);
    this.status = status;
    this.code = code;
    this.details = details;
  }
}

export const refusals = {
  unauthorized: () => new Refusal(401, 0, '401: Unauthorized'),
  noRoute: () => new Refusal(404, 0, '404: Not Found'),
  unknownUser: () => new Refusal(404, 10_013, 'Unknown User'),
  unknownChannel: () => new Refusal(404, 10_003, 'Unknown Channel'),
  unknownMessage: () => new Refusal(404, 10_008, 'Unknown Message'),
  unknownEmoji: () => new Refusal(404, 10_014, 'Unknown Emoji'),
  unknownWebhook: () => new Refusal(404, 10_015, 'Unknown Webhook'),
  unknownInteraction: () => new Refusal(404, 10_062, 'Unknown interaction'),
  emojiFull: () => new Refusal(400, 30_008, 'Maximum number of emojis reached (50)'),
  stickersFull: () => new Refusal(400, 30_039, 'Maximum number of stickers reached (50)'),
  tooLarge: () => new Refusal(413, 40_005, 'Request entity too large'),
  alreadyAcknowledged: () => new Refusal(400, 40_060, 'Interaction has already been acknowledged.'),
  tooManyFollowUps: () => new Refusal(403, 40_094, 'This interaction has reached the maximum number of follow-ups.'),
  missingAccess: () => new Refusal(403, 50_001, 'Missing Access'),
  notTheAuthor: () => new Refusal(403, 50_005, 'Cannot edit a message authored by another user'),
  emptyMessage: () => new Refusal(400, 50_006, 'Cannot send an empty message'),
  noDirect: () => new Refusal(403, 50_007, 'Cannot send messages to this user'),
  archivedThread: () => new Refusal(400, 50_083, 'Thread is archived'),
  missingPermissions: () => new Refusal(403, 50_013, 'Missing Permissions'),
  expiredToken: () => new Refusal(401, 50_027, 'Invalid Webhook Token'),
  invalidBody: (details: unknown) => new Refusal(400, 50_035, 'Invalid Form Body', details),
  entryPointLeftOut: () =>
    new Refusal(400, 50_240, "You cannot remove this app's Entry Point command in a bulk update operation."),
  invalidJson: () => new Refusal(400, 50_109, 'The request body contains invalid JSON.'),
} as const;

/** Parses, or refuses as Discord does: 50035 with the path of every offence. */
export function obey<T>(rule: z.ZodType<T>, value: unknown): T {
  const result = rule.safeParse(value);
  if (result.success) {
    return result.data;
  }
  throw refusals.invalidBody(result.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`));
}
