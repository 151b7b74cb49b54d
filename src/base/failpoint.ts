/**
 * A place where tests end the process, to prove that dying exactly there loses nothing and does nothing twice.
 * `OUROBOROS_FAILPOINT=<name>` or `<name>#<n>` (the n-th time it is passed); `OUROBOROS_FAILPOINT_SIGNAL` for another
 * signal than SIGKILL. The build takes every call out: a release knows no failpoints. Each call is a line of its own,
 * with a literal name that stands once in the source.
 */
export function failpoint(name: string): void {
  const [armed, nth = "1"] = (process.env.OUROBOROS_FAILPOINT ?? "").split("#");
  if (armed !== name || ++passed !== Number(nth)) return;
  process.kill(process.pid, process.env.OUROBOROS_FAILPOINT_SIGNAL ?? "SIGKILL");
}

let passed = 0;
