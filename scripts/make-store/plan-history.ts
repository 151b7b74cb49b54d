import { HOUR, MINUTE } from "./clock.ts";
import { type Outcome, type SessionPlan, SMALLEST_SESSION } from "./ordinary-session.ts";
import type { Prng } from "./prng.ts";

const DAY = 24 * HOUR;

/** Runs that go on at the same time. */
const CONCURRENT = 3;

/** The ordinary pace of a run, in microseconds a row. */
const PACE = 4_000_000;

const OUTCOMES: readonly [Outcome, ...Outcome[]] = ["completed", "failed", "cancelled", "completed", "completed"];

/** Shares `events` rows among `sessions` finished sessions of uneven length, the last of them over ten minutes ago. */
export function planHistory(prng: Prng, sessions: number, events: number, now: number): SessionPlan[] {
  if (events < sessions * SMALLEST_SESSION || (sessions === 0 && events > 0)) {
    throw new RangeError(
      `Cannot share ${events} events among ${sessions} sessions: each takes ${SMALLEST_SESSION} or more`,
    );
  }
  const sizes = shares(prng, sessions, events);
  const groups = Math.ceil(sessions / CONCURRENT);
  const longest = Math.max(0, ...sizes) * PACE;
  const spacing = Math.max((30 * DAY) / Math.max(groups, 1), longest + HOUR);
  return sizes.map((rows, index) => {
    const group = Math.floor(index / CONCURRENT);
    const endedAt = Math.floor(now - 10 * MINUTE - (groups - 1 - group) * spacing - prng.fraction() * 5 * MINUTE);
    const startedAt = endedAt - rows * PACE - prng.between(0, 10_000_000);
    return {
      outcome: OUTCOMES[index % OUTCOMES.length] ?? OUTCOMES[0],
      rows,
      startedAt,
      endedAt,
      withJob: index % 2 === 0,
      withInterview: index % 3 === 0,
      withLineage: index % 7 === 0,
    };
  });
}

function shares(prng: Prng, sessions: number, events: number): number[] {
  const weights = Array.from({ length: sessions }, () => 0.3 + prng.fraction() * 1.7);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const free = events - sessions * SMALLEST_SESSION;
  const sizes = weights.map((weight) => SMALLEST_SESSION + Math.floor((free * weight) / total));
  const rest = events - sizes.reduce((sum, size) => sum + size, 0);
  return sizes.map((size, index) => (index < rest ? size + 1 : size));
}
