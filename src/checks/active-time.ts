const LONGEST_PAUSE_MS = 60_000;
const SHORTEST_PAUSE_MS = 10;

/** Calls `onOver` once the time is used up; time in which a guard holds what is timed still does not count. */
export function watchActiveTime(timeoutMs: number, trustMs: number, onOver: () => void) {
  let trustedUntil = performance.now() + trustMs;
  let suspended = 0;
  let began: number | undefined;
  let over = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  return { begin, trusted, isOver: () => over, passed, close: () => clearTimeout(timer) };

  function begin(): void {
    began = active();
    check();
  }

  function trusted(ms: number): void {
    const now = performance.now();
    suspended += Math.max(0, now - trustedUntil);
    trustedUntil = now + ms;
  }

  function passed(): number {
    return Math.round(active() - (began ?? active()));
  }

  function active(): number {
    return Math.min(performance.now(), trustedUntil) - suspended;
  }

  function check(): void {
    const left = timeoutMs - (active() - (began ?? 0));
    over = left <= 0;
    if (over) onOver();
    else timer = setTimeout(check, Math.min(Math.max(left, SHORTEST_PAUSE_MS), LONGEST_PAUSE_MS));
  }
}
