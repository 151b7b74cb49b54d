const GAP_MS = 5_000;
const GRACE_MS = 30_000;

/**
 * Notices that the machine slept or that its clock was set: wall time and monotonic time then disagree about how long
 * the last round took. For one lease time after that, silence proves nothing.
 */
export class SleepWatch {
  readonly #wall: () => number;
  readonly #monotonic: () => number;
  #lastWall: number;
  #lastMonotonic: number;
  #quietUntil = 0;

  constructor(wall: () => number = Date.now, monotonic: () => number = () => performance.now()) {
    this.#wall = wall;
    this.#monotonic = monotonic;
    this.#lastWall = wall();
    this.#lastMonotonic = monotonic();
  }

  /** Call once a round: true from the round that notices a gap until the grace time is over. */
  isGracePeriod(): boolean {
    const wall = this.#wall();
    const monotonic = this.#monotonic();
    const gap = Math.abs(wall - this.#lastWall - (monotonic - this.#lastMonotonic));
    this.#lastWall = wall;
    this.#lastMonotonic = monotonic;
    if (gap > GAP_MS) this.#quietUntil = monotonic + GRACE_MS;
    return monotonic < this.#quietUntil;
  }
}
