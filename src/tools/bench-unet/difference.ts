/** How far a net in 8 bits is from the same one in fp32, over the same weights and inputs. */
import { serialize, type Graph } from '../../engine/onnx/index.ts';
import { type Feeds, Session } from '../../engine/ort/index.ts';

type Outputs = Awaited<ReturnType<Session['run']>>;

/** Relative L2 of `given`, what a call has given, from what `graph` gives in fp32. */
export async function distanceFromFp32(graph: Graph, feeds: Feeds, given: Outputs): Promise<number> {
  const session = await Session.create(serialize(graph), { startup: 'fast' });
  const exact = await session.run(feeds);
  await session.release();
  const [y, y32] = [given, exact].map(({ out_sample: output }) => output?.data ?? new Float32Array());
  return relativeL2(y ?? new Float32Array(), y32 ?? new Float32Array());
}

/** ‖a − b‖ / ‖b‖ */
export function relativeL2(a: Float32Array, b: Float32Array): number {
  const difference = a.reduce((sum, value, k) => sum + (value - (b[k] ?? Number.NaN)) ** 2, 0);
  return Math.sqrt(difference / b.reduce((sum, value) => sum + value ** 2, 0));
}
