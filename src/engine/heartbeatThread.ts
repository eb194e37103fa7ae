// The heartbeat of an engine process: a thread that writes a byte to the parent at every beat. The main thread cannot
// do that, because a forward pass blocks it.

import { writeSync } from 'node:fs';
import { BEAT_MS, HEARTBEAT_FD } from './heartbeat.js';

beat();
setInterval(beat, BEAT_MS);

function beat(): void {
  try {
    writeSync(HEARTBEAT_FD, '.');
  } catch (error) {
    // The pipe is full while the parent is paused. It is closed once the parent has ended. Then nobody waits for the
    // answers of this process, and its main thread may hang and not notice.
    if ((error as NodeJS.ErrnoException).code === 'EPIPE') process.kill(process.pid, 'SIGKILL');
  }
}
