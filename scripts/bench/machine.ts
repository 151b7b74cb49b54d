import { readFileSync } from "node:fs";
import { cpus, loadavg, platform, totalmem } from "node:os";

/** The machine in a line, without its name: enough to judge figures by, nothing that tells where it stands. */
export function describeMachine(): string {
  const processors = cpus();
  const model = processors[0]?.model.trim() || "unknown processor";
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB memory`;
  return `${processors.length} cores (${model}), ${memory}, ${systemName()} ${process.arch}, Bun ${Bun.version}`;
}

/** Programs that want a processor, on average of the last minute. */
export function loadNow(): number {
  return loadavg()[0] ?? 0;
}

/** A caution for figures that were taken beside other work; the bench itself keeps one processor busy, or two. */
export function cautionAt(...loads: readonly number[]): string {
  const worst = Math.max(...loads);
  if (worst <= cpus().length + 1) return "";
  return `\n**The machine was busy with other work (load ${worst.toFixed(1)}): milliseconds are worth little here, ratios somewhat more.**\n`;
}

function systemName(): string {
  try {
    return /^PRETTY_NAME="?([^"\n]+)/m.exec(readFileSync("/etc/os-release", "utf8"))?.[1] ?? platform();
  } catch {
    return platform(); // no such file outside Linux
  }
}
