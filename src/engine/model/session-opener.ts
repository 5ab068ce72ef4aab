/**
 * Opens graphs on the device that an engine was made for; carried by everything that owns a session, so that device
 * and number type are chosen in one place.
 */
import type { BuildOptions, NumberType } from '../nets/index.ts';
import { serialize, type Graph } from '../onnx/index.ts';
import { Session, type Device } from '../ort/index.ts';

export type SessionOpener = {
  (graph: Graph): Promise<Session>;
  /** What graphs must be built for. */
  readonly build: BuildOptions & { readonly dtype: NumberType };
};

export type SessionOpenerOptions = {
  readonly device: Device;
  readonly numberType: NumberType;
  /** 'fast': sessions start at once and share the weights' memory; 'throughput': packed weights, a few per cent faster. */
  readonly startup: 'throughput' | 'fast';
  readonly threads: number | undefined;
};

export function sessionOpener({ device, numberType, startup, threads }: SessionOpenerOptions): SessionOpener {
  const open = (graph: Graph): Promise<Session> =>
    Session.create(serialize(graph), { device, startup, ...(threads !== undefined && { threads }) });
  // What starts at once has no time to transform kernels.
  const convolutions =
    device.kind === 'cpu' && numberType === 'f32' && startup === 'throughput' ? 'winograd' : 'direct';
  return Object.assign(open, { build: { provider: device.kind, dtype: numberType, convolutions } as const });
}
