import type { Limits } from "./runtime.ts";

/** Watches how long an agent is silent and how long it takes in all. */
export interface TimeLimits {
  /** It has been given its task. */
  begin(): void;
  /** It has said something. */
  heard(): void;
  /** It may go on without its worker for so long; what it stands still beyond that is not held against it. */
  trusted(ms: number): void;
  /** Nobody takes what it says, so its silence means nothing until they do. */
  hold(): void;
  release(): void;
  close(): void;
}

const LONGEST_PAUSE_MS = 60_000;
const SHORTEST_PAUSE_MS = 10;

/** Calls `onExpired` once, with the reason in words, when a limit is passed. Time in which the agent is suspended does not count. */
export function watchTimeLimits(limits: Limits, trustMs: number, onExpired: (why: string) => void): TimeLimits {
  let trustedUntil = performance.now() + trustMs;
  let suspended = 0;
  let began: number | undefined;
  let lastHeard: number | undefined;
  let held = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  return {
    begin: () => {
      began = active();
      check();
    },
    heard: () => {
      const isFirst = lastHeard === undefined;
      lastHeard = active();
      // From here on another limit holds; later on the timer finds out by itself.
      if (isFirst) check();
    },
    trusted: (ms) => {
      const now = performance.now();
      suspended += Math.max(0, now - trustedUntil);
      trustedUntil = now + ms;
    },
    hold: () => {
      held = true;
    },
    release: () => {
      held = false;
      lastHeard = active();
      check();
    },
    close: () => {
      clearTimeout(timer);
      began = undefined;
    },
  };

  /** Milliseconds in which the agent could do something. */
  function active(): number {
    return Math.min(performance.now(), trustedUntil) - suspended;
  }

  function check(): void {
    clearTimeout(timer);
    if (began === undefined) return;
    const now = active();
    const left = [{ ms: began + limits.totalMs - now, why: `it was not done after ${spelled(limits.totalMs)}` }];
    if (!held && lastHeard === undefined)
      left.push({
        ms: began + limits.firstOutputMs - now,
        why: `it said nothing for ${spelled(limits.firstOutputMs)}`,
      });
    if (!held && lastHeard !== undefined)
      left.push({ ms: lastHeard + limits.idleMs - now, why: `it fell silent for ${spelled(limits.idleMs)}` });
    const next = left.reduce((a, b) => (b.ms < a.ms ? b : a));
    if (next.ms <= 0) {
      began = undefined;
      onExpired(next.why);
    } else timer = setTimeout(check, Math.min(Math.max(next.ms, SHORTEST_PAUSE_MS), LONGEST_PAUSE_MS));
  }
}

function spelled(ms: number): string {
  return ms < 1000 ? `${ms} ms` : `${Math.round(ms / 100) / 10} s`;
}
