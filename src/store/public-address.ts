/**
 * Resolves a host name to public addresses only, and pins them: what was checked is what is connected to, so that a name
 * cannot change its mind between the two.
 */
import { lookup } from 'node:dns/promises';
import type { LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';
import { Agent, type Dispatcher, request } from 'undici';

export type PublicOptions = {
  /** Who may be connected to; for tests. */
  readonly isAllowedAddress?: (address: string) => boolean;
  readonly resolve?: ResolveHost;
  /** Another authority than the system's, in PEM. */
  readonly ca?: string;
  readonly signal: AbortSignal;
  readonly unreachable: (url: URL, cause: unknown) => Error;
  readonly isPrivate: (url: URL) => Error;
  /** It answered with that status instead. */
  readonly refused: (url: URL, status: number) => Error;
  /** Where a redirect leads. Throws for one that is not followed. */
  readonly redirected: (from: URL, location: string) => URL;
};

const TIMEOUT_MS = 60_000;
const MAX_REDIRECTS = 3;

/** What a host of the open internet answers in the end; it is read within `use`. */
export async function getPublic<T>(
  url: URL,
  options: PublicOptions,
  use: (answer: Dispatcher.ResponseData, url: URL) => Promise<T>,
  redirectsLeft = MAX_REDIRECTS,
): Promise<T> {
  const { resolve = resolveHost, isAllowedAddress = isPublicAddress, ca, signal, unreachable, isPrivate } = options;
  const addresses = await resolve(url.hostname.replace(/^\[|\]$/gu, '')).catch((error: unknown) => {
    throw unreachable(url, error);
  });
  if (addresses.length === 0 || !addresses.every(isAllowedAddress)) {
    throw isPrivate(url);
  }
  const agent = new Agent({
    connect: { lookup: pinned(addresses), ...(ca === undefined ? {} : { ca }) },
    connectTimeout: 10_000,
    headersTimeout: TIMEOUT_MS,
    bodyTimeout: TIMEOUT_MS,
  });
  try {
    const headers = { 'user-agent': 'fourstep' };
    const answer = await request(url, { dispatcher: agent, signal, headers }).catch((error: unknown) => {
      throw unreachable(url, error);
    });
    // A body that is thrown away reports that as an error, to nobody in particular.
    answer.body.on('error', () => undefined);
    const { statusCode, headers: told } = answer;
    if (statusCode >= 300 && statusCode < 400 && typeof told.location === 'string') {
      const next = options.redirected(url, told.location);
      if (redirectsLeft === 0) {
        throw unreachable(next, new Error('too many redirects'));
      }
      return await getPublic(next, options, use, redirectsLeft - 1);
    }
    if (statusCode !== 200) {
      throw options.refused(url, statusCode);
    }
    return await use(answer, url);
  } finally {
    await agent.destroy();
  }
}

export type ResolveHost = (host: string) => Promise<readonly string[]>;

export async function resolveHost(host: string): Promise<readonly string[]> {
  return (await lookup(host, { all: true })).map(({ address }) => address);
}

/** An address of the open internet: not private, loopback, link-local, carrier's, multicast, reserved or one of those wrapped in IPv6. */
export function isPublicAddress(text: string): boolean {
  if (!ipaddr.isValid(text)) {
    return false;
  }
  const address = ipaddr.process(text);
  return address.range() === 'unicast' && !hidesIpv4(address);
}

/** `::7f00:1` is 127.0.0.1 to some systems (IPv4-compatible, RFC 4291 2.5.5.1, out of use): nothing public lies there. */
function hidesIpv4(address: ReturnType<typeof ipaddr.process>): boolean {
  return (
    address.kind() === 'ipv6' &&
    address
      .toByteArray()
      .slice(0, 12)
      .every((byte) => byte === 0)
  );
}

/** A `lookup` for sockets that knows these addresses and nothing else. */
export function pinned(addresses: readonly string[]): LookupFunction {
  return (_host, options, answer) => {
    const found = addresses.map((address) => ({ address, family: ipaddr.parse(address).kind() === 'ipv6' ? 6 : 4 }));
    const [first] = found;
    if (first === undefined) {
      answer(new Error('no address'), '', 4);
    } else if (options.all === true) {
      answer(null, found);
    } else {
      answer(null, first.address, first.family);
    }
  };
}
