/** Ctrl-C and its kin, and a reader of the output that went away: reasons to stop early. */
export interface Interruption {
  /** From now on signals end the command in order instead of ending the process at once. */
  begin(): void;
  readonly signal: AbortSignal;
  /** Was it a signal, rather than a closed output? */
  readonly bySignal: boolean;
  /** Resolves when a command that was interrupted has had its time to close the store, or at a second signal. */
  readonly expired: Promise<void>;
}

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
const GRACE_MS = 2_000;

/** Watches for reasons to stop; `outputClosed` is one. */
export function createInterruption(outputClosed: AbortSignal): Interruption {
  const stop = new AbortController();
  const { promise: expired, resolve: expire } = Promise.withResolvers<void>();
  let bySignal = false;
  const onSignal = (): void => {
    if (bySignal) expire();
    bySignal = true;
    stop.abort();
    setTimeout(expire, GRACE_MS);
  };
  outputClosed.addEventListener("abort", () => stop.abort(), { once: true });
  return {
    signal: stop.signal,
    get bySignal() {
      return bySignal;
    },
    expired,
    begin() {
      for (const signal of SIGNALS) process.on(signal, onSignal);
    },
  };
}
