import { execFileSync } from "node:child_process";

const PATIENCE_MS = 3_000;
const LONGEST_BYTES = 64 * 2 ** 20;

/** The trimmed output of a small system command, or null when it failed, said nothing or took too long. */
export function readCommandOutput(command: string, args: readonly string[]): string | null {
  try {
    const output = execFileSync(command, args, {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
      timeout: PATIENCE_MS,
      killSignal: "SIGKILL",
      maxBuffer: LONGEST_BYTES,
      windowsHide: true,
      // One spelling of dates, whatever the user's language and time zone.
      env: { ...process.env, TZ: "UTC", LC_ALL: "C" },
    }).trim();
    return output === "" ? null : output;
  } catch {
    return null; // A fact that cannot be asked for is unknown, never a reason to fail.
  }
}
