import { readdirSync, readFileSync } from "node:fs";
import { kill } from "../../support/agent-processes.ts";

/** Ends the workers of an Ouroboros home, whoever started them; their guards end the agents. */
export function stopWork({ home }: { readonly home: string }): void {
  const workers = readdirSync("/proc").filter((pid) => {
    return /^\d+$/.test(pid) && isIn(pid, "cmdline", "worker") && isIn(pid, "environ", `OUROBOROS_HOME=${home}`);
  });
  kill(...workers.map(Number));
}

function isIn(pid: string, file: "cmdline" | "environ", entry: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8").split("\0").includes(entry);
  } catch {
    return false; // Gone meanwhile, or somebody else's.
  }
}
