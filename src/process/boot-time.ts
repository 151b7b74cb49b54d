import { readFileSync, statSync } from "node:fs";
import { uptime } from "node:os";

/**
 * When this machine booted (epoch ms), by the earliest of all claims, or null when one of them is missing: whoever
 * wants to call something older than the boot has to be right by each.
 */
export function bootedAt(claims: readonly (number | null)[] = readBootClaims()): number | null {
  let earliest: number | null = null;
  for (const claim of claims) {
    if (claim === null) return null;
    earliest = Math.min(earliest ?? claim, claim);
  }
  return earliest;
}

function readBootClaims(): (number | null)[] {
  if (process.platform !== "linux") return [Date.now() - uptime() * 1_000];
  // Linux derives btime from the clock of today: after a paused virtual machine (WSL included) or a late NTP step it
  // lies after processes that still run. A device node keeps the clock of the boot that made it.
  return [readKernelBootTime(), readDeviceNodeTime()];
}

function readKernelBootTime(): number | null {
  try {
    const seconds = /^btime (\d+)$/m.exec(readFileSync("/proc/stat", "utf8"))?.[1];
    return seconds === undefined ? null : Number(seconds) * 1_000;
  } catch {
    return null; // No /proc: no claim, hence no verdict.
  }
}

function readDeviceNodeTime(): number | null {
  try {
    return statSync("/dev/null").mtimeMs;
  } catch {
    return null; // As above.
  }
}
