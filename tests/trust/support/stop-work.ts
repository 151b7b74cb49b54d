import { readdirSync, readFileSync } from "node:fs";
import { isRunning, until } from "../../support/agent-processes.ts";
import { killed } from "../../support/run-home.ts";

/** Ends the workers of an Ouroboros home, whoever started them, and waits for that; their guards end the agents. */
export async function stopWork({ home }: { readonly home: string }): Promise<void> {
  const workers = readdirSync("/proc").filter((pid) => {
    return /^\d+$/.test(pid) && isIn(pid, "cmdline", "worker") && isIn(pid, "environ", `OUROBOROS_HOME=${home}`);
  });
  for (const pid of workers) killed(Number(pid));
  await until(() => !workers.map(Number).some(isRunning), "the workers are gone");
}

function isIn(pid: string, file: "cmdline" | "environ", entry: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8").split("\0").includes(entry);
  } catch {
    return false; // Gone meanwhile, or somebody else's.
  }
}
