/** onnxruntime's public face: the only importer of onnxruntime-node. */
export { listProviders, requireDevice, type Device } from './device.ts';
export { DeviceMemory } from './device-memory.ts';
export { eightBitInstructions } from './processor.ts';
export { freeMemory, largestBuffer } from './free-memory.ts';
export { driverState } from './driver-state.ts';
export { Session } from './session.ts';
export { joinFeeds, type ByteTensor, type Feeds, type FloatTensor, type HalfTensor, type IdTensor } from './tensors.ts';
