/** How long a lease lives and how often it is renewed, in seconds. */
export interface LeaseTiming {
  readonly ttl: number;
  readonly renewEvery: number;
  /** Kept back from the life of a lease: agents stop this long before the store would hand it on. */
  readonly margin: number;
  /** A row at least this often, as upstream's clean-up takes an hour of silence for death. */
  readonly speakEvery: number;
}

const TTL_SECONDS = 30;

/** The timing of this process; `_OUROBOROS_LEASE_SECONDS` shortens all of it, so that tests need not wait for half a minute. */
export function leaseTiming(env: Readonly<Record<string, string | undefined>> = process.env): LeaseTiming {
  const asked = Number(env._OUROBOROS_LEASE_SECONDS);
  const ttl = asked > 0 && asked <= TTL_SECONDS ? asked : TTL_SECONDS;
  return { ttl, renewEvery: ttl / 3, margin: ttl / 6, speakEvery: ttl * 10 };
}
