/** The app's manifest: the file in config/ is what the commands make, within Slack's limits. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';
import { z } from 'zod';

import { packageFolder } from '../../../config/paths.ts';
import { SCOPES, slackManifest } from '../../../src/adapters/slack/index.ts';

const manifestSchema = z.object({
  display_information: z.object({ name: z.string().max(35), description: z.string().max(140) }),
  features: z.object({
    slash_commands: z
      .array(
        z.object({
          command: z.string().regex(/^\/[a-z][a-z0-9_-]{0,31}$/),
          url: z.string().optional(),
          description: z.string().min(1).max(2000),
          usage_hint: z.string().min(1).max(1000).optional(),
          should_escape: z.literal(false),
        }),
      )
      .max(50),
    shortcuts: z
      .array(
        z.object({
          name: z.string().max(24),
          type: z.enum(['global', 'message']),
          callback_id: z.string().max(255),
          description: z.string().max(150),
        }),
      )
      .max(10),
  }),
  oauth_config: z.object({ scopes: z.object({ bot: z.array(z.string()), bot_optional: z.array(z.string()) }) }),
  settings: z.object({
    socket_mode_enabled: z.boolean(),
    interactivity: z.object({ request_url: z.string().optional() }),
  }),
});

describe('the manifest', () => {
  it('keeps within what Slack allows and asks for few scopes', () => {
    const manifest = manifestSchema.parse(slackManifest());
    expect(manifest.features.slash_commands.map(({ command }) => command)).toContain('/imagine');
    expect(manifest.features.shortcuts.map((shortcut) => shortcut.callback_id)).toEqual([
      'imagine',
      'upscale',
      'use',
      'info',
      'train',
    ]);
    expect(manifest.oauth_config.scopes.bot).toEqual(Object.keys(SCOPES));
    // Of what is said elsewhere nothing is read; what is said to the app alone has to be.
    expect(manifest.oauth_config.scopes.bot.filter((scope) => scope.includes('history'))).toEqual(['im:history']);
    expect(manifest.settings.socket_mode_enabled).toBe(true);
  });

  it('names our address everywhere in HTTP mode', () => {
    const manifest = manifestSchema.parse(slackManifest({ kind: 'http', publicUrl: 'https://bot.example.com/' }));
    const url = 'https://bot.example.com/slack/events';
    expect(new Set(manifest.features.slash_commands.map((command) => command.url))).toEqual(new Set([url]));
    expect(manifest.settings).toMatchObject({ socket_mode_enabled: false, interactivity: { request_url: url } });
  });

  it('lies in config/ as it is made', () => {
    const file = readFileSync(join(packageFolder, 'config/slack-manifest.json'), 'utf8');
    expect(JSON.parse(file)).toEqual(slackManifest());
  });
});
