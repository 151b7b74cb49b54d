import type { Phase } from "../../src/startup/gate.ts";
import { StartUp, type StartUpOptions } from "../../src/startup/start-up.ts";

/** Below the test runner's own limit, so that it is said what was waited for. */
const DEADLINE_MS = 4_500;

/** A start-up whose every phase is noted, to wait for instead of guessing when it will be there. */
export interface WatchedStartUp extends AsyncDisposable {
  readonly startUp: StartUp;
  readonly phases: readonly Phase[];
  /** Resolves the next time (or, if it was there already, at once) the phase is entered. */
  reached(phase: Phase): Promise<void>;
  /** Runs the work at the moment a phase is entered, before anything else of the start-up goes on. */
  onPhase(phase: Phase, work: () => void): void;
}

/** A start-up that is not begun yet; disposing of it stops it. */
export function watchStartUp(options: StartUpOptions): WatchedStartUp {
  const startUp = new StartUp(options);
  const { gate } = startUp;
  const phases: Phase[] = [];
  const listeners = new Set<(phase: Phase) => void>();
  const enter = gate.enter.bind(gate);
  gate.enter = (phase, trouble) => {
    enter(phase, trouble);
    phases.push(phase);
    for (const listener of [...listeners]) listener(phase);
  };
  return {
    startUp,
    phases,
    reached(phase) {
      if (phases.includes(phase)) return Promise.resolve();
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const timer = setTimeout(() => reject(new Error(`Never reached ${phase}: ${phases.join(", ")}`)), DEADLINE_MS);
      const listen = (entered: Phase) => {
        if (entered === phase) resolve();
      };
      listeners.add(listen);
      return promise.finally(() => {
        clearTimeout(timer);
        listeners.delete(listen);
      });
    },
    onPhase(phase, work) {
      listeners.add((entered) => {
        if (entered === phase) work();
      });
    },
    [Symbol.asyncDispose]: () => startUp.stop(),
  };
}

/** Resolves once a condition holds; rejects with what was found when it does not within the deadline. */
export async function until<T>(look: () => T | Promise<T>, holds: (found: T) => boolean, ms = DEADLINE_MS): Promise<T> {
  const deadline = performance.now() + ms;
  for (;;) {
    const found = await look();
    if (holds(found)) return found;
    if (performance.now() > deadline) throw new Error(`Still ${JSON.stringify(found)} after ${ms} ms`);
    await new Promise((resolve) => setTimeout(resolve, 5)); // the pause between two looks, not what is waited for
  }
}
