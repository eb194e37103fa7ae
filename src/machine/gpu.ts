// Whether the machine has a GPU that the CUDA provider may use.

import { existsSync } from 'node:fs';

/** Whether the driver of NVIDIA is loaded, as it is also in a container that was given a GPU. Linux alone. */
export function hasNvidiaDriver(): boolean {
  return existsSync('/dev/nvidiactl') || existsSync('/proc/driver/nvidia/version');
}
