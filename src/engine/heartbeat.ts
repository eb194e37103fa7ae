// Counts the beats of an engine process that do not arrive. Time is counted in ticks of the parent's own timer: a parent
// that was paused, or got no processor time, has ticked less as well, and does not take that for a hang of the engine.

/** Milliseconds between two beats, and between two ticks. */
export const BEAT_MS = 250;
/** The file descriptor of the pipe for beats, in the engine process. */
export const HEARTBEAT_FD = 4;
/** The number of ticks without a beat after which a process is taken to be hung. */
const MAX_MISSED = 20;
/** The same for the first beat, which comes when Node and ONNX Runtime have been read from the disk. */
const MAX_MISSED_AT_START = 240;

/** The number of ticks without a beat up to which a process is surely up. */
const MAX_MISSED_STEADY = 4;

export class Heartbeat {
  #missed = 0;
  #maxMissed = MAX_MISSED_AT_START;

  /** Records a beat, or another sign of life. */
  beat(): void {
    this.#missed = 0;
    this.#maxMissed = MAX_MISSED;
  }

  /** Whether beats arrive, or have been missing for less than a second. */
  get isSteady(): boolean {
    return this.#missed < MAX_MISSED_STEADY;
  }

  /** Counts a tick. Returns what is wrong once too many have passed without a beat. */
  tick(): string | undefined {
    if (++this.#missed < this.#maxMissed) return undefined;
    return `hung: no heartbeat for ${(this.#maxMissed * BEAT_MS) / 1000} s`;
  }
}
