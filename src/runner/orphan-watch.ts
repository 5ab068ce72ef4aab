/**
 * A thread beside a runner's main one: ends the process when its parent is no longer the one that started it. The main
 * thread may be inside a call of the device for many seconds and would not hear that the pipe was closed.
 */
import { workerData } from 'node:worker_threads';

const INTERVAL_MS = 1000;

setInterval(() => {
  if (process.ppid !== workerData) {
    process.kill(process.pid, 'SIGKILL');
  }
}, INTERVAL_MS);
