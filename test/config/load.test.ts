import { describe, expect, it } from 'vitest';

import { parseConfig } from '../../config/load.ts';
import { UserError } from '../../src/core/errors.ts';

describe('parseConfig', () => {
  it('gives every default where nothing is set', () => {
    const config = parseConfig({}, '/srv/bot');
    expect(config).toMatchObject({
      discord: undefined,
      slack: undefined,
      host: '127.0.0.1',
      port: 7777,
      dataFolder: '/srv/bot/data',
      storeUrl: undefined,
      model: 'moji',
      devices: ['cpu'],
      logLevel: 'info',
    });
  });

  it('counts a variable that is set to nothing as absent', () => {
    expect(parseConfig({ DISCORD_TOKEN: '', PORT: ' ' }, '/').port).toBe(7777);
    expect(parseConfig({ DISCORD_TOKEN: '' }, '/').discord).toBeUndefined();
  });

  it('names every variable that is off in one sentence', () => {
    const attempt = () => parseConfig({ PORT: 'many', STORE_URL: 'mysql://x', RUNNERS: 'gpu' }, '/');
    expect(attempt).toThrow(UserError);
    expect(attempt).toThrow(/PORT.*STORE_URL.*RUNNERS/s);
  });

  it('refuses a Redis among the runners whose address is none', () => {
    expect(() => parseConfig({ RUNNERS: 'redis://host:port' }, '/')).toThrow(/RUNNERS.*redis:\/\/host:port/);
    expect(parseConfig({ RUNNERS: 'rediss://:secret@host:6380' }, '/').devices).toEqual(['rediss://:secret@host:6380']);
  });

  it('keeps secrets out of its sentences', () => {
    expect(() => parseConfig({ OPERATOR_TOKEN: 'hunter2' }, '/')).toThrow(/^(?!.*hunter2).*OPERATOR_TOKEN/);
  });

  it('prefers Socket Mode, falls back to signed HTTP, and refuses a Slack token with neither', () => {
    const both = { SLACK_BOT_TOKEN: 'xoxb-1', SLACK_APP_TOKEN: 'xapp-1', SLACK_SIGNING_SECRET: 's' };
    expect(parseConfig(both, '/').slack?.transport.kind).toBe('socket');
    expect(parseConfig({ ...both, SLACK_APP_TOKEN: '' }, '/').slack?.transport.kind).toBe('http');
    expect(() => parseConfig({ SLACK_BOT_TOKEN: 'xoxb-1' }, '/')).toThrow(/SLACK_APP_TOKEN nor SLACK_SIGNING_SECRET/);
  });

  it('takes all of Discord’s shards, or a part of them where the store can be shared', () => {
    const discord = { DISCORD_TOKEN: 't' };
    const shared = { ...discord, STORE_URL: 'redis://h' };
    expect(parseConfig(discord, '/')).toMatchObject({ discord: { shards: 'auto' }, partition: undefined });
    expect(parseConfig({ ...discord, DISCORD_SHARDS: '4' }, '/')).toMatchObject({
      discord: { shards: { first: 0, last: 3, of: 4 } },
      partition: undefined,
    });
    expect(parseConfig({ ...shared, DISCORD_SHARDS: '2-3/4' }, '/').partition).toEqual({ first: 2, last: 3, of: 4 });
    const refused = (more: Readonly<Record<string, string>>) => () =>
      parseConfig({ ...discord, DISCORD_SHARDS: '2-3/4', ...more }, '/');
    expect(refused({})).toThrow(/^DISCORD_SHARDS .* embedded.* STORE_URL \(Redis or Postgres\)[^.]*\.$/);
    expect(refused({ STORE_URL: 'redis://h', DISCORD_PUBLIC_KEY: 'ab'.repeat(32) })).toThrow(/one address/);
    expect(refused({ DISCORD_SHARDS: '4-4/4' })).toThrow(/DISCORD_SHARDS: expected auto/);
  });

  it('lets workspaces of Slack install the app where client id, secret and key are all there', () => {
    const key = 'k'.repeat(32);
    const whole = { SLACK_CLIENT_ID: '1.2', SLACK_CLIENT_SECRET: 's', SECRET_KEY: key, SLACK_APP_TOKEN: 'xapp-1' };
    expect(parseConfig(whole, '/').slack).toMatchObject({
      botToken: undefined,
      install: { clientId: '1.2', clientSecret: 's', secretKey: key },
    });
    expect(() => parseConfig({ ...whole, SECRET_KEY: '' }, '/')).toThrow(/not SECRET_KEY/);
    expect(() => parseConfig({ ...whole, SLACK_CLIENT_SECRET: '' }, '/')).toThrow(/not SLACK_CLIENT_SECRET/);
    expect(() => parseConfig({ ...whole, SECRET_KEY: 'short' }, '/')).toThrow(/^(?!.*short).*SECRET_KEY/);
    expect(() => parseConfig({ ...whole, SLACK_APP_TOKEN: '' }, '/')).toThrow(/SLACK_CLIENT_ID is set, but neither/);
  });

  it('splits lists and drops trailing slashes of addresses', () => {
    const config = parseConfig(
      { RUNNERS: 'cuda:0, cpu', DISCORD_TOKEN: 't', DISCORD_API_URL: 'http://127.0.0.1:9/api/' },
      '/',
    );
    expect(config.devices).toEqual(['cuda:0', 'cpu']);
    expect(config.discord?.apiUrl).toBe('http://127.0.0.1:9/api');
  });
});
