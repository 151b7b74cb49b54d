import { readlinkSync } from "node:fs";
import { readCommandOutput } from "./command-output.ts";
import { readProcessStat } from "./process-stat.ts";

/** When a process started, in whatever unit its system never revises; only ever compared for equality. */
export function readStartTicks(pid: number): string | null {
  switch (process.platform) {
    case "linux":
      return isProcOurs() ? (readProcessStat(pid)?.startTicks ?? null) : null;
    case "darwin":
      return readCommandOutput("/bin/ps", ["-o", "lstart=", "-p", String(pid)])?.replace(/\s+/g, " ") ?? null;
    case "win32":
      return readCommandOutput("powershell.exe", [
        "-NoProfile",
        "-NonInteractive",
        "-Command",
        `(Get-Process -Id ${pid} -ErrorAction Stop).StartTime.ToFileTimeUtc()`,
      ]);
    default:
      return null;
  }
}

/** Whether `/proc` numbers processes as we do: a namespace without a mount of its own shows its parent's numbers. */
export function isProcOurs(): boolean {
  try {
    return readlinkSync("/proc/self") === String(process.pid);
  } catch {
    return false; // No /proc at all: nothing in it can be believed.
  }
}
