/**
 * The names in Redis, and how long what lies under them is kept. One `prefix` is one fleet: bots and runners that
 * share it share their work.
 */
import type { EightBitSkill } from '../../core/eight-bits.ts';

export const DEFAULT_PREFIX = 'fourstep';
export const QUEUE_NAME = 'work';
/** Of works in 8 bits: only machines that draw them listen to it. */
export const EIGHT_BIT_QUEUE = 'work-int8';

/** An answer that nobody fetches is dropped after so long. */
export const KEPT_S = 3600;
/** Files that requests name (start pictures, LoRAs) stay longer: the next request names them again. */
export const FILE_KEPT_S = 86_400;
/** A runner not heard of for so long does not count. */
export const PRESENCE_S = 10;

/** A stream: the events of one work, in order, with its end. */
export const outKey = (prefix: string, workId: string) => `${prefix}:out:${workId}`;
/** A channel: something new is in the stream. */
export const wakeChannel = (prefix: string, workId: string) => `${prefix}:wake:${workId}`;
/** Set for a work that is no longer wanted, also when no runner has it yet. */
export const cancelKey = (prefix: string, workId: string) => `${prefix}:cancel:${workId}`;
/** A channel: ids of works no longer wanted. */
export const cancelChannel = (prefix: string) => `${prefix}:cancel`;
export const fileKey = (prefix: string, sha256: string) => `${prefix}:file:${sha256}`;
/** A set of runners' names; each has a key of its own that fades. */
export const runnersKey = (prefix: string) => `${prefix}:runners`;
/** Holds what the runner can do. */
export const runnerKey = (prefix: string, name: string) => `${prefix}:runner:${name}`;
export const SKILLS: Readonly<Record<EightBitSkill, string>> = { none: '1', prefers: '1 int8', draws: '1 int8 fp16' };
/** BullMQ refuses colons and bare numbers. */
export const jobIdOf = (workId: string) => `w-${encodeURIComponent(workId)}`;
