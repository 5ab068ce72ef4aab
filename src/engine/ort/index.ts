/** onnxruntime's public face: the only importer of onnxruntime-node. */
export { listProviders, requireDevice, type Device } from './device.ts';
export { driverState } from './driver-state.ts';
export { Session, type FloatTensor, type Feeds, type IdTensor } from './session.ts';
