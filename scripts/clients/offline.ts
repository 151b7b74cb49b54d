import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { networkInterfaces } from "node:os";

/** A network that is loopback alone, and a room for processes that is empty again when the first of them has ended. */
const APART = ["-n", "-p", "--fork", "--mount-proc", "--kill-child", "sh", "-c", 'ip link set lo up && "$@"', "sh"];

/** Whether this process can reach nothing but its own machine. */
export function isOffline(): boolean {
  return Object.values(networkInterfaces()).every((addresses) => addresses?.every(({ internal }) => internal));
}

/** Whether programs can be set apart from the network here: on Linux, for root. */
export function canGoOffline(): boolean {
  return process.platform === "linux" && spawnSync("unshare", [...APART, "true"]).status === 0;
}

/** This very program once more, without a network; its exit code. Whatever ends this process ends everything in there. */
export async function againOffline(): Promise<number> {
  const child = spawn("unshare", [...APART, process.execPath, ...process.argv.slice(1)], { stdio: "inherit" });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => child.kill("SIGKILL"));
  const [code] = await once(child, "exit");
  return typeof code === "number" ? code : 130;
}
