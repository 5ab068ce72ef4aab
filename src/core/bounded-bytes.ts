/** Bytes that come from somewhere, counted while they come. Knows neither whence nor what they are. */

/** Passes them on; throws what `tooMany` makes of their number once there are more than `limitBytes`. */
export async function* bounded(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  limitBytes: number,
  tooMany: (receivedBytes: number) => Error,
): AsyncGenerator<Uint8Array, void> {
  let received = 0;
  for await (const chunk of chunks) {
    received += chunk.byteLength;
    if (received > limitBytes) {
      throw tooMany(received);
    }
    yield chunk;
  }
}

/** All of them in memory. */
export async function gathered(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) {
    parts.push(chunk);
  }
  return Buffer.concat(parts);
}
