/**
 * One entry of a work's stream: JSON for what is small, bytes as bytes for a picture or a LoRA. Both directions, as one pair.
 */
import { z } from 'zod';

import type { WorkEvent } from '../../core/work.ts';
import { wire, type WireError } from '../wire.ts';

export type Entry =
  | { readonly kind: 'event'; readonly event: WorkEvent }
  | { readonly kind: 'end' }
  | { readonly kind: 'error'; readonly error: WireError };

const head = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('event'), event: z.record(z.string(), z.unknown()) }),
  z.object({ kind: z.literal('end') }),
  z.object({ kind: z.literal('error'), error: wire.error }),
]);

/** Field names and values, as XADD takes them. */
export function packEntry(entry: Entry): (string | Buffer)[] {
  if (entry.kind === 'event' && entry.event.kind === 'learnt') {
    const { lora, ...event } = entry.event;
    return ['head', JSON.stringify({ kind: 'event', event }), 'data', bytesOf(lora)];
  }
  if (entry.kind !== 'event' || !('picture' in entry.event)) {
    return ['head', JSON.stringify(entry)];
  }
  const { picture, ...event } = entry.event;
  const { data, alpha, ...size } = picture;
  const packed = ['head', JSON.stringify({ kind: 'event', event: { ...event, picture: size } }), 'data', bytesOf(data)];
  return alpha === undefined ? packed : [...packed, 'alpha', bytesOf(alpha)];
}

/** The inverse; throws a `ZodError` or `SyntaxError` for what no runner of this version wrote. */
export function unpackEntry(fields: readonly Buffer[]): Entry {
  const field = (name: string) => {
    const at = fields.findIndex((value, k) => k % 2 === 0 && value.toString() === name);
    return at < 0 ? undefined : fields[at + 1];
  };
  const parsed = head.parse(JSON.parse(field('head')?.toString() ?? ''));
  if (parsed.kind !== 'event') {
    return parsed;
  }
  const data = field('data');
  const event = data === undefined ? parsed.event : withData(parsed.event, data, field('alpha'));
  return { kind: 'event', event: wire.event.parse(event) };
}

function withData(event: Readonly<Record<string, unknown>>, bytes: Buffer, alpha: Buffer | undefined): unknown {
  const data = new Uint8Array(bytes);
  return event['kind'] === 'learnt'
    ? { ...event, lora: data }
    : { ...event, picture: { ...Object(event['picture']), data, ...(alpha && { alpha: new Uint8Array(alpha) }) } };
}

function bytesOf({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}
