/** A span of time in which something may go on; it has to be extended again and again. */
interface Trust {
  /** Granted at `at` by the wall clock, for `ms`. */
  extend(ms: number, at: number): void;
  close(): void;
}

const LOOK_EVERY_MS = 250;

/**
 * Calls `onLapse` when the time granted is over by either clock, and `onReturn` when more is granted afterwards. The
 * monotonic clock stands still while a laptop sleeps, the wall clock can be set: each covers for the other.
 */
export function createTrust(onLapse: () => void, onReturn: () => void): Trust {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let until: { monotonic: number; wall: number } | undefined;
  let lapsed = false;
  let closed = false;
  return { extend, close };

  function extend(ms: number, at: number): void {
    until = { monotonic: performance.now() + ms, wall: Math.min(at, Date.now()) + ms };
    look();
  }

  function look(): void {
    clearTimeout(timer);
    if (until === undefined || closed) return;
    const left = Math.min(until.monotonic - performance.now(), until.wall - Date.now());
    const over = left <= 0;
    if (over !== lapsed) {
      lapsed = over;
      if (over) onLapse();
      else onReturn();
    }
    // Asked again sooner than needed: a timer knows nothing of the wall clock.
    if (!over) timer = setTimeout(look, Math.min(left, LOOK_EVERY_MS));
  }

  function close(): void {
    closed = true;
    clearTimeout(timer);
  }
}
